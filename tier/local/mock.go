package local

import "github.com/seed-18e8afb5/tierkit/tier"

// exampleMethod is the mock integration of a route that the gateway answers with
// its declared example. Any content type of a request will do: the template
// declares one request template for all.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-mock-integration.html.
func exampleMethod(e *tier.MockAnswer) *mock {
	header := e.Header.Clone()
	header.Del("Content-Type")
	return &mock{
		refusal: refusal{status: e.Status, contentType: e.Header.Get("Content-Type"), body: e.Body},
		header:  header, cors: e.CORS, literal: true,
	}
}
