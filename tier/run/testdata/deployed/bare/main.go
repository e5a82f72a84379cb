// Command bare has a database that a deployment migrates, and no driver that logs in
// to it.
package main

import (
	"context"
	"os"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdspostgres"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("bare")
	fn := app.Function("run")
	datastore.Use[sqldb.Reader](fn, sqldb.New(data, "main", sqldb.Postgres,
		sqldb.Migrations(migrate.OnDeploy(os.DirFS(os.Getenv("MIGRATIONS")))),
		sqldb.OwnerSecret(secret.NewLogin(data, "owner", nil))))
	fn.Invoke(handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }))
	return app
}

func main() { run.Main(newApp, rdspostgres.Driver) }
