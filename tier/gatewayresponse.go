package tier

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// GatewayResponse is what a REST API answers in place of a function, by the type
// of error:
//
//	api.GatewayResponse(tier.GatewayResponse{
//		Type:   "THROTTLED",
//		Header: map[string]string{"Retry-After": "1"},
//		Body:   `{"title":"slow down","requestId":"$context.requestId"}`,
//	})
//
// DEFAULT_4XX and DEFAULT_5XX stand for all types of their class that have no
// response of their own, but for UNAUTHORIZED, which AWS does not list among
// them. A response of a type replaces that of the class as a whole. What comes
// before the gateway, as a body over 10 MB, cannot be customised.
//
// In Body, and as the whole value of a header, a variable stands for what is
// known of the request: $context.NAME, $stageVariables.NAME, and
// $method.request.header.NAME, .querystring.NAME or .path.NAME. Nothing else of
// AWS's mapping templates works here. A value is put in as it is, so it belongs
// into quotes; only $context.error.messageString has its own.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html.
type GatewayResponse struct {
	// Type as AWS names it: "UNAUTHORIZED", "DEFAULT_4XX".
	Type string
	// Status, 200 to 599. 0 is the type's own.
	Status int
	// Header adds headers, and Content-Type replaces application/json. Values
	// are texts without quotes or one variable.
	Header map[string]string
	// Body, "" for AWS's own words.
	Body string
}

// responseTypes are the types that AWS knows, with the status of each; 0 for a
// class.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
var responseTypes = map[string]int{
	"ACCESS_DENIED": 403, "API_CONFIGURATION_ERROR": 500, "AUTHORIZER_CONFIGURATION_ERROR": 500, "AUTHORIZER_FAILURE": 500,
	"BAD_REQUEST_BODY": 400, "BAD_REQUEST_PARAMETERS": 400, "DEFAULT_4XX": 0, "DEFAULT_5XX": 0, "EXPIRED_TOKEN": 403,
	"INTEGRATION_FAILURE": 504, "INTEGRATION_TIMEOUT": 504, "INVALID_API_KEY": 403, "INVALID_SIGNATURE": 403,
	"MISSING_AUTHENTICATION_TOKEN": 403, "QUOTA_EXCEEDED": 429, "REQUEST_TOO_LARGE": 413, "RESOURCE_NOT_FOUND": 404,
	"THROTTLED": 429, "UNAUTHORIZED": 401, "UNSUPPORTED_MEDIA_TYPE": 415, "WAF_FILTERED": 403,
}

// DefaultStatus is the status that AWS gives a type of gateway response, 0 for a
// class of types and for what is none.
func DefaultStatus(responseType string) int { return responseTypes[responseType] }

type declaredResponse struct {
	GatewayResponse
	at datastore.Position
}

// GatewayResponse customises what the gateway answers itself. Only a REST API
// has gateway responses.
func (api *API) GatewayResponse(g GatewayResponse) {
	at := datastore.Caller()
	api.restOnly(at, "gateway responses")
	fail := func(format string, args ...any) {
		api.app.fail(at, "API %s: gateway response %s: %s", api.name, g.Type, fmt.Sprintf(format, args...))
	}
	if _, known := responseTypes[g.Type]; !known {
		fail("AWS has no such type; write one of %s", strings.Join(slices.Sorted(maps.Keys(responseTypes)), ", "))
	}
	for _, other := range api.gatewayResponses {
		if other.Type == g.Type {
			fail("declared at %s already; declare it once", other.at)
		}
	}
	if g.Status != 0 && (g.Status < 200 || g.Status > 599) {
		fail("status %d; write 200 to 599, or 0 for the type's own", g.Status)
	}
	if g.Status == 0 && len(g.Header) == 0 && g.Body == "" {
		fail("nothing in it differs from AWS's own; set Status, Header or Body")
	}
	if why := wrongVariable(g.Body); why != "" {
		fail("body: %s", why)
	}
	for _, name := range slices.Sorted(maps.Keys(g.Header)) {
		if why := wrongHeader(name, g.Header[name]); why != "" {
			fail("header %s: %s", name, why)
		}
	}
	g.Header = maps.Clone(g.Header)
	api.gatewayResponses = append(api.gatewayResponses, declaredResponse{g, at})
}

func wrongHeader(name, value string) string {
	switch {
	case !headerName(name):
		return "not the name of a header"
	case value == "" || value != strings.TrimSpace(value) || strings.ContainsFunc(value, notInHeader):
		return fmt.Sprintf("value %q; write a text of ASCII without ' and control characters", value)
	case strings.Contains(value, "$") && variable(value) != value:
		return fmt.Sprintf("value %q; write either a text without $ or one variable alone", value)
	}
	return wrongVariable(value)
}

// notInHeader reports whether a value cannot hold r: a template puts values into
// single quotes.
func notInHeader(r rune) bool { return r < ' ' || r > '~' || r == '\'' }

// GatewayResponses are those that differ from AWS's own: what was declared, a
// 404 problem document for MISSING_AUTHENTICATION_TOKEN if nothing else was,
// and with [API.CORS] of one origin the header that lets its pages read errors.
// A gateway response cannot choose among several origins.
//
// An API with a route for [IAM] keeps AWS's 403 for MISSING_AUTHENTICATION_TOKEN:
// it is also the answer to a request that is not signed, and cannot tell the two
// apart.
func (api *API) GatewayResponses() []GatewayResponse {
	var all []GatewayResponse
	index := map[string]int{}
	add := func(g GatewayResponse) {
		if _, known := index[g.Type]; !known {
			index[g.Type] = len(all)
			g.Header = maps.Clone(g.Header)
			all = append(all, g)
		}
	}
	for _, g := range api.gatewayResponses {
		add(g.GatewayResponse)
	}
	if !slices.ContainsFunc(api.Authorizers(), IsIAM) {
		add(GatewayResponse{
			Type: "MISSING_AUTHENTICATION_TOKEN", Status: 404,
			Header: map[string]string{"Content-Type": handler.ProblemType}, Body: api.NotFound(),
		})
	}
	if api.cors == nil || len(api.cors.Origins) != 1 {
		return all
	}
	for _, class := range []string{"DEFAULT_4XX", "DEFAULT_5XX"} {
		add(GatewayResponse{Type: class})
	}
	// It does not follow DEFAULT_4XX, but is what CORS is for.
	add(GatewayResponse{Type: "UNAUTHORIZED"})
	for i := range all {
		all[i].allow(api.cors.Origins[0])
	}
	return all
}

const allowOrigin = "Access-Control-Allow-Origin"

// allow lets an origin read the response, if it says nothing of that itself.
func (g *GatewayResponse) allow(origin string) {
	for name := range g.Header {
		if strings.EqualFold(name, allowOrigin) {
			return
		}
	}
	if g.Header == nil {
		g.Header = map[string]string{}
	}
	g.Header[allowOrigin] = origin
}
