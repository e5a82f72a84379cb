package redshiftwire_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/redshiftwire"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// server is a database of the PostgreSQL of TIERKIT_TEST_POSTGRES, with a writer and a
// reader, that stands for a warehouse.
type server struct {
	url            *url.URL // of the owner of all
	database       string
	writer, reader *login
}

// login is a [datastore.Login] whose secret a test can change.
type login struct {
	user     string
	password atomic.Pointer[string]
	next     atomic.Pointer[string] // what a fresh look finds
}

func newLogin(user, password string) *login {
	l := &login{user: user}
	l.password.Store(&password)
	return l
}

func (l *login) Spec() datastore.Spec { return warehouse.Spec{Logical: "secret-" + l.user} }

func (l *login) Credentials(_ context.Context, fresh bool) (string, string, error) {
	if next := l.next.Load(); fresh && next != nil {
		l.password.Store(next)
	}
	return l.user, *l.password.Load(), nil
}

// Databases and users differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

const password = "not-a-secret"

// run carries out statements as the owner of all.
func (s *server) run(t testing.TB, database string, statements ...string) {
	t.Helper()
	own := *s.url
	if database != "" {
		own.Path = "/" + database
	}
	db, err := sql.Open("pgx", own.String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// number is what a query of the owner of all finds.
func (s *server) number(t testing.TB, query string) (n int) {
	t.Helper()
	own := *s.url
	own.Path = "/" + s.database
	db, err := sql.Open("pgx", own.String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// serverOf is a database that there is already.
func serverOf(u *url.URL, name string) *server {
	return &server{url: u, database: name, writer: newLogin(name+"_w", password), reader: newLogin(name+"_r", password)}
}

// newServer makes a database, which ends with the test.
func newServer(t testing.TB) *server {
	t.Helper()
	u, err := url.Parse(servers.URL(t, "TIERKIT_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("rw%d_%d", startedAt, created.Add(1))
	s := serverOf(u, name)
	s.run(t, "", "CREATE DATABASE "+name)
	t.Cleanup(func() {
		s.run(t, "", "DROP DATABASE "+name+" WITH (FORCE)", "DROP ROLE IF EXISTS "+name+"_w", "DROP ROLE IF EXISTS "+name+"_r")
	})
	s.run(t, name,
		"CREATE ROLE "+s.writer.user+" LOGIN PASSWORD '"+password+"'", "CREATE ROLE "+s.reader.user+" LOGIN PASSWORD '"+password+"'",
		"GRANT CREATE ON SCHEMA public TO "+s.writer.user,
		"ALTER DEFAULT PRIVILEGES FOR ROLE "+s.writer.user+" GRANT SELECT ON TABLES TO "+s.reader.user)
	return s
}

// data is a Data whose warehouse is this one, at host ("" for the server's own).
func (s *server) data(host string, now func() time.Time) *datastore.Data {
	if host == "" {
		host = s.url.Host
	}
	q := url.Values{"sslrootcert": {s.url.Query().Get("sslrootcert")}}
	address := (&url.URL{Scheme: "redshift", Host: host, Path: "/" + s.database, RawQuery: q.Encode()}).String()
	return datastore.New([]datastore.Driver{redshiftwire.Driver}, &datastore.Options{
		Now:    now,
		Lookup: func(name string) (string, bool) { return address, strings.HasPrefix(name, "TIERKIT_WAREHOUSE_") },
	})
}

func (s *server) options() []warehouse.Option {
	return []warehouse.Option{warehouse.Wire(), warehouse.Secret(s.writer, s.reader)}
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	warehouse.Querier
	warehouse.Runner
	warehouse.Starter
	warehouse.Stater
	warehouse.Reader
	warehouse.Canceller
}

func (s *server) use(t testing.TB, host string, now func() time.Time) all {
	t.Helper()
	data := s.data(host, now)
	w := warehouse.New(data, "sales", warehouse.Serverless, s.options()...)
	for _, err := range data.Errs() {
		t.Fatal(err)
	}
	return datastore.Use[all](function{}, w)
}
