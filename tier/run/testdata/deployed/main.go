// Command deployed has a database of each dialect whose migrations a deployment
// applies, for the tests of package run. They are read from the folder that the
// variable MIGRATIONS names.
package main

import (
	"context"
	"os"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/smsecret"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdsmysql"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdspostgres"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type entries interface {
	sqldb.Reader
	sqldb.Writer
}

// asked says in which database, by which user, to run a statement.
type asked struct {
	Database  string `json:"database"`
	Write     bool   `json:"write"`
	Statement string `json:"statement"`
}

type answer struct {
	Cents int    `json:"cents"`
	Error string `json:"error,omitempty"`
}

type book map[string]entries

func (b book) run(ctx context.Context, in asked) (out answer, _ error) {
	var err error
	if in.Write {
		_, err = b[in.Database].Write().ExecContext(ctx, in.Statement)
	} else {
		err = b[in.Database].Read().QueryRowContext(ctx, in.Statement).Scan(&out.Cents)
	}
	if err != nil {
		out.Error = err.Error()
	}
	return out, nil
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("deployed")
	fn := app.Function("run")
	writer, reader := secret.NewLogin(data, "writer", nil), secret.NewLogin(data, "reader", nil)
	use := func(name string, engine sqldb.Engine) entries {
		return datastore.Use[entries](fn, sqldb.New(data, name, engine, sqldb.Secret(writer, reader),
			sqldb.Migrations(migrate.OnDeploy(os.DirFS(os.Getenv("MIGRATIONS")))),
			sqldb.OwnerSecret(secret.NewLogin(data, name+"-master", nil))))
	}
	fn.Invoke(handler.New(book{"main": use("main", sqldb.AuroraPostgres), "books": use("books", sqldb.MySQL)}.run))
	return app
}

func main() { run.Main(newApp, rdspostgres.Driver, rdsmysql.Driver, smsecret.Driver) }
