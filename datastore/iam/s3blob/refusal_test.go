package s3blob_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
)

// plain is a bucket without the right to list, so that what is denied is not looked for.
type plain interface {
	blob.Getter
	blob.Putter
	blob.Deleter
}

// TestRefusals: what the errors of all services mean, which operations are sent again
// after them, and that no content is in their text.
func TestRefusals(t *testing.T) {
	t.Parallel()
	faults.Refusals[plain]{
		Open: func(t *testing.T, client *http.Client) plain {
			return datastore.Use[plain](function{}, blob.New(onServer(config(t, "http://s3.invalid", client), "bucket"), "files"))
		},
		Refuse: failure,
		Good:   faults.Answer{Header: http.Header{"Etag": {`"e"`}, "Content-Length": {"0"}}},
		Operations: []faults.Operation[plain]{
			{Name: "Get", Do: func(ctx context.Context, f plain) error {
				_, _, err := blob.ReadAll(ctx, f, "a", 10)
				return err
			}},
			{Name: "Put", Write: true, Repeatable: true, Do: func(ctx context.Context, f plain) error {
				_, err := f.Put(ctx, "a", strings.NewReader("hunter2"))
				return err
			}},
			{Name: "Delete", Write: true, Repeatable: true, Do: func(ctx context.Context, f plain) error { return f.Delete(ctx, "a") }},
			{Name: "conditional Delete", Write: true, Do: func(ctx context.Context, f plain) error { return f.Delete(ctx, "a", blob.IfMatch(`"x"`)) }},
		},
		Service: []faults.Refusal{
			{Status: 503, Code: "SlowDown", Want: datastore.ErrThrottled, Again: true},
			{Status: 403, Code: "ExpiredToken", Want: datastore.ErrDenied},
			{Status: 403, Code: "RequestTimeTooSkewed", Want: datastore.ErrUnavailable, Again: true},
		},
		Secret: "hunter2",
	}.Run(t)
}
