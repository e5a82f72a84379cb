package tier

import (
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Stream sends the answers of a route to the client as the handler makes them:
// API Gateway's response transfer mode STREAM, which only a REST API has. The
// answer may be larger than 10 MB (up to 200 MB) and take longer than 29 s (up to
// 15 minutes, of which not more than 5 without a byte); it is not cached. A typed
// handler must have an Out that can be sent in pieces: handler.NDJSON,
// handler.EventStream, io.Reader or *handler.Response. Without Stream such an
// answer is collected and sent whole.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html.
func Stream() RouteOption {
	return routeOption(func(r *Route) {
		r.stream = true
		r.function.api.notHTTP(r.at, "response streaming")
	})
}

// Streams reports whether [Stream] was given to the route.
func (r *Route) Streams() bool { return r.stream }

// checkStreams finds routes whose handler makes its answer in one piece.
func (api *API) checkStreams() []error {
	var errs []error
	for _, r := range api.Routes() {
		typed, ok := r.handler.(interface {
			Describe() (*schema.Operation, error)
		})
		if !r.stream || !ok {
			continue
		}
		if op, err := typed.Describe(); err == nil && !op.Output.Streams {
			errs = append(errs, &datastore.DeclarationError{At: r.at, Message: fmt.Sprintf(
				"route %s: tier.Stream, but the function returns %s in one piece; return handler.NDJSON, handler.EventStream, io.Reader or *handler.Response, or drop tier.Stream",
				r, outName(op.Output))})
		}
	}
	return errs
}

// outName is what a function returns, for people.
func outName(o schema.Output) string {
	switch {
	case o.Type != nil:
		return o.Type.Go.String() + " as JSON"
	case o.MediaType == "":
		return "no body"
	}
	return "its body"
}

// Streams tells a doorway which of the function's front doors are in stream mode,
// as handler/lambda.Options wants to know it: "url" by the function's URL, "rest"
// by the route of a resource and method. It is nil if none is.
func (f *Function) Streams() func(frontDoor, resource, method string) bool {
	url := f.url != nil && f.url.Stream
	some, routes := url, map[string]bool{}
	for _, r := range f.settled() {
		some = some || r.stream
		routes[r.pattern.Method+" "+r.pattern.Resource()] = r.stream
	}
	if !some {
		return nil
	}
	return func(frontDoor, resource, method string) bool {
		switch frontDoor {
		case "url":
			return url
		case "rest":
			if stream, ok := routes[method+" "+resource]; ok {
				return stream
			}
			return routes[" "+resource] // any method
		}
		return false
	}
}

// What a front door waits for a function.
const (
	bufferedTimeout = 29 * time.Second
	// StreamTimeout is the most that a streamed answer may take, which is also
	// the most that Lambda lets a function run.
	// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html.
	StreamTimeout = 15 * time.Minute
)

// checkTimeout finds a timeout that the front door would not wait for.
func (f *Function) checkTimeout() []error {
	if f.timeout <= bufferedTimeout || f.timeout > StreamTimeout || f.url != nil && f.url.Stream {
		return nil
	}
	if f.authorizer != nil {
		return []error{mistake(f.at, "function %s: timeout %v, but API Gateway waits 29s for an authorizer; write 1s to 29s", f.name, f.timeout)}
	}
	for _, r := range f.settled() {
		if !r.stream && !r.mock {
			return []error{&datastore.DeclarationError{At: f.at, Message: fmt.Sprintf(
				"function %s: timeout %v, but API Gateway waits 29s for its route %s; write 1s to 29s, or give tier.Stream() to each of its routes, or a function URL in stream mode to it",
				f.name, f.timeout, r)}}
		}
	}
	if routes := f.SocketRoutes(); len(routes) > 0 {
		return []error{mistake(f.at, "function %s: timeout %v, but API Gateway waits 29s for its route %s; write 1s to 29s", f.name, f.timeout, routes[0])}
	}
	return nil
}
