package run_test

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

// A program is its declaration and this one call. It has no output here: Main
// serves, or runs a command, until the program ends.
func ExampleMain() {
	type name struct {
		Name string `path:"name"`
	}
	newApp := func(*datastore.Data) *tier.App {
		app := tier.New("greeter")
		app.API("hello").Handle("GET /hello/{name}", handler.New(
			func(_ context.Context, in name) (string, error) { return "hello " + in.Name, nil }))
		return app
	}
	run.Main(newApp)
}
