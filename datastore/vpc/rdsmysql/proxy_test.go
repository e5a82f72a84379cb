package rdsmysql_test

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
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdsmysql"
)

// TestOwnerPastProxy: the owner of a database behind a proxy reaches the database, and
// all others the proxy.
func TestOwnerPastProxy(t *testing.T) {
	t.Parallel()
	s := newServer(t, counters)
	at, err := url.Parse(s.address(s.url.Host))
	if err != nil {
		t.Fatal(err)
	}
	q := at.Query()
	q.Set("owner", at.Hostname())
	at.Host, at.RawQuery = net.JoinHostPort("proxy.invalid", at.Port()), q.Encode()
	data := datastore.New([]datastore.Driver{rdsmysql.With(aws.Config{Region: "eu-central-1"})}, &datastore.Options{
		Lookup: func(name string) (string, bool) { return at.String(), strings.HasPrefix(name, "TIERKIT_SQLDB_") },
	})
	db := sqldb.New(data, "main", sqldb.AuroraMySQL, s.options()...)
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

// TestSetsNothing: a connection sets nothing, neither at its beginning nor for a
// transaction, for which RDS Proxy would keep it for one client; but for one with a
// level of isolation.
func TestSetsNothing(t *testing.T) {
	t.Parallel()
	db := newServer(t, counters).use(t, "", nil)
	for _, tt := range []struct {
		name string
		own  *sqldb.DB
		opts *sql.TxOptions
		want int
	}{
		{"writer", db.Write(), nil, 0},
		{"reader", db.Read(), nil, 0},
		{"writer that only reads", db.Write(), &sql.TxOptions{ReadOnly: true}, 0},
		{"writer with a level", db.Write(), &sql.TxOptions{Isolation: sql.LevelSerializable}, 1},
	} {
		conn, err := tt.own.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		sets := func() (n int) {
			if err := conn.QueryRowContext(t.Context(), "SHOW SESSION STATUS LIKE 'Com_set_option'").Scan(new(string), &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		before := sets()
		tx, err := conn.BeginTx(t.Context(), tt.opts)
		if err == nil {
			err = tx.Commit()
		}
		if got := sets() - before; err != nil || got != tt.want || before != 0 {
			t.Errorf("%s: %d SET at the beginning and %d for a transaction, %v, want 0 and %d", tt.name, before, got, err, tt.want)
		}
		conn.Close()
	}
}
