package socketconnection_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

// operations are one of each sort, with a secret.
var operations = []faults.Operation[all]{
	{Name: "Send", Write: true, Do: func(ctx context.Context, c all) error { return c.Send(ctx, "x", note{"hunter2"}) }},
	{Name: "State", Do: func(ctx context.Context, c all) error { _, err := c.State(ctx, "x"); return err }},
	{Name: "Close", Write: true, Repeatable: true, Do: func(ctx context.Context, c all) error { return c.Close(ctx, "x") }},
}

const state = `{"connectedAt":"2026-01-02T03:04:05Z","lastActiveAt":"2026-01-02T03:04:05Z"}`

// TestPromises: what is promised of a network that fails, on a server of ours that
// answers as API Gateway does.
func TestPromises(t *testing.T) {
	faults.Promises[all]{
		Serve: func(t *testing.T) (upstream, told string) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					_, _ = io.WriteString(w, state)
				}
			}))
			t.Cleanup(server.Close)
			return server.URL, ""
		},
		Open: func(_ *testing.T, url, _ string, now func() time.Time) all {
			return openAt(iam.HTTPClientAt(now), url+"/live")
		},
		Operations: operations,
	}.Run(t)
}

// TestRefusals: what each error means, and how often it is asked.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[all]{
		Open:       func(_ *testing.T, client *http.Client) all { return openAt(client, "http://scripted.invalid/live") },
		Refuse:     faults.RefuseJSON,
		Good:       faults.Answer{Body: state},
		Operations: operations,
		Service: []faults.Refusal{
			{Status: 403, Code: "ForbiddenException", Want: datastore.ErrDenied},
			{Status: 410, Code: "GoneException", Want: datastore.ErrNotFound},
			{Status: 413, Code: "PayloadTooLargeException", Want: datastore.ErrTooLarge},
			{Status: 429, Code: "LimitExceededException", Want: datastore.ErrThrottled, Again: true},
			{Status: 500, Code: "InternalServerError", Want: datastore.ErrUnavailable, Again: true, Lost: true},
		},
		Secret: "hunter2",
	}.Run(t)
}
