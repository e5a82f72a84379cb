package middleware_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// BenchmarkCache is what Cache costs beside the bare handler, with a cache in memory.
func BenchmarkCache(b *testing.B) {
	k := newKitchen(b)
	bare := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: make([]byte, 1024)}, nil
	})
	run := func(name string, h handler.Handler, req *handler.Request) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := h.Handle(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	cached := middleware.Cache(k.answers, time.Hour, nil)(bare)
	run("bare", bare, get("/a?b=c"))
	run("cache/hit", cached, get("/a?b=c"))
	run("cache/pass", cached, get("/a?b=c", handlertest.Header("Range", "bytes=0-1")))
}
