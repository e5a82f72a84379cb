// Command mistakes declares much that is wrong, for the tests of package run.
package main

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type thing struct {
	ID string `json:"id" validate:"nosuchrule"`
}

type other struct {
	ID string `table:"id,pk"`
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("wrong")
	api := app.API("things")
	api.Handle("GET things", handler.New(list))
	api.Handle("GET /things/{id}", handler.New(list))
	api.Handle("POST /things", handler.New(place))
	table.New[thing](data, "no-key")
	if len(data.Errs()) == 0 {
		datastore.Use[table.Getter[thing]](api, table.New[other](data, "others"))
	}
	return app
}

func list(context.Context, struct{}) ([]thing, error) { return nil, nil }

func place(_ context.Context, in thing) (thing, error) { return in, nil }

func main() { run.Main(newApp) }
