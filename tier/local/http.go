package local

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// HTTP is an API Gateway HTTP API with Lambda proxy integrations of the payload
// format that the API declares. It has no mock integrations, so a path and a method that no route
// has are both answered 404 {"message":"Not Found"}.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html.
type HTTP struct {
	// Stage of the API. Default "$default", which has no segment in URLs. The
	// URLs of another start with its name, and so do the paths in its events:
	// with the stage "dev", GET /dev/orders/7 reaches GET /orders/{id}. Letters,
	// digits, '-' and '_', at most 128. An API that declares stages has these, or
	// only the one that is named here.
	Stage string
}

var _ Door = HTTP{}

// String is "HTTP API".
func (HTTP) String() string { return "HTTP API" }

const (
	// httpTimeout is the most that an HTTP API waits.
	// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
	httpTimeout = 30 * time.Second
	// strictSlash: a path with a slash at its end is not the path without it.
	// It is so by experience and not documented.
	strictSlash = true
)

func (c HTTP) open(api *tier.API, functions map[string]*Function, o *Options) (opened, error) {
	if err := api.Expressible(tier.HTTP); err != nil {
		return opened{}, err
	}
	wait, err := waitOf(c, o.Timeout, httpTimeout, httpTimeout)
	if err != nil {
		return opened{}, err
	}
	all, err := openStages(api, functions, o, c, c.Stage, tier.RootStage)
	if err != nil {
		return opened{}, err
	}
	d := &httpDoor{stages: all, cors: api.DeclaredCORS(), format: newHTTP2(api)}
	if api.PayloadFormat() == tier.PayloadV1 {
		d.format = newHTTP1(api)
	}
	return opened{d, wait, func(ids *identifiers) string { return ids.extended }}, nil
}

type httpDoor struct {
	stages stages
	cors   *handler.CORS
	format httpFormat
}

// httpFormat is a payload format of HTTP APIs.
type httpFormat interface {
	// event is the event of x.
	event(x *exchange) []byte
	// answer makes an answer of what the function returned.
	answer(output []byte) (*answer, error)
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
	if a := d.place(x); a != nil {
		return a
	}
	found := x.stage.router.find2(&x.match, x.method, x.below)
	if other := x.stage.router.fallback; !found && other != nil {
		x.match = match{resource: other, method: other.any}
		found = true
	}
	x.routed(x.stage.router, x.below, found)
	if !found {
		return httpNotFound.answer(x.id)
	}
	if a := x.match.method.pass(x); a != nil {
		return a
	}
	x.function = x.match.method.function
	return nil
}

// place finds the stage of the request and the path below it, or answers the
// request. The stage stays in the paths of events even behind a custom domain
// name, which is so by experience; the base path only in payload format 1.0.
func (d *httpDoor) place(x *exchange) *answer {
	s, path := (*stage)(nil), decodedPath(x.path)
	if m := x.mapping; m != nil {
		if s = d.stages.mapped(m); s == nil {
			x.note("domain", "%s has no base path for %s", m.domain, x.path)
			return httpNotFound.answer(x.id)
		}
		if a := m.reserved(x); a != nil {
			return a
		}
		x.below = slashed(decodedPath(m.cut(x.path)))
		x.shown, x.full = x.below, path
		if s.segment {
			x.shown, x.full = "/"+s.name+x.below, "/"+s.name+path
		}
	} else {
		var rest string
		if s, rest = d.stages.find(path); s == nil {
			x.note("stage", "no stage is named by the first segment of %s, and there is no $default", path)
			return httpNotFound.answer(x.id)
		}
		x.below, x.shown, x.full = slashed(rest), path, path
	}
	if x.err = s.enter(x); x.err != nil {
		return httpFailed.answer(x.id)
	}
	return nil
}

// slashed is a path with the slash that the whole of a stage's URL may lack.
func slashed(path string) string {
	if path == "" {
		return "/"
	}
	return path
}

func (rt *router) find2(m *match, method, path string) bool {
	trimmed := path
	if path != "/" {
		trimmed = strings.TrimSuffix(path, "/")
	}
	if (trimmed == path || !strictSlash) && rt.search(m, method, trimmed, withoutTails) {
		return true
	}
	return rt.search(m, method, path, tailsOnly)
}

// decodedPath is what an HTTP API makes of a path: it is decoded, and what
// follows a "?" that was encoded is lost.
func decodedPath(path string) string {
	path, _, _ = strings.Cut(unescapePath(path), "?")
	return path
}

func (d *httpDoor) event(x *exchange) ([]byte, *refusal) {
	return x.within(d.format.event(x), &httpEvent)
}

// http2 is payload format 2.0.
type http2 struct {
	events  payload2
	answers reader2
}

func newHTTP2(api *tier.API) http2 {
	return http2{
		newPayload2(accountID, apiID(api.Name())),
		reader2{contentType: httpTextType, own: ownedByHTTP},
	}
}

// httpTextType is what an HTTP API says of an answer without a content type. It
// is so by experience and not documented.
const httpTextType = "text/plain; charset=utf-8"

// ownedByHTTP reports whether an HTTP API writes a header of answers itself.
func ownedByHTTP(canonical string) bool { return canonical == "Apigw-Requestid" }

func (f http2) event(x *exchange) []byte {
	var buf [32]field
	return f.events.build(x, &parts2{
		routeKey: x.match.method.key, rawPath: x.shown, path: x.shown, domain: x.domain(), stage: x.stage.quoted,
		headers: x.withLength(x.lowerFields(buf[:0], notByHTTP)), parameters: true,
	})
}

func (f http2) answer(output []byte) (*answer, error) { return f.answers.answer(output) }

// notByHTTP reports whether a request header does not reach the function: the
// connection's, and the cookies, which are a member of their own.
func notByHTTP(name string) bool {
	return name == "cookie" || name == "expect" || hopByHop(http.CanonicalHeaderKey(name))
}

func (d *httpDoor) answer(_ *exchange, output []byte) (*answer, error) {
	return d.format.answer(output)
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
