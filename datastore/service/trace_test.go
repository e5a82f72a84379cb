package service_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localservice"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

type tracing datastore.Trace

func (t *tracing) Trace(context.Context) datastore.Trace { return datastore.Trace(*t) }

// TestTrace: a request has the trace that it belongs to, unless it has its own.
func TestTrace(t *testing.T) {
	t.Parallel()
	var got http.Header
	data := datastore.New([]datastore.Driver{localservice.New(map[string]http.Handler{"billing": http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got = r.Header
	})})}, nil)
	calls := datastore.Use[service.Caller](function("api"), service.New(data, "billing", nil))
	ctx := datastore.WithTracing(t.Context(), &tracing{Parent: "p", State: "s"})
	for _, own := range []string{"", "mine"} {
		req, err := http.NewRequestWithContext(ctx, "GET", "/", nil)
		if err != nil {
			t.Fatal(err)
		}
		want, state := "p", "s"
		if own != "" {
			req.Header.Set("Traceparent", own)
			want, state = own, ""
		}
		if _, err := calls.Do(req); err != nil {
			t.Fatal(err)
		}
		if got.Get("Traceparent") != want || got.Get("Tracestate") != state {
			t.Errorf("traceparent %q, tracestate %q, want %q, %q", got.Get("Traceparent"), got.Get("Tracestate"), want, state)
		}
	}
}
