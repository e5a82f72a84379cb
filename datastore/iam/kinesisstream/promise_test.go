package kinesisstream_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// streams are handles on one stream, whose readers know a record again or not.
type streams struct{ once, idempotent both }

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	records := []stream.Record[string]{{Key: "k", Body: "a"}, {Key: "l", Body: "b"}}
	faults.Promises[streams]{
		Serve: func(t *testing.T) (upstream, told string) {
			url := servers.URL(t, "TIERKIT_TEST_KINESIS")
			return url, newStream(t, url, stream.Spec{MaxRecord: stream.DefaultRecord})
		},
		Open: func(_ *testing.T, url, told string, now func() time.Time) streams {
			data := dataFor(config(url, iam.HTTPClientAt(now)), told)
			return streams{
				datastore.Use[both](function{}, stream.New[string](data, "clicks")),
				datastore.Use[both](function{}, stream.New[string](data, "views", stream.Idempotent())),
			}
		},
		Operations: []faults.Operation[streams]{
			{Name: "Put", Write: true, Do: func(ctx context.Context, s streams) error {
				_, err := s.once.Put(ctx, "k", "x")
				return err
			}},
			{Name: "PutMany", Write: true, Do: func(ctx context.Context, s streams) error {
				_, err := s.once.PutMany(ctx, records)
				return err
			}},
			{Name: "Put, idempotent", Write: true, Repeatable: true, Do: func(ctx context.Context, s streams) error {
				_, err := s.idempotent.Put(ctx, "k", "x")
				return err
			}},
			{Name: "PutMany, idempotent", Write: true, Repeatable: true, Do: func(ctx context.Context, s streams) error {
				_, err := s.idempotent.PutMany(ctx, records)
				return err
			}},
		},
	}.Run(t)
}
