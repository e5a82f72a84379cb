package lambdacall_test

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
)

type tracing datastore.Trace

func (t *tracing) Trace(context.Context) datastore.Trace { return datastore.Trace(*t) }

// TestTrace: a call has the trace in its client context; what is started has none, which
// Lambda would not pass on.
func TestTrace(t *testing.T) {
	t.Parallel()
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Amz-Client-Context"))
		if err != nil {
			t.Error(err)
		}
		got = string(text)
		if r.Header.Get("X-Amz-Invocation-Type") == "Event" {
			w.WriteHeader(202)
			return
		}
		_, _ = w.Write([]byte("2"))
	}))
	t.Cleanup(server.Close)
	f := datastore.Use[both](function{}, call.New[int, int](dataFor(config(server.URL, nil)), "suite"))
	ctx := datastore.WithTracing(t.Context(), &tracing{Parent: "p", State: "s"})
	if _, err := f.Call(ctx, 1); err != nil || got != `{"custom":{"traceparent":"p","tracestate":"s"}}` {
		t.Errorf("client context %s, %v", got, err)
	}
	if err := f.Start(ctx, 1); err != nil || got != "" {
		t.Errorf("client context of what is started %s, %v", got, err)
	}
}
