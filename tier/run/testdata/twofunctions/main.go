// Command twofunctions is one binary for two functions, for the tests of package
// run. Its driver keeps tables in memory and says which it opens.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type thing struct {
	ID string `json:"id" table:"id,pk"`
}

type byID struct {
	ID string `path:"id"`
}

type deadline struct {
	Seconds float64 `json:"seconds"`
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("two")
	api := app.API("writes")
	reads := api.Function("reads")
	written := datastore.Use[table.Creator[thing]](api, table.New[thing](data, "written"))
	read := datastore.Use[table.Getter[thing]](reads, table.New[thing](data, "read"))
	api.Handle("POST /things", handler.New(func(ctx context.Context, in thing) (thing, error) {
		return written.Create(ctx, in)
	}))
	reads.Handle("GET /things/{id}", handler.New(func(ctx context.Context, in byID) (thing, error) {
		return read.Get(ctx, table.PK(in.ID))
	}))
	reads.Handle("POST /stolen", handler.New(func(ctx context.Context, in thing) (thing, error) {
		return written.Create(ctx, in)
	}))
	reads.Handle("GET /panic", handler.New(func(context.Context, struct{}) (struct{}, error) {
		panic("as asked for")
	}))
	reads.Handle("GET /deadline", handler.New(func(ctx context.Context, _ struct{}) (deadline, error) {
		at, _ := ctx.Deadline()
		return deadline{time.Until(at).Seconds()}, nil
	}))
	return app
}

// opening says on stderr which tables are opened.
type opening struct{ *filetable.Driver }

func (o opening) OpenTable(ctx context.Context, data *datastore.Data, spec table.Spec) (table.Conn, error) {
	fmt.Fprintf(os.Stderr, "opened table %s\n", spec.Name())
	return o.Driver.OpenTable(ctx, data, spec)
}

func main() { run.Main(newApp, opening{filetable.Memory()}) }
