// Command vault has secrets that a function rotates, for the tests of package run.
package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type turner struct{ refuse error }

func (r turner) Create(_ context.Context, current *string) (string, error) {
	if r.refuse == nil {
		fmt.Println("a new seal")
	}
	if current == nil {
		return "seal", r.refuse
	}
	return *current + "'", r.refuse
}

func (turner) Set(context.Context, string, *string) error { return nil }

func (turner) Test(context.Context, string) error { return nil }

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("vault")
	api := app.API("vault")
	own := func(name string) *secret.Secret[string] { return secret.New[string](data, name, secret.Manager, nil) }
	seal, vendor := own("seal"), own("vendor")
	keep := datastore.Use[secret.Getter[string]](api, seal)
	datastore.Use[secret.Getter[string]](api, own("fixed"))
	api.Handle("GET /seal", handler.New(func(ctx context.Context, _ struct{}) (string, error) { return keep.Get(ctx) }))
	rotator := app.Function("rotator")
	tier.On(rotator, event.NewSchedule("seal", "rate(1 day)", "a look"), func(context.Context, string) error {
		return errors.New("the schedule ran, and not the rotation")
	})
	tier.On(rotator, seal.Rotation(24*time.Hour), secret.Steps(turner{}))
	tier.On(rotator, vendor.Rotation(24*time.Hour), secret.Steps(turner{errors.New("the vendor is closed")}))
	return app
}

func main() { run.Main(newApp) }
