// Command bare declares stores that nothing on localhost keeps, for the tests of
// package run.
package main

import (
	"context"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdspostgres"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type which struct {
	Store string `json:"store"`
}

type said struct {
	Error string `json:"error"`
}

// opener uses one store and tells what that answers.
type opener map[string]func(context.Context) error

func (o opener) open(ctx context.Context, in which) (said, error) {
	if err := o[in.Store](ctx); err != nil {
		return said{err.Error()}, nil
	}
	return said{}, nil
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("bare")
	fn := app.Function("open")
	database := func(name string, engine sqldb.Engine, opts ...sqldb.Option) func(context.Context) error {
		db := datastore.Use[sqldb.Reader](fn, sqldb.New(data, name, engine, opts...))
		return func(ctx context.Context) error {
			var one int
			return db.Read().QueryRowContext(ctx, "SELECT 1").Scan(&one)
		}
	}
	files := datastore.Use[blob.GetSigner](fn, blob.New(data, "files", blob.EncryptedBy(key.New(data, "pii", nil))))
	hush := datastore.Use[secret.Getter[secret.Text]](fn, secret.New[secret.Text](data, "hush", secret.Parameter, nil))
	calls := datastore.Use[service.Caller](fn, service.New(data, "billing", nil).Route("GET /bills"))
	sales := datastore.Use[warehouse.Runner](fn, warehouse.New(data, "sales", warehouse.Serverless))
	datastore.Use[warehouse.Runner](fn, warehouse.New(data, "wired", warehouse.Serverless, warehouse.Wire(),
		warehouse.Secret(secret.NewLogin(data, "wired-writer", nil), secret.NewLogin(data, "wired-reader", nil))))
	datastore.Use[warehouse.Runner](fn, warehouse.New(data, "asked", warehouse.Serverless,
		warehouse.Secret(secret.NewLogin(data, "asked-writer", nil), secret.NewLogin(data, "asked-reader", nil))))
	fn.Invoke(handler.New(opener{
		"portable": database("portable", sqldb.MySQL, sqldb.Portable()),
		"mysql":    database("mysql", sqldb.MySQL),
		"postgres": database("postgres", sqldb.Postgres),
		"sales": func(ctx context.Context) error {
			_, err := sales.Run(ctx, warehouse.Statement{SQL: "SELECT 1"})
			return err
		},
		"files": func(ctx context.Context) error {
			_, err := files.SignGet(ctx, "a", time.Minute)
			return err
		},
		"hush": func(ctx context.Context) error {
			_, err := hush.Get(ctx)
			return err
		},
		"billing": func(ctx context.Context) error {
			_, err := service.Call[struct{}](ctx, calls, "GET", "/bills", nil)
			return err
		},
	}.open))
	return app
}

func main() { run.Main(newApp, rdspostgres.Driver) }
