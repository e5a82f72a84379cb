// Command mocks is an API whose routes are all answered by the gateway, for the
// tests of package run.
package main

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type thing struct {
	ID string `json:"id"`
}

type byID struct {
	ID string `path:"id"`
}

func newApp(*datastore.Data) *tier.App {
	app := tier.New("sketch")
	get := func(context.Context, byID) (thing, error) { panic("nobody wrote this yet") }
	app.API("things").Handle("GET /things/{id}", handler.New(get, handler.Example(thing{ID: "7"})), tier.Mock())
	return app
}

func main() { run.Main(newApp) }
