package kinesisstream_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// streams are handles on one stream, whose readers know a record again or not.
type streams struct{ once, idempotent both }

// streamsBy is handles on the stream of that name.
func streamsBy(cfg aws.Config, name string) streams {
	data := dataFor(cfg, name)
	return streams{
		datastore.Use[both](function{}, stream.New[string](data, "clicks")),
		datastore.Use[both](function{}, stream.New[string](data, "views", stream.Idempotent())),
	}
}

// operations are one of each sort, for records with a secret.
var operations = []faults.Operation[streams]{
	{Name: "Put", Write: true, Do: func(ctx context.Context, s streams) error {
		_, err := s.once.Put(ctx, "k", "hunter2")
		return err
	}},
	{Name: "PutMany", Write: true, Do: func(ctx context.Context, s streams) error {
		_, err := s.once.PutMany(ctx, []stream.Record[string]{{Key: "k", Body: "a"}, {Key: "l", Body: "b"}})
		return err
	}},
	{Name: "Put, idempotent", Write: true, Repeatable: true, Do: func(ctx context.Context, s streams) error {
		_, err := s.idempotent.Put(ctx, "k", "hunter2")
		return err
	}},
	{Name: "PutMany, idempotent", Write: true, Repeatable: true, Do: func(ctx context.Context, s streams) error {
		_, err := s.idempotent.PutMany(ctx, []stream.Record[string]{{Key: "k", Body: "a"}, {Key: "l", Body: "b"}})
		return err
	}},
}

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	faults.Promises[streams]{
		Serve: func(t *testing.T) (upstream, told string) {
			url := servers.URL(t, "TIERKIT_TEST_KINESIS")
			return url, newStream(t, url, stream.Spec{MaxRecord: stream.DefaultRecord})
		},
		Open: func(_ *testing.T, url, told string, now func() time.Time) streams {
			return streamsBy(config(url, iam.HTTPClientAt(now)), told)
		},
		Operations: operations,
	}.Run(t)
}
