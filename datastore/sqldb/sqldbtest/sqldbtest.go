// Package sqldbtest is the conformance suite of package sqldb: what every driver
// must do, one case a rule. The embedded driver, datastore/embedded/sqlitedb, is
// the reference.
//
//	func TestConformance(t *testing.T) {
//		sqldbtest.Run(t, func(t testing.TB, files fs.FS) sqldbtest.Target {
//			return sqldbtest.Target{Data: ..., Engine: sqldb.Postgres}
//		})
//	}
package sqldbtest

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"regexp"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

//go:embed migrations
var migrations embed.FS

// Open prepares an empty database for one case: with the tables that files make,
// unless the driver itself applies migrations. It is called from several tests at
// once.
type Open func(t testing.TB, files fs.FS) Target

// Target is a database for one case.
type Target struct {
	// Data is where the case declares the database, as "main".
	Data    *datastore.Data
	Engine  sqldb.Engine
	Options []sqldb.Option // beside the migrations
}

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, db database)
}

// Run runs the suite on the databases that open prepares.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name  string
		rules []rule
	}{
		{"read", readRules},
		{"write", writeRules},
		{"tx", txRules},
		{"time", timeRules},
		{"own", ownRules},
	} {
		for _, r := range group.rules {
			t.Run(group.name+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("the rule: %s", r.why)
					}
				})
				r.run(t, start(t, open))
			})
		}
	}
}

// all is everything that may be done to a database.
type all interface {
	sqldb.Reader
	sqldb.Writer
	sqldb.Transactor
	sqldb.Owner
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// database is one that a case has to itself.
type database struct {
	all
	dialect sqldb.Dialect // as it is written; SQLite takes PostgreSQL's parameters
}

func start(t *testing.T, open Open) database {
	t.Helper()
	target := open(t, migrations)
	declared := sqldb.New(target.Data, "main", target.Engine, append(target.Options, sqldb.Migrations(migrations))...)
	for _, err := range target.Data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	t.Cleanup(func() {
		if err := declared.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return database{datastore.Use[all](function{}, declared), target.Engine.Dialect()}
}

var parameter = regexp.MustCompile(`\$[0-9]+`)

// sql is a query in the database's dialect. Its parameters must be in order.
func (d database) sql(query string) string {
	if d.dialect == sqldb.DialectMySQL {
		return parameter.ReplaceAllString(query, "?")
	}
	return query
}

// account adds an account.
func (d database) account(t testing.TB, id string, balance int) {
	t.Helper()
	if err := d.insert(t.Context(), id, balance); err != nil {
		t.Fatalf("insert account %s: %v", id, err)
	}
}

func (d database) insert(ctx context.Context, id string, balance int) error {
	_, err := d.Write().ExecContext(ctx, d.sql("INSERT INTO accounts (id, owner, balance) VALUES ($1, $2, $3)"), id, "o'wner \\ü", balance)
	return err
}

// balance of an account, read by the reader.
func (d database) balance(ctx context.Context, id string) (n int, err error) {
	err = d.Read().QueryRowContext(ctx, d.sql("SELECT balance FROM accounts WHERE id = $1"), id).Scan(&n)
	return n, err
}

// want fails unless the account has the balance.
func (d database) want(t testing.TB, id string, balance int) {
	t.Helper()
	if got, err := d.balance(t.Context(), id); got != balance || err != nil {
		t.Errorf("balance of %s = %d, %v, want %d", id, got, err, balance)
	}
}

// wantError fails unless err is a [*datastore.Error] of kind, of this store.
func wantError(t testing.TB, what string, err, kind error) {
	t.Helper()
	own, ok := errors.AsType[*datastore.Error](err)
	if !ok || !errors.Is(err, kind) || own.Store != "sqldb main" || own.Op == "" {
		t.Errorf("%s: error = %v (%T), want %v of sqldb main", what, err, err, kind)
	}
}
