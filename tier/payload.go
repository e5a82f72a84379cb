package tier

import "github.com/seed-18e8afb5/tierkit/datastore"

// PayloadFormat is the shape of the events that an HTTP API delivers, "2.0" or
// "1.0". It is an [APIOption]: app.API("orders", tier.HTTP, tier.PayloadV1).
// Handlers see the same request in both. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html.
type PayloadFormat string

// Payload formats of an HTTP API. Format 1.0 is that of a REST API, for functions
// that share code with one; its path is decoded and has the stage in it, and its
// answers need a statusCode.
const (
	PayloadV1 PayloadFormat = "1.0"
	PayloadV2 PayloadFormat = "2.0" // the default
)

var _ APIOption = PayloadV1

func (p PayloadFormat) applyAPI(api *API) {
	if p != PayloadV1 && p != PayloadV2 {
		api.app.fail(api.at, "API %s: payload format %q; write tier.PayloadV1 or tier.PayloadV2", api.name, string(p))
		return
	}
	api.payload = p
}

// PayloadFormat of the events that an HTTP API delivers; those of a REST API
// have one format only.
func (api *API) PayloadFormat() PayloadFormat {
	if api.payload == "" {
		return PayloadV2
	}
	return api.payload
}

// checkPayload refuses a format for an API that has no choice.
func (api *API) checkPayload(fail func(at datastore.Position, format string, args ...any)) {
	if api.payload != "" && api.kind != HTTP {
		fail(api.at, "API %s: payload format %s, which only an HTTP API can choose; leave it out, or write tier.HTTP too", api.name, api.payload)
	}
}
