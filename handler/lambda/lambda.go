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
// and works off the records of any of these services ([Options.Sources], see Events
// below):
//
//	service                             Facts.FrontDoor  a record that failed
//	SQS                                 "sqs"            is delivered again, by its id
//	SQS, FIFO queue                     "sqs"            with those behind it of its group
//	Kinesis                             "kinesis"        with all records behind it
//	DynamoDB stream                     "dynamodb"       with all records behind it
//	SNS                                 "sns"            is a function error
//	S3, also through EventBridge        "s3"             is a function error
//	Kafka, of MSK and self-managed      "kafka"          is a function error; with [Source].Items it is
//	                                                     delivered again, with those behind it of its partition
//	EventBridge                         "events"         is a function error
//	EventBridge Scheduler               "scheduler"      is a function error
//	CloudWatch Logs                     "logs"           is a function error
//	a trigger of a Cognito user pool    "cognito"        is a function error, which the user reads
//	a rotation of Secrets Manager       "secretsmanager" is a function error
//	Amazon Data Firehose                "firehose"       has the result ProcessingFailed
//
// A function with [Options].Authorizer is a Lambda authorizer, and answers what
// API Gateway asks it with a policy or, in the short form of an HTTP API, with
// yes or no. Another event is answered with a function error that names its
// top-level members ([EventError]), or is a payload for the handler of direct
// invocations ([Options].Direct, Facts.FrontDoor "invoke", answers up to 6 MB).
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
// net/http would find it. A load balancer is answered in the mode of
// its event, with or without multi-value headers; without, only the last
// Set-Cookie survives, as for VPC Lattice, and a warning is logged.
//
// # Streams
//
// A streamed body is collected first, unless the front door is in stream mode: a
// function URL of invoke mode RESPONSE_STREAM, or a route of a REST API whose
// response transfer mode is STREAM. No event says so, therefore [Options.Streams]
// does, and it must agree with the deployment: a URL in stream mode shows a
// buffered answer to the client as the JSON that is meant for Lambda, and a
// front door that buffers shows a streamed one as bytes.
//
// In stream mode every answer, errors included, is status and headers as JSON,
// eight NUL bytes and the body; the body is sent as it is written, binary or
// not, up to 200 MB, and OnDone runs before the answer ends. An error after the
// first byte reaches Lambda in trailers and the client as a body that breaks off;
// the process lives on.
//
// # Events
//
// A record reaches the handler of its [Source] as a request "RECORD /queue/jobs": its
// body is what was sent, and what the service says about it is datastore.RecordFrom of
// the context. Records are read one at a time from the bytes of the event, each into
// memory of its own that lives as long as somebody keeps it: memory grows with one
// record and not with the batch. The base64 of Kinesis is decoded, and a record that
// the Kinesis Producer Library made of several is those, each with its partition key
// and an ID with its place ("4959...898.3"); one that fails fails them all. A message
// of a topic that does not deliver raw is taken out of its envelope when it arrives in
// a queue; one that has attributes beside its body was sent by a program, and stays. The test event of S3 is answered with success and is no record. The data
// of a record of DynamoDB and S3 is its JSON; through EventBridge it is the whole
// event.
//
// An error, a panic, and a record that cannot be read or is not valid fail that
// record alone, and are logged at level error, with its id and without its content.
// SQS, Kinesis and DynamoDB are answered with batchItemFailures, so their event source
// mappings must have the response type ReportBatchItemFailures: without it they take
// every answer for success, and what failed is lost. Of a stream the answer names the
// first record that was not worked off, and nothing behind it is begun.
//
// The last tenth of an invocation's time, at least 100 ms and at most 5 seconds, is
// for the answer: no record but the first is begun in it, and those not begun count
// as failed. A handler that outlives the timeout takes the answer with it, and the
// whole event comes again. So does an event of which a record has no id, and one that
// turns out not to be JSON. Records come at least once in any case.
//
// Records of a source with windows ([Source].Open) are summed up: the answer carries the
// state that the records before the first failure have come to, so that one which comes
// again counts once. If a record fails after its handler had the state, those before it
// are worked off again from the state that came. A state over 1 MB, and a last
// invocation of a window of which anything failed, are function errors: Lambda then goes
// on with the state that it had.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
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
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"

	awslambda "github.com/aws/aws-lambda-go/lambda"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Options configures [New] and [Start]. The zero value of each field is usable.
type Options struct {
	// Authorizer answers the events by which API Gateway asks a Lambda
	// authorizer: TOKEN, and REQUEST of a REST API, an HTTP API, payload
	// formats 1.0 and 2.0, or the handshake of a WebSocket API. Default: none,
	// and those events are refused.
	Authorizer *handler.Authorizer
	// Function is the name of the function that runs, by which store handles
	// check that they are its own (datastore.WithFunction). Default: none, and
	// they check the operation only.
	Function string
	// BasePath is cut off the front of paths: the mapping of a custom domain
	// name, which a REST API leaves in the path ("/v1"). Only whole segments
	// are cut, and only once; other paths stay as they are. Default: none.
	BasePath string
	// BasePaths are cut off the front of paths by the custom domain name that an
	// event came through, of several that fit the longest: requests to other
	// names keep theirs, and so do HTTP API events of payload format 2.0, from
	// which API Gateway has cut it. tier.API.BasePaths has them. Default: none.
	BasePaths map[string][]string
	// Streams reports whether a front door is in stream mode: "url", with the
	// resource "", for the function's URL; "rest" for the route of a REST API with
	// this resource ("/files/{path+}") and the method of the request. It is not
	// asked of others. Default: none is.
	Streams func(frontDoor, resource, method string) bool
	// Direct answers direct invocations (lambda:Invoke of a program or of
	// another function). The payload, any JSON that is not an event of AWS, is
	// the body of its request; the body of its response, which must be JSON, is
	// the answer, null for none. An error of it, or a response of status 400 or
	// more, is a function error: errorType is the error's code or else the
	// status in words ("Not Found"), errorMessage the detail and all failing
	// fields. Default: none; such payloads are an [EventError].
	// See https://docs.aws.amazon.com/lambda/latest/dg/lambda-invocation.html
	Direct handler.Handler
	// Socket serves the events of a WebSocket API: requests of the methods
	// "CONNECT", "MESSAGE" and "DISCONNECT" whose path is "/" and the route key,
	// see [handler.Connection]. The answer to a CONNECT decides the handshake by
	// its status and carries its headers; that to a MESSAGE reaches the client,
	// its body alone, if the route has a route response; that to a DISCONNECT is
	// dropped. Default: such events are function errors.
	Socket handler.Handler
	// Sources are whose records the function works off: events of SQS, SNS,
	// Kinesis, the streams of DynamoDB, and S3, by its own notifications or through
	// EventBridge; of EventBridge itself, CloudWatch Logs, Cognito and Firehose. Those
	// without a Handler are passed over. Default: none, and those events are an
	// [EventError].
	Sources []Source
	// Logger is told of errors of status 500 and above, of panics and of records
	// that failed, at level error; of what a front door cannot carry and of records
	// that were not begun, at level warn; and of other errors at level debug. Default: JSON on the standard error, from level
	// info.
	Logger *slog.Logger
}

// Start serves h, which may be nil as for [New], until the process ends: it takes
// invocations from the Lambda Runtime API, through aws-lambda-go. opts may be
// nil. It does not return.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
func Start(h handler.Handler, opts *Options) {
	d := New(h, opts)
	if d.streams == nil {
		awslambda.StartWithOptions(d)
		return
	}
	awslambda.StartWithOptions(d.take)
}

// take is Stream as aws-lambda-go calls it.
func (d *Doorway) take(ctx context.Context, payload json.RawMessage) (io.Reader, error) {
	out, err := d.Stream(ctx, payload)
	if err != nil {
		return nil, err
	}
	return taken{out}, nil
}

// taken is an Output that aws-lambda-go sends as the reader it is, since it has
// no JSON.
type taken struct{ *Output }

func (taken) MarshalJSON() ([]byte, error) { return nil, errors.New("an output is read") }
