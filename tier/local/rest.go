package local

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// REST is an API Gateway REST API with Lambda proxy integrations, and the
// answers 404 and 405 of Tierkit's template.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html.
type REST struct {
	// Stage names the stage in events: letters, digits, '-' and '_', at most
	// 128. Default "local". An API that declares stages has these, each below a
	// segment of its name, or only the one that is named here.
	Stage string
	// BinaryMediaTypes of the API: "image/png", "image/*", "*/*". Default none:
	// every body is text.
	// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html.
	BinaryMediaTypes []string
	// IgnoreMethodOverride takes the method of a request as it is, whatever its
	// X-HTTP-Method-Override header says. API Gateway heeds it.
	IgnoreMethodOverride bool
}

var _ Door = REST{}

// String is "REST API".
func (REST) String() string { return "REST API" }

// restTimeout is what a REST API waits for a function. Above it a quota must be
// raised, which AWS does for regional and private APIs.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
const restTimeout = 29 * time.Second

func (c REST) open(api *tier.API, functions map[string]*Function, o *Options) (opened, error) {
	if err := api.Expressible(tier.REST); err != nil {
		return opened{}, err
	}
	wait, err := waitOf(c, o.Timeout, restTimeout, 0)
	if err != nil {
		return opened{}, err
	}
	binary := newMediaTypes(c.BinaryMediaTypes)
	all, err := openStages(api, functions, o, c, c.Stage, "local")
	if err != nil {
		return opened{}, err
	}
	d := &restDoor{
		stages: all, events: newRestEvents(api.Name(), binary),
		binary: binary, override: !c.IgnoreMethodOverride, responses: gatewayResponsesOf(api),
	}
	return opened{d, wait, func(ids *identifiers) string { return ids.request }}, nil
}

type restDoor struct {
	stages   stages
	events   *restEvents
	binary   mediaTypes
	override bool // X-HTTP-Method-Override counts

	responses gatewayResponses
}

// The limits of a REST API.
var (
	restBody    = limit{"request body", 10_485_760, restBodyTooLarge, gatewayLimits}
	restHeaders = limit{"header values", 10_240, restHeadersTooLarge, gatewayLimits}
	restURL     = limit{"URL", 10_240, restURLTooLong, gatewayLimits}
	restEvent   = limit{"event", maxEvent, restRequestTooLong, lambdaLimits}
)

func (d *restDoor) read(x *exchange) *refusal {
	switch {
	case x.urlSize() > restURL.max:
		return restURL.refuse(x)
	case x.valueSize() > restHeaders.max:
		return restHeaders.refuse(x)
	case strings.IndexByte(x.URL.RawQuery, '|') >= 0:
		x.err = errors.New("raw | in the query; send it as %7C")
		return &restBadRequest
	}
	return x.readBody(&restBody, &restBadRequest)
}

// route finds what serves the request, or answers it: 404 or 405.
func (d *restDoor) route(x *exchange) *answer {
	if o := x.Header.Get("X-Http-Method-Override"); d.override && o != "" {
		// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
		x.method = o
	}
	if a := d.place(x); a != nil {
		return a
	}
	m := &x.match
	found := x.stage.router.find(m, x.method, x.below)
	x.routed(x.stage.router, x.below, found)
	if !found {
		return restNotFound.answer(x.id)
	}
	if a := m.method.pass(x); a != nil {
		return a
	}
	if m.method.function == nil {
		if m.method.route != nil {
			x.note("mock", "the gateway answers %d itself", m.method.mock.status)
		}
		return m.method.mock.answer(x)
	}
	x.function = m.method.function
	return nil
}

// place finds the stage of the request and the path below it, or answers the
// request: nothing is below an unknown stage.
func (d *restDoor) place(x *exchange) *answer {
	var s *stage
	if m := x.mapping; m != nil {
		if s = d.stages.mapped(m); s == nil {
			x.note("domain", "%s has no base path for %s", m.domain, x.path)
			return restForbidden.answer(x.id)
		}
		if a := m.reserved(x); a != nil {
			return a
		}
		x.shown, x.full, x.below = routedPath(x.path), x.path, routedPath(m.cut(x.path))
	} else {
		var rest string
		if s, rest = d.stages.find(x.path); s == nil {
			x.note("stage", "no stage is named by the first segment of %s", x.path)
			return restForbidden.answer(x.id)
		}
		x.below = routedPath(rest)
		x.shown, x.full = x.below, "/"+s.name+rest
	}
	if x.err = s.enter(x); x.err != nil {
		return restNotInvoked.answer(x.id)
	}
	return nil
}

// routedPath is the path that the gateway routes by and delivers: slashes after
// the stage count once. Others are kept.
func routedPath(path string) string {
	return "/" + strings.TrimLeft(path, "/")
}

func (d *restDoor) event(x *exchange) ([]byte, *refusal) {
	return x.within(d.events.build(x), &restEvent)
}

func (d *restDoor) failed(err error) *refusal {
	switch {
	case errors.Is(err, errGatewayTimeout):
		return &restTimedOut
	case errors.Is(err, ErrNotInvoked), errors.Is(err, errEncoding):
		return &restNotInvoked
	}
	return &restFailed
}

func (d *restDoor) sign(h http.Header, x *exchange, a *answer) {
	own := [...]string{x.ids.request, x.ids.extended, x.ids.trace}
	h["x-amzn-RequestId"] = own[0:1:1]
	h["x-amz-apigw-id"] = own[1:2:2]
	if a.invoked {
		h["X-Amzn-Trace-Id"] = own[2:3:3]
	}
}

// customise leaves alone what was answered before a stage was found: it belongs
// to no API.
func (d *restDoor) customise(x *exchange, a *answer) {
	if x.stage != nil {
		d.responses.customise(x, a)
	}
}

// What a REST API answers itself: a gateway response or a mock. Those with an
// error type are gateway responses, see [gatewayResponses].
// Integration-stage bodies have a space after the colon, routing-stage ones have
// none, as AWS writes them.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
var (
	// restNotFound is customised to 404 by [tier.API.GatewayResponses].
	restNotFound = refusal{http.StatusForbidden, jsonType, `{"message":"Missing Authentication Token"}`, "MissingAuthenticationTokenException"}
	// restMethodNotAllowed is the mock integration of tier.Resource.Refused.
	restMethodNotAllowed = refusal{http.StatusMethodNotAllowed, handler.ProblemType, tier.MethodNotAllowedBody, ""}

	// restForbidden is the answer to a request without a valid API key; and of an
	// unknown stage, or a base path that no mapping of a custom domain name has,
	// of which AWS does not document it.
	restForbidden = refusal{http.StatusForbidden, jsonType, `{"message":"Forbidden"}`, "ForbiddenException"}

	restFailed         = refusal{http.StatusBadGateway, jsonType, `{"message": "Internal server error"}`, "InternalServerErrorException"}
	restNotInvoked     = refusal{http.StatusInternalServerError, jsonType, `{"message": "Internal server error"}`, "InternalServerErrorException"}
	restTimedOut       = refusal{http.StatusGatewayTimeout, jsonType, `{"message": "Endpoint request timed out"}`, "InternalServerErrorException"}
	restRequestTooLong = refusal{http.StatusRequestEntityTooLarge, jsonType, `{"message": "Request Too Long"}`, "BadRequestException"}
	// restBodyTooLarge comes from what stands before the gateway: it is no JSON
	// and has no error type, and no gateway response customises it. The content
	// type is what AWS sends.
	restBodyTooLarge = refusal{http.StatusRequestEntityTooLarge, "text; charset=utf-8", "HTTP content length exceeded 10485760 bytes.", ""}
)

// The answers to requests that break the limits of the URL and the headers are
// not documented; what AWS says may differ in status and text.
var (
	restHeadersTooLarge = refusal{http.StatusRequestHeaderFieldsTooLarge, jsonType, `{"message":"Request Header Fields Too Large"}`, "BadRequestException"}
	restURLTooLong      = refusal{http.StatusRequestURITooLong, jsonType, `{"message":"Request-URI Too Long"}`, "RequestEntityTooLargeException"}
	restBadRequest      = refusal{http.StatusBadRequest, jsonType, `{"message":"Bad Request"}`, "BadRequestException"}
)
