package local

import (
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// refusal is an answer that the gateway gives itself: a gateway response or a
// mock. "$context.requestId" in its body stands for the request's id.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
type refusal struct {
	status      int
	contentType string
	body        string
	errorType   string // x-amzn-ErrorType; "" for an answer that is not an error of the gateway
}

// Integration-stage bodies have a space after the colon, routing-stage ones
// have none, as AWS writes them.
var (
	// notFound is MISSING_AUTHENTICATION_TOKEN as our template customises it.
	notFound = refusal{http.StatusNotFound, handler.ProblemType, tier.NotFoundBody, "MissingAuthenticationTokenException"}
	// methodNotAllowed is the mock integration of tier.Resource.Refused.
	methodNotAllowed = refusal{http.StatusMethodNotAllowed, handler.ProblemType, tier.MethodNotAllowedBody, ""}

	functionFailed = refusal{http.StatusBadGateway, jsonType, `{"message": "Internal server error"}`, "InternalServerErrorException"}
	notInvoked     = refusal{http.StatusInternalServerError, jsonType, `{"message": "Internal server error"}`, "InternalServerErrorException"}
	timedOut       = refusal{http.StatusGatewayTimeout, jsonType, `{"message": "Endpoint request timed out"}`, "InternalServerErrorException"}
	requestTooLong = refusal{http.StatusRequestEntityTooLarge, jsonType, `{"message": "Request Too Long"}`, "BadRequestException"}
	// bodyTooLarge comes from what stands before the gateway: it is no JSON and
	// has no error type, and no gateway response customises it. The content
	// type is what AWS sends.
	bodyTooLarge = refusal{http.StatusRequestEntityTooLarge, "text; charset=utf-8", "HTTP content length exceeded 10485760 bytes.", ""}
)

// The answers to requests that break the limits of the URL and the headers are
// not documented; what AWS says may differ in status and text.
var (
	headersTooLarge = refusal{http.StatusRequestHeaderFieldsTooLarge, jsonType, `{"message":"Request Header Fields Too Large"}`, "BadRequestException"}
	urlTooLong      = refusal{http.StatusRequestURITooLong, jsonType, `{"message":"Request-URI Too Long"}`, "RequestEntityTooLargeException"}
	badRequest      = refusal{http.StatusBadRequest, jsonType, `{"message":"Bad Request"}`, "BadRequestException"}
)

const jsonType = "application/json"

// answer is the refusal of the request of that id.
func (r *refusal) answer(requestID string) *answer {
	body := r.body
	if strings.Contains(body, "$context.requestId") {
		body = strings.ReplaceAll(body, "$context.requestId", requestID)
	}
	a := &answer{status: r.status, header: http.Header{"Content-Type": {r.contentType}}, body: []byte(body)}
	if r.errorType != "" {
		a.header["x-amzn-ErrorType"] = []string{r.errorType}
	}
	return a
}
