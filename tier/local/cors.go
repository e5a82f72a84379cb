package local

import (
	"net/http"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

const allowOrigin = "Access-Control-Allow-Origin"

// mock is what a method of a REST API answers without a function.
type mock struct {
	refusal
	header http.Header   // beside the content type
	cors   *handler.CORS // adds Access-Control-Allow-Origin, if it is not nil
	// literal: the body is sent as it is, whatever it says of $context
	literal bool
}

// refusedMethod is the mock of tier.Resource.Refused.
func refusedMethod(res *tier.Resource) *mock {
	header := http.Header{"Allow": {res.Allow}}
	if res.CORS != nil && !res.CORS.AnyOrigin() {
		header.Set("Vary", "Origin")
	}
	return &mock{refusal: restMethodNotAllowed, header: header, cors: res.CORS}
}

// preflightMethod is the OPTIONS method by which a REST API answers preflights.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html.
func preflightMethod(res *tier.Resource) *mock {
	return &mock{refusal: refusal{status: http.StatusNoContent}, header: res.Preflight(), cors: res.CORS}
}

func (m *mock) answer(x *exchange) *answer {
	a := m.refusal.answer(x.id)
	if m.literal {
		a.body = []byte(m.body)
	}
	if m.contentType == "" {
		a.header.Del("Content-Type")
	}
	for name, values := range m.header {
		a.header[name] = values
	}
	if m.cors != nil {
		allow(a.header, m.cors, x)
		x.asked(m.cors)
	}
	return a
}

// allow adds the one header that depends on the page that asks.
func allow(h http.Header, cors *handler.CORS, x *exchange) {
	if origin := cors.AllowOrigin(x.Header.Get("Origin")); origin != "" {
		h.Set(allowOrigin, origin)
	}
}

// preflight2 answers a preflight as an HTTP API with CORS does, whatever the
// routes; nil for other requests.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html.
func preflight2(cors *handler.CORS, x *exchange) *answer {
	if cors == nil || x.method != http.MethodOptions || x.Header.Get("Origin") == "" || x.Header.Get("Access-Control-Request-Method") == "" {
		return nil
	}
	x.asked(cors)
	a := &answer{status: preflightStatus, header: http.Header{}}
	if cors.AllowOrigin(x.Header.Get("Origin")) == "" {
		return a
	}
	a.header = cors.PreflightHeader(cors.AllowedMethods()) // sign adds the one of the page that asks
	return a
}

// preflightStatus is what an HTTP API says to a preflight. It is so by
// experience and not documented.
const preflightStatus = http.StatusNoContent
