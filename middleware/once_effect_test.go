package middleware_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// TestOnceEffect: documents learn of the header and of the refusals.
func TestOnceEffect(t *testing.T) {
	t.Parallel()
	own := func(context.Context, *handler.Request) (string, error) { return "7", nil }
	const refusals = "409 in_flight 409 answer_not_stored 422 key_reused"
	for _, c := range []struct {
		name, method string
		opts         *middleware.OnceOptions
		want         string
	}{
		{"a key that may be there", "POST", nil, "header Idempotency-Key " + refusals + " once"},
		{"a key that must", "POST", &middleware.OnceOptions{Key: middleware.RequireKey}, "header Idempotency-Key required " + refusals + " once"},
		{"on any method", "", &middleware.OnceOptions{Key: middleware.RequireKey}, "header Idempotency-Key " + refusals + " once"},
		{"a key from elsewhere", "PUT", &middleware.OnceOptions{Key: own}, refusals + " once"},
		{"a method that passes", "GET", &middleware.OnceOptions{Key: middleware.RequireKey}, ""},
		{"a record", "RECORD", nil, "once"},
	} {
		e := handler.EffectOf(c.method, middleware.Once(nil, c.opts))
		var got string
		add := func(format string, args ...any) {
			if got != "" {
				got += " "
			}
			got += fmt.Sprintf(format, args...)
		}
		for _, p := range e.Headers {
			add("header %s", p.Name)
			if p.Required {
				add("required")
			}
		}
		for _, f := range e.Errors {
			add("%d %s", f.StatusCode(), f.Code)
			if f.Message == "" {
				t.Errorf("%s: %d has no message", c.name, f.StatusCode())
			}
		}
		if e.Once {
			add("once")
		}
		if got != c.want {
			t.Errorf("%s: effect %q, want %q", c.name, got, c.want)
		}
	}
}
