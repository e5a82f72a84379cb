package local

import (
	"errors"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// URL is a Lambda function URL. Its auth type is that of [tier.URL]; of a function
// without one AWS_IAM if its routes have tier.IAM, and NONE if they have no
// authorizer. It does not route: every request goes to one function, whose own mux answers 404
// and 405. A function of which a path is not a route says so in a problem
// document, even if another function of the API has it.
// See https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html.
type URL struct {
	// Function is the name of the function. Default: the default function of
	// the API, or the only one that has routes.
	Function string
	// Stream is the invoke mode RESPONSE_STREAM: answers reach the client as the
	// function makes them. One that does not stream reaches it as the JSON that
	// is meant for Lambda. Default BUFFERED.
	// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html.
	Stream bool
}

var _ Door = URL{}

// String is "function URL".
func (URL) String() string { return "function URL" }

func (c URL) open(api *tier.API, functions map[string]*Function, o *Options) (opened, error) {
	if err := noTimeout(c, o.Timeout); err != nil {
		return opened{}, err
	}
	f, err := oneFunction(c, api, functions, c.Function)
	if err != nil {
		return opened{}, err
	}
	declared := declaredAs(api, functions, f)
	if declared.URL() == nil { // one that was declared goes past what the API has
		if err := api.NeedsGateway(); err != nil {
			return opened{}, err
		}
	}
	guard, err := newURLGate(declared, o)
	if err != nil {
		return opened{}, err
	}
	account := "anonymous"
	if guard != nil {
		account = accountID
	}
	id := nameID(16, "url "+f.Name)
	d := &urlDoor{
		function: f,
		guard:    guard,
		stream:   c.Stream,
		events:   newPayload2(account, id),
		domain:   id + ".lambda-url.local.on.aws",
		answers: reader2{contentType: jsonType, rewrites: true, own: func(canonical string) bool {
			return canonical == "X-Amzn-Requestid" || canonical == "X-Amzn-Trace-Id"
		}},
	}
	return opened{d, noWait, func(ids *identifiers) string { return ids.invocation }}, nil
}

// quotedDefault is the stage of function URLs as JSON.
var quotedDefault = []byte(`"` + tier.RootStage + `"`)

type urlDoor struct {
	function *Function
	guard    *iamGate // nil for auth type NONE
	stream   bool
	events   payload2
	answers  reader2
	domain   string
}

// The limits of a function URL are those of an invocation.
var (
	urlBody  = limit{"request body", maxEvent, urlTooLarge, lambdaLimits}
	urlEvent = limit{"event", maxEvent, urlTooLarge, lambdaLimits}
)

// What Lambda answers itself. All but urlFailed and urlForbidden is not
// documented in its words.
var (
	urlFailed    = refusal{http.StatusBadGateway, "text/plain", "Internal Server Error", ""}
	urlForbidden = refusal{http.StatusForbidden, jsonType, `{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: ` +
		`https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}`, "AccessDeniedException"}
	urlThrottled  = refusal{http.StatusTooManyRequests, jsonType, `{"Message":"Rate Exceeded."}`, "TooManyRequestsException"}
	urlTooLarge   = refusal{http.StatusRequestEntityTooLarge, jsonType, `{"Message":"Request Entity Too Large"}`, "RequestEntityTooLargeException"}
	urlBadRequest = refusal{http.StatusBadRequest, jsonType, `{"Message":"Bad Request"}`, "BadRequestException"}
)

func (d *urlDoor) read(x *exchange) *refusal {
	return x.readBody(&urlBody, &urlBadRequest)
}

func (d *urlDoor) route(x *exchange) *answer {
	if d.guard != nil {
		if a := d.guard.pass(x); a != nil {
			return a
		}
	}
	x.function = d.function
	x.unrouted(URL{})
	return nil
}

// The TLS of the connection, which the local server does not have.
const (
	tlsVersion = "TLSv1.3"
	tlsCipher  = "TLS_AES_128_GCM_SHA256"
)

func (d *urlDoor) event(x *exchange) ([]byte, *refusal) {
	var buf [32]field
	headers := append(buf[:0],
		field{"x-amzn-tls-cipher-suite", []string{tlsCipher}},
		field{"x-amzn-tls-version", []string{tlsVersion}},
	)
	headers = x.lowerFields(headers, notByURL)
	if len(x.body) > 0 {
		headers = x.withLength(headers)
	}
	if i, found := find(headers, "cookie"); found {
		headers[i].values = []string{strings.Join(headers[i].values, "; ")}
	}
	return x.within(d.events.build(x, &parts2{
		routeKey: tier.RootStage, rawPath: x.path, path: unescapePath(x.path), domain: d.domain, stage: quotedDefault, headers: headers,
	}), &urlEvent)
}

// notByURL reports whether a request header does not reach the function: the
// connection's, and those that the front door writes.
func notByURL(name string) bool {
	switch name {
	case "content-length":
		return false
	case "expect", "x-amzn-tls-version", "x-amzn-tls-cipher-suite":
		return true
	}
	return hopByHop(http.CanonicalHeaderKey(name))
}

func (d *urlDoor) answer(_ *exchange, output []byte) (*answer, error) {
	return d.answers.answer(output)
}

func (d *urlDoor) failed(err error) *refusal {
	switch {
	case errors.Is(err, ErrThrottled):
		return &urlThrottled
	case errors.Is(err, ErrNotInvoked):
		return &urlForbidden
	}
	return &urlFailed
}

// sign gives the client the request id of the function's log.
func (d *urlDoor) sign(h http.Header, x *exchange, _ *answer) {
	h["x-amzn-RequestId"] = []string{x.id}
	h["X-Amzn-Trace-Id"] = []string{x.ids.trace}
}
