package datastore_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

type tracing datastore.Trace

func (t *tracing) Trace(context.Context) datastore.Trace { return datastore.Trace(*t) }

func TestTraceFrom(t *testing.T) {
	t.Parallel()
	if got := datastore.TraceFrom(t.Context()); got != (datastore.Trace{}) {
		t.Errorf("TraceFrom = %v, want none", got)
	}
	own := &tracing{Parent: "p", State: "s"}
	ctx := datastore.WithTracing(t.Context(), own)
	if got := datastore.TraceFrom(ctx); got.Parent != "p" || got.State != "s" {
		t.Errorf("TraceFrom = %v", got)
	}
	if again := datastore.WithTracing(ctx, own); again != ctx {
		t.Error("the same twice made another context")
	}
	if got := datastore.TraceFrom(datastore.WithTracing(ctx, nil)); got != (datastore.Trace{}) {
		t.Errorf("TraceFrom = %v after it was taken away", got)
	}
}

func TestTraceAttributes(t *testing.T) {
	t.Parallel()
	trace := datastore.Trace{Parent: "p", State: "s"}
	nine := make([]datastore.Attribute, 9)
	for _, tt := range []struct {
		name  string
		trace datastore.Trace
		list  []datastore.Attribute
		room  int
		want  int
	}{
		{"both", trace, nil, 100, 2},
		{"no state", datastore.Trace{Parent: "p"}, nil, 100, 1},
		{"no trace", datastore.Trace{}, nil, 100, 0},
		{"room for one attribute", trace, nine, 100, 10},
		{"room for none", trace, append(slices.Clone(nine), datastore.Attribute{}), 100, 10},
		{"room for one's bytes", trace, nil, len("traceparentStringp"), 1},
		{"no room", trace, nil, 5, 0},
		{"its own", trace, []datastore.Attribute{{Name: "traceparent", Type: datastore.AttributeString, Value: "mine"}}, 100, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.trace.Attributes(tt.list, 10, tt.room); len(got) != tt.want {
				t.Errorf("%d attributes, want %d: %v", len(got), tt.want, got)
			}
		})
	}
}

// TestWatch: all observers are told, the first outermost.
func TestWatch(t *testing.T) {
	t.Parallel()
	var said []string
	watch := func(name string) datastore.Observer {
		return func(ctx context.Context, op datastore.Operation) (context.Context, func(error)) {
			said = append(said, name+" "+op.Op)
			return ctx, func(err error) { said = append(said, name+" "+err.Error()) }
		}
	}
	data := datastore.New(nil, &datastore.Options{Observe: watch("a")})
	data.Watch(nil)
	data.Watch(watch("b"))
	data.Watch(func(ctx context.Context, _ datastore.Operation) (context.Context, func(error)) { return ctx, nil })
	_, done := data.Observe(t.Context(), spec{"pad", "a"}, "Read")
	done(errors.New("end"))
	if got := strings.Join(said, ", "); got != "a Read, b Read, b end, a end" {
		t.Errorf("told %s", got)
	}
}
