package middleware_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// BenchmarkGuards is what each guard costs beside the bare handler, when nothing fails.
func BenchmarkGuards(b *testing.B) {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	states := middleware.CircuitsInTable(datastore.Use[middleware.CircuitTable](function{}, table.New[middleware.Circuit](data, "circuits")))
	resp := &handler.Response{Status: 200}
	bare := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return resp, nil })
	req := handlertest.Request("GET", "/")
	run := func(name string, h handler.Handler) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Handle(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("bare", bare)
	run("retry", middleware.NewRetry(nil).Middleware()(bare))
	run("breaker", middleware.NewBreaker("b", nil, nil).Middleware()(bare))
	run("breaker, shared", middleware.NewBreaker("b", states, nil).Middleware()(bare))
	run("bulkhead", middleware.NewBulkhead("b", 4, nil).Middleware()(bare))
	run("hedge", middleware.NewHedge(&middleware.HedgeOptions{Delay: time.Minute}).Middleware()(bare))
	b.Run("guarded by retry and breaker", func(b *testing.B) {
		retry, breaker := middleware.NewRetry(nil), middleware.NewBreaker("b", nil, nil)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := middleware.Guarded(b.Context(), func(context.Context) (*handler.Response, error) { return resp, nil }, retry, breaker); err != nil {
				b.Fatal(err)
			}
		}
	})
}
