package template

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// gatewayResponses are the errors of the gateway that differ from its own.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-gateway-responses.html.
func gatewayResponses(api *tier.API) object {
	var responses object
	for _, g := range api.GatewayResponses() {
		var response object
		if g.Status != 0 {
			response = append(response, member{"statusCode", strconv.Itoa(g.Status)})
		}
		if headers := responseHeaders(g.Header); len(headers) > 0 {
			response = append(response, member{"responseParameters", headers})
		}
		if g.Body != "" {
			response = append(response, member{"responseTemplates", object{{"application/json", g.Body}}})
		}
		responses = append(responses, member{g.Type, response})
	}
	return responses
}

// responseHeaders are texts in single quotes, and variables without their
// dollar sign.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-gateway-responses.responseParameters.html.
func responseHeaders(header map[string]string) object {
	var headers object
	for _, name := range slices.Sorted(maps.Keys(header)) {
		value, isVariable := strings.CutPrefix(header[name], "$")
		if !isVariable {
			value = "'" + value + "'"
		}
		headers = append(headers, member{"gatewayresponse.header." + name, value})
	}
	return headers
}
