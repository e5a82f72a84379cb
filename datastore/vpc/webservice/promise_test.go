package webservice_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	text := strings.Repeat("x", 10_000)
	send := func(method string) func(context.Context, service.Caller) error {
		return func(ctx context.Context, c service.Caller) error {
			req, err := http.NewRequestWithContext(ctx, method, "/", strings.NewReader("body"))
			if err != nil {
				return err
			}
			resp, err := c.Do(req)
			if err != nil {
				return err
			}
			if body, err := io.ReadAll(resp.Body); err != nil || string(body) != text {
				return errors.New("the answer is another one")
			}
			return nil
		}
	}
	faults.Promises[service.Caller]{
		Serve: func(t *testing.T) (upstream, told string) {
			return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) })), ""
		},
		Open: func(_ *testing.T, url, _ string, now func() time.Time) service.Caller {
			data := onServerBy(aws.Config{HTTPClient: iam.HTTPClientAt(now)}, url)
			return datastore.Use[service.Caller](function{}, service.New(data, "billing", nil))
		},
		Operations: []faults.Operation[service.Caller]{
			{Name: "GET", Do: send("GET")},
			{Name: "PUT", Do: send("PUT"), Write: true, Repeatable: true},
			{Name: "POST", Do: send("POST"), Write: true},
		},
	}.Run(t)
}
