package rdsmysql_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go-sql-driver/mysql"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/sqldbtest"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdsmysql"
)

func TestConformanceMariaDB(t *testing.T) {
	t.Parallel()
	servers.URL(t, "TIERKIT_TEST_MARIADB")
	sqldbtest.Run(t, func(t testing.TB, files fs.FS) sqldbtest.Target {
		s := newServer(t, files)
		return sqldbtest.Target{Data: s.data("", nil), Engine: sqldb.MySQL, Options: s.options()}
	})
}

// server is the MariaDB of TIERKIT_TEST_MARIADB, and a database in it with a
// writer and a reader, whose tables files have made.
type server struct {
	url            *url.URL // of the owner
	database       string
	writer, reader *login
}

// login is a [datastore.Login] whose secret a test can change.
type login struct {
	user     string
	password atomic.Pointer[string]
	next     atomic.Pointer[string] // what a fresh look finds
	fresh    atomic.Int64
}

func newLogin(user, password string) *login {
	l := &login{user: user}
	l.password.Store(&password)
	return l
}

func (l *login) Spec() datastore.Spec { return sqldb.Spec{Logical: "secret-" + l.user} }

func (l *login) Credentials(_ context.Context, fresh bool) (string, string, error) {
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
	startedAt = time.Now().UnixNano() % 1e12
)

const password = "not-a-secret"

// ca is the file with the certificate that signed the server's.
func ca(t testing.TB) string {
	t.Helper()
	return servers.URL(t, "TIERKIT_TEST_MARIADB_CA")
}

// open is a pool of the owner of all.
func open(t testing.TB, database string) *sql.DB {
	t.Helper()
	u, err := url.Parse(servers.URL(t, "TIERKIT_TEST_MARIADB"))
	if err != nil {
		t.Fatal(err)
	}
	pem, err := os.ReadFile(ca(t))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	cfg := mysql.NewConfig()
	cfg.User = u.User.Username()
	cfg.Passwd, _ = u.User.Password()
	cfg.Net, cfg.Addr, cfg.DBName = "tcp", u.Host, database
	cfg.TLS = &tls.Config{RootCAs: roots, ServerName: u.Hostname()}
	c, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(c)
	t.Cleanup(func() { db.Close() })
	return db
}

func run(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	for _, s := range statements {
		if _, err := db.ExecContext(context.WithoutCancel(t.Context()), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// newServer makes a database, which ends with the test.
func newServer(t testing.TB, files fs.FS) *server {
	t.Helper()
	u, err := url.Parse(servers.URL(t, "TIERKIT_TEST_MARIADB"))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("t%d_%d", startedAt, created.Add(1))
	admin := open(t, "")
	run(t, admin, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4")
	s := &server{url: u, database: name, writer: newLogin(name+"_w", password), reader: newLogin(name+"_r", password)}
	t.Cleanup(func() {
		run(t, admin, "DROP DATABASE "+name, "DROP USER IF EXISTS '"+s.writer.user+"'@'%'", "DROP USER IF EXISTS '"+s.reader.user+"'@'%'")
	})
	db := open(t, name)
	users := migrate.Users{Writer: s.writer.user, Reader: s.reader.user, Login: migrate.LoginPassword, Password: password}
	if err := migrate.Grant(t.Context(), db, sqldb.DialectMySQL, users); err != nil {
		t.Fatal(err)
	}
	if _, err := migrate.Up(t.Context(), db, migrate.Options{Dialect: sqldb.DialectMySQL, Files: files}); err != nil {
		t.Fatal(err)
	}
	return s
}

// address is what the variable holds, for a server at host, such as a proxy.
func (s *server) address(host string) string {
	q := url.Values{"sslrootcert": {os.Getenv("TIERKIT_TEST_MARIADB_CA")}}
	return (&url.URL{Scheme: "mysql", Host: host, Path: "/" + s.database, RawQuery: q.Encode()}).String()
}

// data is a Data whose databases are this one, at host ("" for the server's own).
func (s *server) data(host string, now func() time.Time) *datastore.Data {
	if host == "" {
		host = s.url.Host
	}
	address := s.address(host)
	return datastore.New([]datastore.Driver{rdsmysql.With(aws.Config{Region: "eu-central-1"})}, &datastore.Options{
		Now:    now,
		Lookup: func(name string) (string, bool) { return address, strings.HasPrefix(name, "TIERKIT_SQLDB_") },
	})
}

// options log in with the secrets, and as the owner of all for Own.
func (s *server) options() []sqldb.Option {
	pw, _ := s.url.User.Password()
	return []sqldb.Option{sqldb.Secret(s.writer, s.reader), sqldb.OwnerSecret(newLogin(s.url.User.Username(), pw))}
}
