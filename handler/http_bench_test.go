package handler_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
)

func BenchmarkBridges(b *testing.B) {
	body := []byte(`{"id":"7"}`)
	native := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, nil
	})
	std := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})
	e := plain("GET", "/orders/7?q=1").with("Accept", "*/*").with("User-Agent", "bench").with("X-Forwarded-For", "203.0.113.7")
	for _, bb := range []struct {
		name string
		h    handler.Handler
	}{
		{"native", native},
		{"FromHTTP", handler.FromHTTP(std)},
		{"FromHTTPMiddleware", handler.Chain(native, handler.FromHTTPMiddleware(unchanged))},
	} {
		b.Run(bb.name, func(b *testing.B) {
			ctx := b.Context()
			b.ReportAllocs()
			for b.Loop() {
				resp, err := bb.h.Handle(ctx, e.request())
				if err != nil || len(resp.Body) != len(body) {
					b.Fatal(resp, err)
				}
				resp.Done(nil)
			}
		})
	}
	b.Run("ToHTTP", func(b *testing.B) {
		h := handler.ToHTTP(native, nil)
		r, _ := http.NewRequest("GET", "/orders/7?q=1", nil)
		r.Header = e.header
		w := &discard{header: http.Header{}}
		b.ReportAllocs()
		for b.Loop() {
			clear(w.header)
			h.ServeHTTP(w, r)
		}
	})
}

// discard is a writer that costs nothing.
type discard struct{ header http.Header }

func (w *discard) Header() http.Header         { return w.header }
func (w *discard) WriteHeader(int)             {}
func (w *discard) Write(p []byte) (int, error) { return len(p), nil }
