package local

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// lambdaCall is one request of the operation Invoke.
type lambdaCall struct {
	*http.Request
	ids      identifiers
	started  time.Time
	kind     invocationType
	function *Function
}

// invocationType is what X-Amz-Invocation-Type says.
type invocationType string

const (
	invokeSync   invocationType = "RequestResponse"
	invokeEvent  invocationType = "Event"
	invokeDryRun invocationType = "DryRun"
)

// What a payload may have in bytes. An event could have 256 KB until 2025.
// See https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html.
const (
	maxSyncPayload  = maxEvent
	maxAsyncPayload = 1 << 20
	// maxClientContext is the most of X-Amz-Client-Context, in base64.
	maxClientContext = 3583
)

// emptyPayload is what a function gets if there is no payload. It is so by
// experience and not documented.
const emptyPayload = "{}"

const latestVersion = "$LATEST"

// answer is the way of a call: who calls, which function, which type, the
// payload, the invocation.
func (l *Lambda) answer(c *lambdaCall) *lambdaAnswer {
	if why := notLocal(c.Request); why != "" {
		return lambdaRefusal(http.StatusForbidden, "AccessDeniedException", "%s", why)
	}
	name, ok := functionPath(c.Request)
	if !ok {
		return lambdaRefusal(http.StatusNotFound, "UnknownOperationException",
			"only the operation Invoke is served here: POST /2015-03-31/functions/NAME/invocations")
	}
	if refused := l.choose(c, name); refused != nil {
		return refused
	}
	if refused := c.readHeader(); refused != nil {
		return refused
	}
	if refused := c.readTenant(); refused != nil {
		return refused
	}
	payload, refused := c.readPayload()
	if refused != nil {
		return refused
	}
	switch c.kind {
	case invokeDryRun:
		return &lambdaAnswer{status: http.StatusNoContent}
	case invokeEvent:
		if !l.events.put(c, payload) {
			return lambdaRefusal(http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
		}
		return &lambdaAnswer{status: http.StatusAccepted}
	}
	return l.run(c, payload)
}

// notLocal is why a request is not from a program of this machine: web pages can
// send requests to any port of it.
func notLocal(r *http.Request) string {
	if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" {
		return "the local Lambda serves programs and no web pages"
	}
	host := hostName(r.Host)
	if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
		return ""
	}
	return "the local Lambda is called by an address of loopback or as localhost"
}

// functionPath is the name in the path of an Invoke.
func functionPath(r *http.Request) (string, bool) {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/2015-03-31/functions/")
	name, found := strings.CutSuffix(strings.TrimSuffix(rest, "/"), "/invocations")
	if !ok || !found || r.Method != http.MethodPost {
		return "", false
	}
	name, err := url.PathUnescape(name)
	return name, err == nil && name != "" && !strings.Contains(name, "/")
}

// choose finds the function that a name or an ARN and the qualifier mean.
func (l *Lambda) choose(c *lambdaCall, name string) *lambdaAnswer {
	parts := strings.Split(name, ":")
	if i := slices.Index(parts, "function"); i > 0 { // arn:aws:lambda:REGION:ACCOUNT:function:NAME, or from the account on
		parts = parts[i+1:]
	}
	if len(parts) == 0 || len(parts) > 2 || len(name) > 170 {
		return lambdaRefusal(http.StatusBadRequest, "InvalidParameterValueException", "functionName %.200q is not a name, a partial ARN or an ARN of a function", name)
	}
	qualifier := c.URL.Query().Get("Qualifier")
	if len(parts) == 2 {
		if qualifier != "" && qualifier != parts[1] {
			return lambdaRefusal(http.StatusBadRequest, "InvalidParameterValueException",
				"The derived qualifier from the function name does not match the specified qualifier.")
		}
		qualifier = parts[1]
	}
	arn := functionARN(parts[0])
	if qualifier != "" {
		arn += ":" + qualifier
	}
	known := qualifier == "" || qualifier == latestVersion || qualifier == tier.LiveAlias && l.live[parts[0]]
	if c.function = l.functions[parts[0]]; c.function == nil || !known {
		c.function = nil
		return lambdaRefusal(http.StatusNotFound, "ResourceNotFoundException", "Function not found: %s", arn)
	}
	return nil
}

// readHeader reads the invocation type and the client context.
func (c *lambdaCall) readHeader() *lambdaAnswer {
	c.kind = invocationType(c.Header.Get("X-Amz-Invocation-Type"))
	switch c.kind {
	case "":
		c.kind = invokeSync
	case invokeSync, invokeEvent, invokeDryRun:
	default:
		return lambdaRefusal(http.StatusBadRequest, "InvalidParameterValueException",
			"invocationType %.40q: write RequestResponse, Event or DryRun", string(c.kind))
	}
	text := c.Header.Get("X-Amz-Client-Context")
	if text == "" {
		return nil
	}
	bad := lambdaRefusal(http.StatusBadRequest, "InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object of at most %d bytes.", maxClientContext)
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(text) > maxClientContext {
		return bad
	}
	c.ids.client = &lambdacontext.ClientContext{}
	if json.Unmarshal(decoded, c.ids.client) != nil {
		return bad
	}
	return nil
}

// readPayload reads and checks the payload.
func (c *lambdaCall) readPayload() ([]byte, *lambdaAnswer) {
	most := maxSyncPayload
	if c.kind == invokeEvent {
		most = maxAsyncPayload
	}
	payload, err := readBody(c.Request, most)
	switch {
	case err != nil:
		return nil, lambdaRefusal(http.StatusBadRequest, "InvalidRequestContentException", "Could not read the request body.")
	case len(payload) > most:
		size := max(c.ContentLength, int64(len(payload)))
		return nil, lambdaRefusal(http.StatusRequestEntityTooLarge, "RequestTooLargeException",
			"%d byte payload is too large for the %s invocation type (limit %d bytes)", size, c.kind, most)
	case len(payload) == 0:
		return []byte(emptyPayload), nil
	case !json.Valid(payload):
		return nil, lambdaRefusal(http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json.")
	}
	return payload, nil
}
