package tier

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// describer is a handler that knows its operation: a typed function.
type describer interface {
	Describe() (*schema.Operation, error)
}

// BinaryMediaTypes are the types of bodies that the gateway must not take for
// text: none if every route speaks JSON both ways, else "*/*". The latter makes
// it hand every body over in base64, and is the only setting under which a
// browser, which accepts several types, gets bytes.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html.
func (api *API) BinaryMediaTypes() []string {
	var routes []*Route
	for _, r := range api.Routes() {
		if routes = append(routes, r.versions...); len(r.versions) == 0 {
			routes = append(routes, r)
		}
	}
	for _, r := range routes {
		d, ok := r.handler.(describer)
		if !ok {
			return []string{"*/*"}
		}
		op, err := d.Describe()
		if err != nil || !speaksText(op) {
			return []string{"*/*"}
		}
	}
	return nil
}

func speaksText(op *schema.Operation) bool {
	if op.Body != nil && slices.ContainsFunc(op.Body.MediaTypes, func(m string) bool { return !isJSON(m) }) {
		return false
	}
	return op.Output.MediaType == "" || isJSON(op.Output.MediaType)
}

func isJSON(mediaType string) bool {
	return mediaType == "application/json" || mediaType == "application/*+json"
}
