// Package handlertest makes requests, events and a Lambda runtime for tests.
//
//	req := handlertest.Request("POST", "/orders?notify=yes",
//		handlertest.JSON(map[string]any{"sku": "gear-24"}),
//		handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"}))
//	answer, err := handlertest.Do(ctx, h, req)
//
// [Request] makes a request that any [handler.Handler] takes and [Do] calls one
// as a doorway would. [Events] turns the same request into the event of each
// front door, for tests that go through handler/lambda, and [ReadAnswer] reads
// what a function answered to it. [Runtime] is a Lambda Runtime API on the
// loopback interface, for tests of a whole process.
//
// [RecordsOf] makes records of a queue, a topic or a stream, [DoRecord] has one worked
// off, [RecordsEvent] makes the event by which their service delivers them, and
// [ReadFailures] reads which of them failed.
//
// It is meant for tests only; nothing in it needs package testing.
package handlertest

import (
	"encoding/json"
	"iter"
	"maps"
	"net/http"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Request is a request for tests. target is a path with an optional query, both
// percent-encoded ("/orders/a%2Fb?x=1"), or a whole URL, whose host and scheme
// then are the request's. Without options it has no headers, no body and an
// anonymous caller, and its facts are those of a fixed delivery: host
// "api.example.com", client "192.0.2.1:0", received at 2026-01-02T03:04:05Z,
// request id "test-request". Path parameters are filled by a [handler.Mux]: give
// that to [Do], or the handler behind it gets none.
//
// Panics if target is neither a path nor a URL.
func Request(method, target string, opts ...Option) *handler.Request {
	e := &event{
		method: strings.ToUpper(method),
		header: http.Header{},
		facts: handler.Facts{
			FrontDoor: "test", ID: "test-request", Invocation: "test-invocation",
			Host: "api.example.com", Remote: "192.0.2.1:0", Protocol: "HTTP/1.1", Scheme: "https",
			Time: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		},
	}
	target, _, _ = strings.Cut(target, "#")
	if scheme, rest, ok := strings.Cut(target, "://"); ok && !strings.HasPrefix(target, "/") {
		end := strings.IndexAny(rest, "/?")
		if end < 0 {
			end = len(rest)
		}
		e.facts.Scheme, e.facts.Host, target = scheme, rest[:end], rest[end:]
		if !strings.HasPrefix(target, "/") {
			target = "/" + target
		}
	}
	if !strings.HasPrefix(target, "/") {
		panic("handlertest: target " + target + ": write a path that starts with / or a URL")
	}
	e.path, e.query, _ = strings.Cut(target, "?")
	for _, o := range opts {
		o.apply(e)
	}
	return handler.NewRequest(e)
}

// Option adds something to a [Request].
type Option interface{ apply(*event) }

type optionFunc func(*event)

func (f optionFunc) apply(e *event) { f(e) }

// Header sets a header to these values.
func Header(name string, values ...string) Option {
	return optionFunc(func(e *event) { e.header[http.CanonicalHeaderKey(name)] = values })
}

// Body sets the body and its content type; contentType may be "".
func Body(contentType string, body []byte) Option {
	return optionFunc(func(e *event) {
		e.body = body
		if contentType != "" {
			e.header.Set("Content-Type", contentType)
		}
	})
}

// JSON sets the body to the JSON of v. Panics if v has none.
func JSON(v any) Option {
	body, err := json.Marshal(v)
	if err != nil {
		panic("handlertest: JSON: " + err.Error())
	}
	return Body("application/json", body)
}

// As sets the caller, as if an authorizer had let it in.
func As(c handler.Caller) Option {
	return optionFunc(func(e *event) { e.caller = c })
}

// ClientCertificate sets the certificate that the front door has verified of the
// client.
func ClientCertificate(c handler.Certificate) Option {
	return optionFunc(func(e *event) { e.certificate = c })
}

// Facts changes the facts of the delivery.
func Facts(change func(*handler.Facts)) Option {
	return optionFunc(func(e *event) { change(&e.facts) })
}

// StageVariables sets the variables of the stage that the request came through.
func StageVariables(vars map[string]string) Option {
	return optionFunc(func(e *event) { e.variables = maps.Clone(vars) })
}

// event is a delivery that is decoded already.
type event struct {
	method, path, query string
	header              http.Header
	body                []byte
	facts               handler.Facts
	caller              handler.Caller
	variables           map[string]string
	connection          handler.Connection
	certificate         handler.Certificate
}

func (e *event) StageVariables() iter.Seq2[string, string] { return maps.All(e.variables) }

var _ handler.Event = (*event)(nil)

func (e *event) Line() (method, path, rawQuery string)  { return e.method, e.path, e.query }
func (e *event) Values(name string) []string            { return e.header[name] }
func (e *event) Header() http.Header                    { return e.header.Clone() }
func (e *event) Facts() handler.Facts                   { return e.facts }
func (e *event) Caller() handler.Caller                 { return e.caller }
func (e *event) ClientCertificate() handler.Certificate { return e.certificate }

func (e *event) Body() ([]byte, error) {
	if len(e.body) == 0 {
		return nil, nil
	}
	return e.body, nil
}
