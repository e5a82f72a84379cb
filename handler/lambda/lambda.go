// Package lambda serves a [handler.Handler] in AWS Lambda.
//
//	func main() {
//		mux := handler.NewMux()
//		mux.Route("GET /orders/{id}", handler.New(get))
//		lambda.Start(mux, nil)
//	}
//
// One function serves any of these front doors, told apart by the event:
//
//	front door                          Facts.FrontDoor  largest answer
//	REST API, Lambda proxy integration  "rest"           6 MB
//	HTTP API, payload formats 2.0, 1.0  "http"           6 MB
//	Lambda function URL                 "url"            6 MB
//	Application Load Balancer           "alb"            1 MB
//	VPC Lattice, event structure V2, V1 "lattice"        6 MB
//	WebSocket API ([Options.Socket])    "websocket"      6 MB
//
// Another event is answered with a function error that names its top-level
// members ([EventError]).
//
// # Requests
//
// An event is read in one pass that only notes where its parts stand; a part is
// decoded when the handler asks for it. Whatever the front door makes of a
// request, the handler sees the same one: a percent-encoded path without stage
// and base path, the query as sent (encoded again where the front door decodes
// it), canonical header names, one Cookie line, a decoded body, the
// authorizer's findings in [handler.Caller]. Nothing of an event travels in
// headers, which a client could forge.
//
// # Responses
//
// A body is sent as text if its content type is textual, it is not compressed
// and it is valid UTF-8, else in base64. A REST API decodes base64 only for the
// types among its binaryMediaTypes. A body without a content type gets one as
// net/http would find it. A streamed body is collected first, so a function URL
// must be in the invoke mode BUFFERED: in RESPONSE_STREAM the client would get
// the JSON that is meant for Lambda. A load balancer is answered in the mode of
// its event, with or without multi-value headers; without, only the last
// Set-Cookie survives, as for VPC Lattice, and a warning is logged.
//
// # Errors
//
// An error becomes a problem document ([handler.Respond]); those of status 500
// and above are logged. So do a panic, logged with its stack, and what cannot
// be sent: a status outside 200 to 599, a header with a line break, an answer
// above the limit. The process lives on. A panic with [http.ErrAbortHandler] is
// a function error and not logged.
//
// The context of an invocation is cancelled at its deadline and holds the
// lambdacontext of aws-lambda-go.
package lambda

import (
	"log/slog"

	awslambda "github.com/aws/aws-lambda-go/lambda"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Options configures [New] and [Start]. The zero value of each field is usable.
type Options struct {
	// Function is the name of the function that runs, by which store handles
	// check that they are its own (datastore.WithFunction). Default: none, and
	// they check the operation only.
	Function string
	// BasePath is cut off the front of paths: the mapping of a custom domain
	// name, which a REST API leaves in the path ("/v1"). Only whole segments
	// are cut, and only once; other paths stay as they are. Default: none.
	BasePath string
	// Socket serves the events of a WebSocket API: requests of the methods
	// "CONNECT", "MESSAGE" and "DISCONNECT" whose path is "/" and the route key,
	// see [handler.Connection]. The answer to a CONNECT decides the handshake by
	// its status and carries its headers; that to a MESSAGE reaches the client,
	// its body alone, if the route has a route response; that to a DISCONNECT is
	// dropped. Default: such events are function errors.
	Socket handler.Handler
	// Logger is told of errors of status 500 and above and of panics, at level
	// error; of what a front door cannot carry, at level warn; and of other
	// errors at level debug. Default: JSON on the standard error, from level
	// info.
	Logger *slog.Logger
}

// Start serves h until the process ends: it takes invocations from the Lambda
// Runtime API, through aws-lambda-go. opts may be nil. It does not return.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
func Start(h handler.Handler, opts *Options) {
	awslambda.StartWithOptions(New(h, opts))
}
