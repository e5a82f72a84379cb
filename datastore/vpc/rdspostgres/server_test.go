package rdspostgres_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"database/sql"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdspostgres"
)

// server is the PostgreSQL of TIERKIT_TEST_POSTGRES, and a database in it with a
// writer and a reader, whose tables files have made.
type server struct {
	url      *url.URL // of the owner
	database string
	writer   *login
	reader   *login
}

// login is a [datastore.Login] whose secret a test can change.
type login struct {
	user     string
	password atomic.Pointer[string]
	next     atomic.Pointer[string] // what a fresh look finds
	asked    atomic.Int64
	fresh    atomic.Int64
}

func newLogin(user, password string) *login {
	l := &login{user: user}
	l.password.Store(&password)
	return l
}

func (l *login) Spec() datastore.Spec { return sqldb.Spec{Logical: "secret-" + l.user} }

func (l *login) Credentials(_ context.Context, fresh bool) (string, string, error) {
	l.asked.Add(1)
	if fresh {
		l.fresh.Add(1)
		if next := l.next.Load(); next != nil {
			l.password.Store(next)
		}
	}
	return l.user, *l.password.Load(), nil
}

// Databases and users differ between the tests of one run and between runs.
var (
	created   atomic.Int64
	startedAt = time.Now().UnixNano()
)

const password = "not-a-secret"

func open(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", servers.URL(t, "TIERKIT_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// run carries out statements as the owner of all.
func run(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// newServer makes a database, which ends with the test.
func newServer(t testing.TB, o migrate.Options) *server {
	t.Helper()
	admin := open(t)
	u, err := url.Parse(servers.URL(t, "TIERKIT_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t%d_%d", startedAt, created.Add(1))
	run(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		run(t, admin, "DROP DATABASE "+name+" WITH (FORCE)", "DROP ROLE IF EXISTS "+name+"_w", "DROP ROLE IF EXISTS "+name+"_r")
	})
	s := &server{url: u, database: name, writer: newLogin(name+"_w", password), reader: newLogin(name+"_r", password)}
	own := *u
	own.Path = "/" + name
	db, err := sql.Open("pgx", own.String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	users := migrate.Users{Writer: s.writer.user, Reader: s.reader.user, Login: migrate.LoginPassword, Password: password}
	if err := migrate.Grant(t.Context(), db, sqldb.DialectPostgres, users); err != nil {
		t.Fatal(err)
	}
	if o.Files != nil {
		if _, err := migrate.Up(t.Context(), db, o); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// address is what the variable holds, for a server at host, such as a proxy.
func (s *server) address(host string) string {
	q := url.Values{"sslrootcert": {s.url.Query().Get("sslrootcert")}}
	return (&url.URL{Scheme: "postgres", Host: host, Path: "/" + s.database, RawQuery: q.Encode()}).String()
}

// data is a Data whose databases are this one, at host ("" for the server's own).
func (s *server) data(host string, opts datastore.Options) *datastore.Data {
	if host == "" {
		host = s.url.Host
	}
	opts.Lookup = func(name string) (string, bool) {
		return s.address(host), strings.HasPrefix(name, "TIERKIT_SQLDB_")
	}
	return datastore.New([]datastore.Driver{rdspostgres.With(aws.Config{Region: "eu-central-1"})}, &opts)
}

// options log in with the secrets, and as the owner of all for Own.
func (s *server) options() []sqldb.Option {
	pw, _ := s.url.User.Password()
	return []sqldb.Option{sqldb.Secret(s.writer, s.reader), sqldb.OwnerSecret(newLogin(s.url.User.Username(), pw))}
}

// serverNamed is the server with a database that another process has made.
func serverNamed(t testing.TB, database string) *server {
	t.Helper()
	u, err := url.Parse(servers.URL(t, "TIERKIT_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	return &server{url: u, database: database, writer: newLogin(database+"_w", password), reader: newLogin(database+"_r", password)}
}

// writeCA writes a certificate that has signed nothing.
func writeCA(t testing.TB) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
