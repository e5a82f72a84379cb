package handler_test

import (
	"context"
	"reflect"
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// guard is a middleware's handler that says what it adds.
type guard struct {
	handler.Handler
	name string
}

func (g guard) Effect(method string) handler.Effect {
	return handler.Effect{
		Headers: []handler.HeaderText{{Name: g.name, Required: method == "POST"}},
		Errors:  []*handler.Error{{Status: 409, Code: g.name}},
		Once:    method == "RECORD",
	}
}

func guarding(name string) handler.Middleware {
	return func(next handler.Handler) handler.Handler { return guard{next, name} }
}

// TestEffectOf: what middleware adds is told of all, of those that say it.
func TestEffectOf(t *testing.T) {
	t.Parallel()
	calls := 0
	silent := func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			calls++
			return next.Handle(ctx, req)
		})
	}
	e := handler.EffectOf("POST", guarding("A"), nil, silent, guarding("B"))
	if len(e.Headers) != 2 || e.Headers[1].Name != "B" || len(e.Errors) != 2 || e.Once || calls != 0 {
		t.Errorf("EffectOf = %+v, %d calls", e, calls)
	}
	if e := handler.EffectOf("RECORD", silent, guarding("A")); !e.Once {
		t.Errorf("EffectOf of a record = %+v, want Once", e)
	}
	if e := handler.EffectOf("GET"); !reflect.DeepEqual(e, handler.Effect{}) {
		t.Errorf("EffectOf of no middleware = %+v", e)
	}
	probe := func(next handler.Handler) handler.Handler {
		if _, err := next.Handle(t.Context(), handlertest.Request("GET", "/")); err == nil {
			t.Error("the handler in place of the next succeeds")
		}
		return next
	}
	handler.EffectOf("GET", probe)
}

// TestEffectOn: an operation gets what is added to it once, in a copy.
func TestEffectOn(t *testing.T) {
	t.Parallel()
	op := &schema.Operation{
		Params: []schema.Param{{In: schema.InHeader, Name: "a"}, {In: schema.InQuery, Name: "B"}},
		Errors: []schema.Failure{{Status: 409, Code: "A"}},
	}
	got := handler.EffectOf("POST", guarding("A"), guarding("B"), guarding("B")).On(op)
	var names []string
	for _, p := range got.Params {
		if !p.Required && p.In == schema.InHeader {
			t.Errorf("%s is not required", p.Name)
		}
		names = append(names, string(p.In)+" "+p.Name)
	}
	if want := []string{"header a", "query B", "header B"}; !slices.Equal(names, want) || len(got.Errors) != 2 {
		t.Errorf("On = %v and %v, want %v and two errors", names, got.Errors, want)
	}
	if op.Params[0].Required || len(op.Params) != 2 || len(op.Errors) != 1 {
		t.Errorf("the operation before is %+v", op)
	}
	if same := (handler.Effect{Once: true}).On(op); same != op {
		t.Error("an effect that adds nothing makes a copy")
	}
}
