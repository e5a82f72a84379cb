package template

import (
	"encoding/base64"
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

func (m mock) operation(res *tier.Resource, binary bool) object {
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
	integration := object{
		{"type", "mock"},
		{"passthroughBehavior", "never"},
		{"requestTemplates", object{{"application/json", choose}, {"$default", choose}}},
	}
	response := object{
		{"statusCode", status},
		{"responseParameters", fixed},
		{"responseTemplates", object{{"application/json", body}}},
	}
	if binary {
		integration = append(integration, asText)
		response = append(response, asText)
	}
	return object{
		{"parameters", pathParameters(res.Routes[0].Pattern())},
		{"responses", object{{status, object{
			{"description", description(m.status)},
			{"headers", declared},
		}}}},
		{"x-amazon-apigateway-integration", append(integration, member{"responses", object{{"default", response}}})},
	}
}

// asText keeps templates working in an API with binary media types, which else
// takes the request for bytes, and the answer for base64.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html.
var asText = member{"contentHandling", "CONVERT_TO_TEXT"}

// description of a status, which a document must have.
func description(status int) string {
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "The declared example."
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

// example answers a route that the gateway serves itself.
func example(m *tier.MockAnswer) mock { return mock{m.Status, m.Header, literal(m.Body), m.CORS} }

// literal is a mapping template that gives a text byte for byte: in a template $
// and # begin references and directives.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html.
func literal(text string) string {
	if !strings.ContainsAny(text, "$#") {
		return text
	}
	return "$util.base64Decode('" + base64.StdEncoding.EncodeToString([]byte(text)) + "')"
}

// methodNotAllowed answers the methods that a resource has no route for.
func methodNotAllowed(res *tier.Resource, binary bool) object {
	header := http.Header{"Allow": {res.Allow}, "Content-Type": {handler.ProblemType}}
	vary(header, res.CORS)
	return mock{http.StatusMethodNotAllowed, header, tier.MethodNotAllowedBody, res.CORS}.operation(res, binary)
}

// preflight answers a browser that asks before it sends a request.
func preflight(res *tier.Resource, binary bool) object {
	return mock{http.StatusNoContent, res.Preflight(), "", res.CORS}.operation(res, binary)
}

func vary(header http.Header, cors *handler.CORS) {
	if cors != nil && !cors.AnyOrigin() {
		header.Set("Vary", "Origin")
	}
}
