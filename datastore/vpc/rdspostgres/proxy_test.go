package rdspostgres_test

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdspostgres"
)

// TestOwnerPastProxy: the owner of a database behind a proxy reaches the database, and
// all others the proxy.
func TestOwnerPastProxy(t *testing.T) {
	t.Parallel()
	s := newServer(t, migrate.Options{})
	at, err := url.Parse(s.address(s.url.Host))
	if err != nil {
		t.Fatal(err)
	}
	q := at.Query()
	q.Set("owner", at.Hostname())
	at.Host, at.RawQuery = net.JoinHostPort("proxy.invalid", at.Port()), q.Encode()
	data := datastore.New([]datastore.Driver{rdspostgres.With(aws.Config{Region: "eu-central-1"})}, &datastore.Options{
		Lookup: func(name string) (string, bool) { return at.String(), strings.HasPrefix(name, "TIERKIT_SQLDB_") },
	})
	db := sqldb.New(data, "main", sqldb.AuroraPostgres, s.options()...)
	t.Cleanup(func() { db.Close() })
	h := datastore.Use[interface {
		sqldb.Reader
		sqldb.Writer
		sqldb.Owner
	}](function{}, db)
	var n int
	if err := h.Own().QueryRowContext(t.Context(), "SELECT 1").Scan(&n); err != nil || n != 1 {
		t.Errorf("as the owner: %d, %v, want 1", n, err)
	}
	for name, others := range map[string]*sqldb.DB{"writer": h.Write(), "reader": h.Read()} {
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		err := others.QueryRowContext(ctx, "SELECT 1").Scan(&n)
		cancel()
		if dns := (*net.DNSError)(nil); !errors.As(err, &dns) || dns.Name != "proxy.invalid" {
			t.Errorf("as the %s: %v, want that there is no proxy.invalid", name, err)
		}
	}
}

// TestReservedNames: every key word of PostgreSQL, reserved or not, is refused as the name of
// a database.
func TestReservedNames(t *testing.T) {
	t.Parallel()
	rows, err := open(t).QueryContext(t.Context(), "SELECT word FROM pg_get_keywords()")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			t.Fatal(err)
		}
		data := datastore.New(nil, nil)
		sqldb.New(data, word, sqldb.Postgres)
		if len(data.Errs()) == 0 {
			t.Errorf("a database called %s: no mistake", word)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// TestSetsNothing: no connection has settings of its own, neither from its beginning nor
// after a transaction, for which RDS Proxy would keep it for one client.
func TestSetsNothing(t *testing.T) {
	t.Parallel()
	db := counting(t).use(t, "", datastore.Options{})
	for name, own := range map[string]*sqldb.DB{"writer": db.Write(), "reader": db.Read()} {
		conn, err := own.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		tx, err := conn.BeginTx(t.Context(), &sql.TxOptions{Isolation: sql.LevelSerializable, ReadOnly: true})
		if err == nil {
			err = tx.Commit()
		}
		if err != nil {
			t.Fatal(err)
		}
		var set string
		const query = "SELECT coalesce(string_agg(name || ' by ' || source, ', '), '') FROM pg_settings WHERE source IN ('client', 'session')"
		if err := conn.QueryRowContext(t.Context(), query).Scan(&set); err != nil || set != "" {
			t.Errorf("the %s has set %q, %v, want nothing", name, set, err)
		}
		conn.Close()
	}
}
