package local

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// customiser is a door that lets an API say in other words what it answers
// itself.
type customiser interface {
	// customise changes an answer whose refused is not nil.
	customise(x *exchange, a *answer)
}

// gatewayResponses are those of a REST API.
type gatewayResponses struct {
	api    string
	byType map[string]*tier.GatewayResponse
}

func gatewayResponsesOf(api *tier.API) gatewayResponses {
	all := gatewayResponses{api.Name(), map[string]*tier.GatewayResponse{}}
	for _, g := range api.GatewayResponses() {
		all.byType[g.Type] = &g
	}
	return all
}

// customise makes of an error what the API declares for its type, or else for
// the class of its status; not both.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html.
func (all gatewayResponses) customise(x *exchange, a *answer) {
	name := responseType(x, a.refused)
	g := all.byType[name]
	exact := g != nil
	if class := classOf(a.status); g == nil && name != "UNAUTHORIZED" && name != notCustomised {
		name = cmp.Or(name, class)
		g = all.byType[class]
	}
	if g == nil {
		return
	}
	x.note("gateway response", "%s, as %s declares it", name, g.Type)
	words := &errorWords{exchange: x, responseType: name, api: all.api, body: a.body}
	switch {
	case g.Status != 0:
		a.status = g.Status
	case exact && tier.DefaultStatus(name) != 0:
		a.status = tier.DefaultStatus(name)
	}
	if g.Body != "" {
		a.body = []byte(tier.ReplaceVariables(g.Body, words.value))
	}
	for name, value := range g.Header {
		if canonical := http.CanonicalHeaderKey(name); canonical == "Content-Type" {
			name = canonical
		}
		a.header[name] = []string{headerText(tier.ReplaceVariables(value, words.value))}
	}
}

// headerText is a value as it can be sent: what a variable brought in cannot
// start another line.
func headerText(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

func classOf(status int) string {
	if status >= http.StatusInternalServerError {
		return "DEFAULT_5XX"
	}
	return "DEFAULT_4XX"
}

// notCustomised is the type of errors that no gateway response is about.
const notCustomised = "-"

// typesOfErrors tell the type of gateway response by x-amzn-ErrorType.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
var typesOfErrors = map[string]string{
	"AccessDeniedException":               "ACCESS_DENIED",
	"AuthorizerConfigurationException":    "AUTHORIZER_CONFIGURATION_ERROR",
	"ExpiredTokenException":               "EXPIRED_TOKEN",
	"IncompleteSignatureException":        "INVALID_SIGNATURE",
	"InvalidSignatureException":           "INVALID_SIGNATURE",
	"LimitExceededException":              "QUOTA_EXCEEDED",
	"MissingAuthenticationTokenException": "MISSING_AUTHENTICATION_TOKEN",
	"TooManyRequestsException":            "THROTTLED",
	"UnauthorizedException":               "UNAUTHORIZED",
}

// responseType is the type of gateway response of an error, "" for one that only
// the defaults of its class are about. That a malformed answer of a function is
// an INTEGRATION_FAILURE is not documented.
func responseType(x *exchange, r *refusal) string {
	switch r.errorType {
	case "ForbiddenException":
		if x.match.method == nil {
			return notCustomised // no API was found whose responses could count
		}
		return "INVALID_API_KEY"
	case "InternalServerErrorException":
		switch {
		case errors.Is(x.err, errEncoding):
			return "API_CONFIGURATION_ERROR"
		case r.status == http.StatusGatewayTimeout:
			return "INTEGRATION_TIMEOUT"
		}
		return "INTEGRATION_FAILURE"
	case "BadRequestException":
		switch {
		case r.status == http.StatusRequestEntityTooLarge:
			return "REQUEST_TOO_LARGE"
		case r.status == http.StatusUnsupportedMediaType:
			return "UNSUPPORTED_MEDIA_TYPE"
		case strings.Contains(r.body, "Invalid request body"):
			return "BAD_REQUEST_BODY"
		case strings.Contains(r.body, "Missing required request parameters"):
			return "BAD_REQUEST_PARAMETERS"
		}
	}
	return typesOfErrors[r.errorType]
}
