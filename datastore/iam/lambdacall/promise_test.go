package lambdacall_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

// functions are handles on one function, which can be called twice or not.
type functions struct{ once, idempotent both }

func functionsBy(client *http.Client, url string) functions {
	data := dataFor(config(url, client))
	return functions{
		datastore.Use[both](function{}, call.New[int, int](data, "f")),
		datastore.Use[both](function{}, call.New[int, int](data, "g", call.Idempotent())),
	}
}

// operations are one of each sort.
var operations = []faults.Operation[functions]{
	{Name: "Call", Write: true, Whole: true, Do: func(ctx context.Context, f functions) error {
		_, err := f.once.Call(ctx, 8675309)
		return err
	}},
	{Name: "Start", Write: true, Do: func(ctx context.Context, f functions) error { return f.once.Start(ctx, 8675309) }},
	{Name: "Call, idempotent", Write: true, Repeatable: true, Whole: true, Do: func(ctx context.Context, f functions) error {
		_, err := f.idempotent.Call(ctx, 8675309)
		return err
	}},
	{Name: "Start, idempotent", Write: true, Repeatable: true, Do: func(ctx context.Context, f functions) error {
		return f.idempotent.Start(ctx, 8675309)
	}},
}

// TestPromises: what is promised of a network that fails, on our own server.
func TestPromises(t *testing.T) {
	faults.Promises[functions]{
		Serve: func(t *testing.T) (upstream, told string) {
			server := httptest.NewServer(&invoke{t: t, run: func([]byte) ([]byte, error) { return []byte("2"), nil }})
			t.Cleanup(server.Close)
			return server.URL, ""
		},
		Open: func(_ *testing.T, url, _ string, now func() time.Time) functions {
			return functionsBy(iam.HTTPClientAt(now), url)
		},
		Operations: operations,
	}.Run(t)
}
