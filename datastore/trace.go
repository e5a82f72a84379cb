package datastore

import (
	"context"
	"slices"
)

// Trace is the place in a distributed trace from which something is sent, as the
// headers of the W3C have it. Kinds pass it on with what they send: requests of a
// service, calls of a function, messages of queues and topics.
//
// See https://www.w3.org/TR/trace-context/
type Trace struct {
	Parent string // traceparent; "" for no trace
	State  string // tracestate; "" for none
}

// The names of the headers of a [Trace]. The attributes of a message have the same.
const (
	TraceParent = "traceparent"
	TraceState  = "tracestate"
)

// Tracing knows the traces of an application; package middleware/otel has one. It must
// be safe for concurrent use, and comparable.
type Tracing interface {
	// Trace is the place in which ctx is, which belongs to the operation that sends.
	Trace(ctx context.Context) Trace
}

type tracingKey struct{}

// WithTracing is a context whose operations pass on the trace that t knows of it; none if
// t is nil.
func WithTracing(ctx context.Context, t Tracing) context.Context {
	if own, _ := ctx.Value(tracingKey{}).(Tracing); own == t {
		return ctx
	}
	return context.WithValue(ctx, tracingKey{}, t)
}

// TraceFrom is the trace to pass on with what is sent for ctx, the zero value for none.
func TraceFrom(ctx context.Context) Trace {
	if t, _ := ctx.Value(tracingKey{}).(Tracing); t != nil {
		return t.Trace(ctx)
	}
	return Trace{}
}

// Attributes are those of a message with the ones of the trace: a copy, and list itself
// if there is no trace, if it has one of its own, or if there were more than most
// attributes or more than room bytes of them by it. A message is not refused for its
// trace.
func (t Trace) Attributes(list []Attribute, most, room int) []Attribute {
	parent := Attribute{TraceParent, AttributeString, t.Parent}
	state := Attribute{TraceState, AttributeString, t.State}
	own := func(a Attribute) bool { return a.Name == TraceParent || a.Name == TraceState }
	if t.Parent == "" || len(list)+1 > most || parent.Size() > room || slices.ContainsFunc(list, own) {
		return list
	}
	all := append(slices.Clip(list), parent)
	if t.State != "" && len(all) < most && parent.Size()+state.Size() <= room {
		all = append(all, state)
	}
	return all
}
