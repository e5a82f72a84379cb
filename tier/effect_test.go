package tier_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestOnceMistakes: a record that middleware.Once fails because another delivery works
// on it must not be given up for it, and one whose sum was lost must not be skipped.
func TestOnceMistakes(t *testing.T) {
	t.Parallel()
	once := tier.With(middleware.Once(nil, nil))
	for _, c := range []struct {
		name    string
		declare func(*datastore.Data, *tier.Function)
		want    string // "" for none
	}{
		{"a queue", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[job](data, "jobs"), work[job], once)
		}, ""},
		{"one delivery", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[job](data, "jobs", queue.DeadLetter(1)), work[job], once)
		}, "write queue.DeadLetter(2) or more"},
		{"two deliveries", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[job](data, "jobs", queue.DeadLetter(2)), work[job], once)
		}, ""},
		{"one delivery without Once", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[job](data, "jobs", queue.DeadLetter(1)), work[job])
		}, ""},
		{"no retries", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, stream.New[job](data, "clicks"), work[job], once, tier.Retries(0))
		}, "write tier.Retries(1) or more"},
		{"retries", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, stream.New[job](data, "clicks"), work[job], once, tier.Retries(1))
		}, ""},
		{"a window", func(data *datastore.Data, f *tier.Function) {
			tier.Window(f, stream.New[click](data, "clicks"), time.Minute, count, over, once)
		}, "leave middleware.Once out"},
		{"nil", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[job](data, "jobs"), work[job], tier.With(nil))
		}, "a middleware is nil"},
	} {
		data, app := datastore.New(nil, nil), tier.New("shop")
		c.declare(data, app.Function("f"))
		err := errors.Join(app.Check()...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: Check = %v, want %q", c.name, err, c.want)
		}
	}
}

// TestOperationEffect: what is known of a route has what middleware adds to it, be it
// the route's or its API's.
func TestOperationEffect(t *testing.T) {
	t.Parallel()
	pay := handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	required := middleware.Once(nil, &middleware.OnceOptions{Key: middleware.RequireKey})
	app := tier.New("bank")
	api, guarded := app.API("api"), app.API("guarded")
	api.Handle("POST /payments", pay, tier.With(required))
	api.Handle("GET /payments", pay, tier.With(required))
	api.Handle("DELETE /payments", pay)
	guarded.Use(middleware.Once(nil, nil))
	guarded.Handle("POST /payments", pay)
	describe := func(r *tier.Route) string {
		op := r.Operation()
		text := r.String()
		for _, p := range op.Params {
			text += " " + p.Name
			if p.Required {
				text += " required"
			}
		}
		for _, e := range op.Errors {
			text += " " + e.Code
		}
		return text
	}
	var got []string
	for _, r := range append(api.Routes(), guarded.Routes()...) {
		got = append(got, describe(r))
	}
	const refusals = " in_flight answer_not_stored key_reused"
	want := "POST /payments Idempotency-Key required" + refusals + "\nGET /payments\nDELETE /payments\nPOST /payments Idempotency-Key" + refusals
	if strings.Join(got, "\n") != want {
		t.Errorf("the operations are\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	if op, err := pay.Describe(); err != nil || len(op.Params) > 0 || len(op.Errors) > 0 {
		t.Errorf("Describe of the handler = %+v, %v; want it without", op, err)
	}
}
