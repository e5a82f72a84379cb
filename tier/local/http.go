package local

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// HTTP is an API Gateway HTTP API with Lambda proxy integrations of payload
// format 2.0. It has no mock integrations, so a path and a method that no route
// has are both answered 404 {"message":"Not Found"}.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html.
type HTTP struct {
	// Stage of the API. Default "$default", which has no segment in URLs. The
	// URLs of another start with its name, and so do the paths in its events:
	// with the stage "dev", GET /dev/orders/7 reaches GET /orders/{id}. Letters,
	// digits, '-' and '_', at most 128.
	Stage string
}

var _ Door = HTTP{}

// String is "HTTP API".
func (HTTP) String() string { return "HTTP API" }

const (
	defaultStage = "$default"
	// httpTimeout is the most that an HTTP API waits.
	// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
	httpTimeout = 30 * time.Second
	// strictSlash: a path with a slash at its end is not the path without it.
	// It is so by experience and not documented.
	strictSlash = true
)

func (c HTTP) open(api *tier.API, functions map[string]*Function, o *Options) (opened, error) {
	if c.Stage == "" {
		c.Stage = defaultStage
	}
	if c.Stage != defaultStage && !validStage(c.Stage) {
		return opened{}, badStage(c.Stage)
	}
	if err := api.Expressible(tier.HTTP); err != nil {
		return opened{}, err
	}
	wait, err := waitOf(c, o.Timeout, httpTimeout, httpTimeout)
	if err != nil {
		return opened{}, err
	}
	d := &httpDoor{
		router: newRouter(api.Resources(), functions, false),
		events: newPayload2(accountID, nameID(10, "api "+api.Name()), c.Stage),
		answers: reader2{contentType: "text/plain; charset=utf-8", own: func(canonical string) bool {
			return canonical == "Apigw-Requestid"
		}},
		stage: c.Stage, cors: api.DeclaredCORS(),
	}
	if err := d.router.guard(&gating{api, c.Stage, o}); err != nil {
		return opened{}, err
	}
	return opened{d, wait, func(ids *identifiers) string { return ids.extended }}, nil
}

type httpDoor struct {
	router  *router
	events  payload2
	answers reader2
	stage   string
	cors    *handler.CORS
}

// The limits of an HTTP API. What is said when one is exceeded is not
// documented, nor whether an event over Lambda's limit is told apart.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
var (
	httpHead  = limit{"request line and headers", 10_240, httpRefusal(http.StatusRequestHeaderFieldsTooLarge, "Request Header Fields Too Large"), httpQuotas}
	httpBody  = limit{"request body", 10_485_760, httpTooLarge, httpQuotas}
	httpEvent = limit{"event", maxEvent, httpTooLarge, lambdaLimits}
)

const httpQuotas = "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html"

// What an HTTP API answers itself. The status of a timeout is 503 by experience;
// one page of AWS says 504 for all kinds of API.
var (
	httpNotFound   = httpRefusal(http.StatusNotFound, "Not Found")
	httpFailed     = httpRefusal(http.StatusInternalServerError, "Internal Server Error")
	httpBusy       = httpRefusal(http.StatusServiceUnavailable, "Service Unavailable")
	httpTooLarge   = httpRefusal(http.StatusRequestEntityTooLarge, "Request Entity Too Large")
	httpBadRequest = httpRefusal(http.StatusBadRequest, "Bad Request")
)

func httpRefusal(status int, message string) refusal {
	return refusal{status: status, contentType: jsonType, body: `{"message":"` + message + `"}`}
}

func (d *httpDoor) read(x *exchange) *refusal {
	if x.headSize() > httpHead.max {
		return httpHead.refuse(x)
	}
	return x.readBody(&httpBody, &httpBadRequest)
}

// route goes by the decoded path, in which an encoded slash is a slash: first
// the routes that fit all of it, then those that end in {path+}.
func (d *httpDoor) route(x *exchange) *answer {
	if a := preflight2(d.cors, x); a != nil {
		return a
	}
	path, ok := d.inStage(decodedPath(x.path))
	if !ok {
		x.note("router", "the path is not below the stage: it must start with /%s/", d.stage)
		return httpNotFound.answer(x.id)
	}
	found := d.find(&x.match, x.method, path)
	x.routed(d.router, path, found)
	if !found {
		return httpNotFound.answer(x.id)
	}
	if a := x.match.method.pass(x); a != nil {
		return a
	}
	x.function = x.match.method.function
	return nil
}

func (d *httpDoor) find(m *match, method, path string) bool {
	trimmed := path
	if path != "/" {
		trimmed = strings.TrimSuffix(path, "/")
	}
	if (trimmed == path || !strictSlash) && d.router.search(m, method, trimmed, withoutTails) {
		return true
	}
	return d.router.search(m, method, path, tailsOnly)
}

// inStage is the path below the stage, and whether it is there.
func (d *httpDoor) inStage(path string) (string, bool) {
	if d.stage == defaultStage {
		return path, true
	}
	rest, ok := strings.CutPrefix(path, "/"+d.stage)
	switch {
	case !ok, rest != "" && rest[0] != '/':
		return "", false
	case rest == "":
		return "/", true
	}
	return rest, true
}

// decodedPath is what an HTTP API makes of a path: it is decoded, and what
// follows a "?" that was encoded is lost.
func decodedPath(path string) string {
	path, _, _ = strings.Cut(unescapePath(path), "?")
	return path
}

func (d *httpDoor) event(x *exchange) ([]byte, *refusal) {
	var buf [32]field
	path := decodedPath(x.path)
	return x.within(d.events.build(x, &parts2{
		routeKey: x.match.method.key, rawPath: path, path: path, domain: hostName(x.Host),
		headers: x.withLength(x.lowerFields(buf[:0], notByHTTP)), parameters: true,
	}), &httpEvent)
}

// notByHTTP reports whether a request header does not reach the function: the
// connection's, and the cookies, which are a member of their own.
func notByHTTP(name string) bool {
	return name == "cookie" || name == "expect" || hopByHop(http.CanonicalHeaderKey(name))
}

func (d *httpDoor) answer(_ *exchange, output []byte) (*answer, error) {
	return d.answers.answer(output)
}

func (d *httpDoor) failed(err error) *refusal {
	if errors.Is(err, errGatewayTimeout) || errors.Is(err, ErrThrottled) {
		return &httpBusy
	}
	return &httpFailed
}

func (d *httpDoor) sign(h http.Header, x *exchange, a *answer) {
	h["Apigw-Requestid"] = []string{x.id}
	if d.cors != nil && !a.invoked {
		allow(h, d.cors, x)
	}
}
