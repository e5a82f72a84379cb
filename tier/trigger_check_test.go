package tier_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestTriggerCheck: a record is decoded and validated, and no function runs.
func TestTriggerCheck(t *testing.T) {
	t.Parallel()
	data, app := datatest.New(t), tier.New("shop")
	worker := app.Function("worker")
	tier.On(worker, queue.New[job](data, "jobs"), func(context.Context, job) error { return errors.New("it ran") })
	tier.On(worker, queue.New[string](data, "texts"), func(context.Context, string) error { return errors.New("it ran") })
	tier.Forward(app, topic.New[job](data, "placed"), queue.New[job](data, "others"))
	checks := map[string]func(context.Context, *datastore.Record) error{
		"jobs": worker.Triggers()[0].Check, "texts": worker.Triggers()[1].Check, "placed": app.Forwardings()[0].Check,
	}
	const good = `{"id":"3f2b6c1e-8a4d-4c59-9b1e-2a7d5c8e9f01"}`
	for _, c := range []struct{ to, data, want string }{
		{"jobs", good, ""},
		{"jobs", `{"id":"7"}`, "body.id must be"},
		{"jobs", `{"id":7}`, "body.id"},
		{"jobs", `{`, "body is not JSON"},
		{"texts", "7", ""},
		{"placed", good, ""},
		{"placed", `{}`, "body.id is required"},
	} {
		err := checks[c.to](t.Context(), &datastore.Record{Data: []byte(c.data)})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("Check of %s: %s: error = %v, want %q", c.to, c.data, err, c.want)
		}
	}
}
