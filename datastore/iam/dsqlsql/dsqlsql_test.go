package dsqlsql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dsqlsql"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/sqldbtest"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

func config() aws.Config {
	return aws.Config{Region: "eu-central-1", Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "session"}, nil
	})}
}

// newData is a Data whose variables all hold address.
func newData(address string) *datastore.Data {
	return datastore.New([]datastore.Driver{dsqlsql.With(config())}, &datastore.Options{
		Lookup: func(string) (string, bool) { return address, address != "" },
	})
}

// Databases and users differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

const password = "not-a-secret"

// newDatabase makes a database in the server, with a writer and a reader, and the
// tables of files (nil for none), behind a gate.
func newDatabase(t testing.TB, files fs.FS) *gate {
	t.Helper()
	u, err := url.Parse(servers.URL(t, "TIERKIT_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	admin := open(t, u.String())
	run := func(statements ...string) {
		t.Helper()
		for _, s := range statements {
			if _, err := admin.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
		}
	}
	name := fmt.Sprintf("d%d_%d", startedAt, created.Add(1))
	run("CREATE DATABASE " + name)
	t.Cleanup(func() {
		run("DROP DATABASE "+name+" WITH (FORCE)", "DROP ROLE IF EXISTS "+name+"_w", "DROP ROLE IF EXISTS "+name+"_r")
	})
	own := *u
	own.Path = "/" + name
	db := open(t, own.String())
	users := migrate.Users{Writer: name + "_w", Reader: name + "_r", Login: migrate.LoginPassword, Password: password}
	if err := migrate.Grant(t.Context(), db, sqldb.DialectPostgres, users); err != nil {
		t.Fatal(err)
	}
	if files != nil {
		if _, err := migrate.Up(t.Context(), db, migrate.Options{Dialect: sqldb.DialectPostgres, Files: files}); err != nil {
			t.Fatal(err)
		}
	}
	ownerPassword, _ := u.User.Password()
	owner := u.User.Username() + ":" + ownerPassword
	own.User = nil
	return newGate(t, own.String(), map[string]string{
		"main_writer": name + "_w:" + password, "main_reader": name + "_r:" + password, "admin": owner,
	})
}

func open(t testing.TB, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// TestConformance: PostgreSQL behind a gate that logs in as DSQL does.
func TestConformance(t *testing.T) {
	t.Parallel()
	servers.URL(t, "TIERKIT_TEST_POSTGRES")
	sqldbtest.Run(t, func(t testing.TB, files fs.FS) sqldbtest.Target {
		return sqldbtest.Target{Data: newData(newDatabase(t, files).address()), Engine: sqldb.DSQL}
	})
}

// TestDenied: a user who is not mapped to the role is refused, after one more token.
func TestDenied(t *testing.T) {
	t.Parallel()
	g := newGate(t, "postgres://127.0.0.1:1/postgres", nil)
	db := sqldb.New(newData(g.address()), "main", sqldb.DSQL)
	_, err := datastore.Use[sqldb.Writer](function{}, db).Write().ExecContext(t.Context(), "SELECT 1")
	if !errors.Is(err, datastore.ErrDenied) || strings.Contains(err.Error(), "X-Amz") {
		t.Errorf("error = %v, want %v", err, datastore.ErrDenied)
	}
}

// TestVariable: what the variable holds.
func TestVariable(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		kind error
		text string
	}{
		"":                        {datastore.ErrUnavailable, "TIERKIT_SQLDB_MAIN is not set"},
		"short":                   {datastore.ErrDeclaration, "neither the identifier"},
		"https://x/postgres":      {datastore.ErrDeclaration, "neither the identifier"},
		"postgres://u:p@x/y":      {datastore.ErrDeclaration, "neither the identifier"},
		"postgres://x:99999/y":    {datastore.ErrDeclaration, "neither|port that is none"},
		"postgres://x/y?reader=z": {datastore.ErrDeclaration, `"reader"`},
		"postgres://x/y?sslrootcert=/nowhere.pem": {datastore.ErrDeclaration, "nowhere"},
	} {
		db := sqldb.New(newData(text), "main", sqldb.DSQL)
		_, err := datastore.Use[sqldb.Reader](function{}, db).Read().QueryContext(t.Context(), "SELECT 1")
		found := false
		for part := range strings.SplitSeq(want.text, "|") {
			found = found || err != nil && strings.Contains(err.Error(), part)
		}
		if !errors.Is(err, want.kind) || !found {
			t.Errorf("%q: error = %v, want %v with %q", text, err, want.kind, want.text)
		}
	}
}

// TestOpens: only clusters of DSQL are opened.
func TestOpens(t *testing.T) {
	t.Parallel()
	for engine, want := range map[sqldb.Engine]bool{sqldb.DSQL: true, sqldb.Postgres: false, sqldb.AuroraPostgres: false} {
		if got := dsqlsql.Driver.(datastore.Chooser).Opens(sqldb.Spec{Engine: engine}); got != want {
			t.Errorf("Opens(%s) = %t, want %t", engine, got, want)
		}
	}
}
