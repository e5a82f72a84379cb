package template

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// mock is a mock integration: the gateway answers with one status, headers of
// fixed values and a body that is a mapping template. No function runs.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html.
type mock struct {
	status int
	header http.Header
	body   string
	// cors, if it is not nil, adds Access-Control-Allow-Origin for the origins
	// that it allows.
	cors *handler.CORS
}

const allowOrigin = "Access-Control-Allow-Origin"

func (m mock) operation(res *tier.Resource) object {
	body := m.body
	names := []string{}
	for name := range m.header {
		names = append(names, name)
	}
	if m.cors != nil {
		names = append(names, allowOrigin)
		if !m.cors.AnyOrigin() {
			body = originTemplate(m.cors.Origins) + body
		}
	}
	slices.Sort(names)
	var declared, fixed object
	for _, name := range names {
		declared = append(declared, member{name, object{{"schema", object{{"type", "string"}}}}})
		value := strings.Join(m.header[name], ",")
		if name == allowOrigin && m.cors.AnyOrigin() {
			value = "*"
		}
		if value != "" {
			fixed = append(fixed, member{"method.response.header." + name, "'" + value + "'"})
		}
	}
	status := fmt.Sprint(m.status)
	choose := fmt.Sprintf(`{"statusCode": %d}`, m.status)
	return object{
		{"parameters", pathParameters(res.Routes[0].Pattern())},
		{"responses", object{{status, object{
			{"description", http.StatusText(m.status)},
			{"headers", declared},
		}}}},
		{"x-amazon-apigateway-integration", object{
			{"type", "mock"},
			{"passthroughBehavior", "never"},
			{"requestTemplates", object{{"application/json", choose}, {"$default", choose}}},
			{"responses", object{{"default", object{
				{"statusCode", status},
				{"responseParameters", fixed},
				{"responseTemplates", object{{"application/json", body}}},
			}}}},
		}},
	}
}

// originTemplate sets the header for an origin that is allowed, and for no
// other. Names of headers are compared with case here, and clients of HTTP/2
// send them in lower case.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-override-request-response-parameters.html.
func originTemplate(origins []string) string {
	tests := make([]string, len(origins))
	for i, o := range origins {
		tests[i] = `$origin == "` + o + `"`
	}
	return `#set($origin = $input.params().header.get("Origin"))` +
		`#if(!$origin)#set($origin = $input.params().header.get("origin"))#end` +
		`#if(` + strings.Join(tests, " || ") + `)` +
		`#set($context.responseOverride.header.` + allowOrigin + ` = $origin)#end`
}

// methodNotAllowed answers the methods that a resource has no route for.
func methodNotAllowed(res *tier.Resource) object {
	header := http.Header{"Allow": {res.Allow}, "Content-Type": {handler.ProblemType}}
	vary(header, res.CORS)
	return mock{http.StatusMethodNotAllowed, header, tier.MethodNotAllowedBody, res.CORS}.operation(res)
}

// preflight answers a browser that asks before it sends a request.
func preflight(res *tier.Resource) object {
	return mock{http.StatusNoContent, res.Preflight(), "", res.CORS}.operation(res)
}

func vary(header http.Header, cors *handler.CORS) {
	if cors != nil && !cors.AnyOrigin() {
		header.Set("Vary", "Origin")
	}
}

// gatewayResponses are the errors of the gateway that differ from its own: a 404
// in place of 403 "Missing Authentication Token", and what lets a page of
// another origin read an error. They cannot choose among origins, so with
// several origins the gateway's errors stay unreadable to pages.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html.
func gatewayResponses(api *tier.API) object {
	var readable object
	if cors := api.DeclaredCORS(); cors != nil && len(cors.Origins) == 1 {
		readable = object{{"gatewayresponse.header." + allowOrigin, "'" + cors.Origins[0] + "'"}}
	}
	contentType := member{"gatewayresponse.header.Content-Type", "'" + handler.ProblemType + "'"}
	responses := object{{"MISSING_AUTHENTICATION_TOKEN", object{
		{"statusCode", "404"},
		{"responseParameters", append(object{contentType}, readable...)},
		{"responseTemplates", object{{"application/json", api.NotFound()}}},
	}}}
	if len(readable) == 0 {
		return responses
	}
	for _, family := range []string{"DEFAULT_4XX", "DEFAULT_5XX"} {
		responses = append(responses, member{family, object{{"responseParameters", readable}}})
	}
	return responses
}
