package lambda_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

type byID struct {
	ID     string `path:"id" validate:"required"`
	Expand bool   `query:"expand"`
}

// service is the application of the benchmarks: two operations, and 50
// resources of four routes each.
func service(b testing.TB) handler.Handler {
	b.Helper()
	get := func(_ context.Context, in byID) (order, error) { return getOrder(in.ID, in.Expand), nil }
	list := func(context.Context, struct{}) (order, error) { return getOrder(orderID, false), nil }
	place := func(_ context.Context, in createOrder) (order, error) { return placeOrder(&in), nil }
	mux := handler.NewMux()
	route := func(pattern string, h handler.Handler) {
		if err := mux.Route(pattern, h); err != nil {
			b.Fatal(err)
		}
	}
	route("GET /orders/{id}", handler.New(get))
	route("POST /orders", handler.New(place, handler.Status(http.StatusCreated)))
	for i := range 50 {
		path := "/" + resource(i)
		route("GET "+path, handler.New(list))
		route("POST "+path, handler.New(place, handler.Status(http.StatusCreated)))
		route("GET "+path+"/{id}", handler.New(get))
		route("PUT "+path+"/{id}", handler.New(get))
	}
	return mux
}

// BenchmarkInvoke is a whole invocation, from the event's bytes to the answer's,
// beside the hand-written function in the same run: x-raw is the ratio.
func BenchmarkInvoke(b *testing.B) {
	r, d := newRaw(), lambda.New(service(b), nil)
	b.Run("1-get-v2", func(b *testing.B) { compare(b, getV2(), http.StatusOK, r.v2(), d) })
	b.Run("2-post-1k", func(b *testing.B) { compare(b, postOf(5), http.StatusCreated, r.v2(), d) })
	b.Run("3-post-100k", func(b *testing.B) { compare(b, postOf(600), http.StatusCreated, r.v2(), d) })
	b.Run("4-get-v1", func(b *testing.B) { compare(b, getV1(), http.StatusOK, r.v1(), d) })
	b.Run("5-routes-200", func(b *testing.B) { compare(b, lastOf200(), http.StatusOK, r.v2(), d) })
}
