// Command depot has one function that works off records of every kind of source, for
// the tests of package run.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type job struct {
	ID string `json:"id" validate:"required,max=10"`
}

type order struct {
	ID    string `table:"id,pk"`
	Total int    `json:"total"`
}

// tell says on stderr what was worked off, and fails or panics if the id says so.
func tell(ctx context.Context, what, id string) error {
	r := datastore.RecordFrom(ctx)
	function, _ := datastore.FunctionFrom(ctx)
	fmt.Fprintf(os.Stderr, "%s: %s %s, attempt %d, group %q\n", function, what, id, r.Attempt, r.Group)
	switch id {
	case "fail":
		return fmt.Errorf("the %s went wrong", what)
	case "panic":
		panic("as asked")
	}
	return nil
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("depot")
	worker := app.Function("worker")
	work := func(what string) func(context.Context, job) error {
		return func(ctx context.Context, j job) error { return tell(ctx, what, j.ID) }
	}
	tier.On(worker, queue.New[job](data, "jobs"), work("job"))
	tier.On(worker, queue.New[job](data, "ordered", queue.FIFO()), work("ordered job"), tier.Parallel(4))
	tier.On(worker, topic.New[string](data, "news"), func(ctx context.Context, text string) error { return tell(ctx, "news", text) })
	tier.On(worker, stream.New[[]byte](data, "clicks"), func(ctx context.Context, b []byte) error { return tell(ctx, "click", string(b)) })
	tier.On(worker, table.New[order](data, "orders").Changes(), func(ctx context.Context, c table.ItemChange[order]) error {
		if c.New == nil {
			return tell(ctx, "removed order", c.Old.ID)
		}
		return tell(ctx, fmt.Sprint("order of ", c.New.Total), c.New.ID)
	})
	photos := blob.New(data, "photos")
	tier.On(worker, photos.Under("in/").Created(), func(ctx context.Context, e blob.Event) error { return tell(ctx, "new photo", e.Key) })
	tier.On(worker, photos.Under("in/").Removed(), func(ctx context.Context, e blob.Event) error { return tell(ctx, "removed photo", e.Key) })
	return app
}

func main() { run.Main(newApp) }
