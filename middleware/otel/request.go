package otel

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// directDoor is the front door of direct invocations.
const directDoor = "invoke"

// other is the method of requests that have one of their own: a client could make a
// name of a span of each.
//
// See https://opentelemetry.io/docs/specs/semconv/http/http-spans/
const other = "_OTHER"

// requestPlans are those of requests, by method.
func requestPlans() map[string]*plan {
	all := map[string]*plan{}
	for _, method := range []string{"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "QUERY"} {
		all[method] = requestPlan(method, method)
	}
	all[other] = requestPlan("HTTP", other)
	return all
}

func requestPlan(name, method string) *plan {
	p := newPlan(name, trace.SpanKindServer, text(keyMethod, method), text(keyTrigger, "http"))
	p.http = true
	return p
}

// knownMethod is a method as a name of a span has it.
func knownMethod(method string) string {
	switch method {
	case "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "QUERY":
		return method
	}
	return "HTTP"
}

// recordKey is what the plan of a span follows from that is none of a request by HTTP.
type recordKey struct{ door, method, path, source string }

// planOf is the plan of a request or a record.
func (t *Tracer) planOf(ctx context.Context, req *handler.Request) *plan {
	if middleware.IsRecord(req) {
		key := recordKey{door: req.FrontDoor(), method: req.Method(), path: req.Path()}
		if r := datastore.RecordFrom(ctx); r != nil {
			key.source = destinationOf(req, r)
		}
		return t.records.of(key, recordPlan)
	}
	switch door := req.FrontDoor(); door {
	case directDoor:
		function, _ := datastore.FunctionFrom(ctx)
		return t.records.of(recordKey{door: door, path: function}, directPlan)
	case "websocket":
		return t.records.of(recordKey{door: door, method: req.Method(), path: req.Path()}, socketPlan)
	}
	if p := t.requests[req.Method()]; p != nil {
		return p
	}
	return t.requests[other]
}

func directPlan(k recordKey) *plan {
	name := directDoor
	if k.path != "" {
		name += " " + k.path
	}
	return newPlan(name, trace.SpanKindServer, text(keyTrigger, "other"))
}

// socketPlan is that of an event of a WebSocket API. Its path is the route key, of which
// the API has a few.
func socketPlan(k recordKey) *plan {
	return newPlan(k.method+" "+k.path, trace.SpanKindServer, text(keyTrigger, "other"), text(keyRoute, k.path))
}

// recordPlan is that of a record of an event source, or of the end of a window.
func recordPlan(k recordKey) *plan {
	trigger, system, kind := sourceOf(k.door)
	operation := "process"
	if k.method == "WINDOW" {
		operation = "window"
	}
	attrs := []attribute.KeyValue{text(keyTrigger, trigger)}
	if system != "" {
		attrs = append(attrs, text(keyMessagingSystem, system), text(keyMessagingOp, operation), text(keyMessagingOpType, "process"))
		attrs = appendText(attrs, keyDestination, k.source)
	}
	return newPlan(operation+" "+lastOf(k.path), kind, attrs...)
}

// sourceOf is an event source in the words of the conventions: what triggers, the
// messaging system if it is one, and the kind of the span.
func sourceOf(service string) (trigger, system string, kind trace.SpanKind) {
	switch service {
	case "sqs":
		return "pubsub", systemSQS, trace.SpanKindConsumer
	case "sns":
		return "pubsub", systemSNS, trace.SpanKindConsumer
	case "kinesis":
		return "pubsub", systemKinesis, trace.SpanKindConsumer
	case "kafka":
		return "pubsub", "kafka", trace.SpanKindConsumer
	case "events":
		return "pubsub", "aws.eventbridge", trace.SpanKindConsumer
	case "dynamodb", "s3", "logs":
		return "datasource", "", trace.SpanKindConsumer
	case "scheduler":
		return "timer", "", trace.SpanKindConsumer
	}
	return "other", "", trace.SpanKindServer // somebody waits for an answer
}

// destinationOf is the queue, topic or stream of a record, by its own name. Of other
// sources it is none: senders of events choose what they are called, and could make a
// plan of each.
func destinationOf(req *handler.Request, r *datastore.Record) string {
	switch req.FrontDoor() {
	case "sqs", "sns", "kinesis":
		return lastOf(r.Source)
	case "kafka":
		return lastOf(req.Path())
	}
	return ""
}

// appendRecord adds what tells one record from others.
func appendRecord(attrs []attribute.KeyValue, r *datastore.Record) []attribute.KeyValue {
	if r == nil {
		return attrs
	}
	switch r.Service {
	case "sqs", "sns", "kinesis", "kafka", "events":
		attrs = appendText(attrs, keyMessageID, cut(r.ID))
		attrs = append(attrs, attribute.Int(keyMessageBody, len(r.Data)))
	}
	if r.Attempt > 0 {
		attrs = append(attrs, attribute.Int(keyAttempt, r.Attempt))
	}
	return attrs
}

// lastOf is what stands behind the last "/" or ":": the name in a path, a URL or an ARN.
func lastOf(s string) string {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' || s[i] == ':' {
			return s[i+1:]
		}
	}
	return s
}
