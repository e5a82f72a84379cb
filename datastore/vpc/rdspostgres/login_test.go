package rdspostgres_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/postgres"
)

// TestRotation: a password or a user that is replaced costs no statement.
func TestRotation(t *testing.T) {
	t.Parallel()
	s := counting(t)
	admin := open(t)
	db := s.use(t, "", datastore.Options{})
	if err := add(t.Context(), db, "a"); err != nil {
		t.Fatal(err)
	}
	next := "another"
	run(t, admin, "ALTER ROLE "+s.writer.user+" PASSWORD '"+next+"'")
	s.writer.next.Store(&next)
	if err := add(t.Context(), db, "a"); err != nil || s.writer.fresh.Load() != 0 {
		t.Errorf("on a live connection: error = %v, asked anew %d times; want none", err, s.writer.fresh.Load())
	}
	run(t, admin, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+s.writer.user+"'")
	if err := add(t.Context(), db, "a"); err != nil || s.writer.fresh.Load() != 1 {
		t.Errorf("on a new connection: error = %v, asked anew %d times; want no error and 1", err, s.writer.fresh.Load())
	}
	wantCount(t, db, "a", 3)

	run(t, admin, "ALTER ROLE "+s.writer.user+" NOLOGIN",
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '"+s.writer.user+"'")
	err := add(t.Context(), db, "a")
	if !errors.Is(err, datastore.ErrDenied) || strings.Contains(err.Error(), next) {
		t.Errorf("refused for good: error = %v, want ErrDenied without the password", err)
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); !ok || pg.Code != "28000" {
		t.Errorf("error = %v, want SQLSTATE 28000 in it", err)
	}
}

// TestTrust: a server whose certificate is not trusted, or is for another name,
// is not logged in to.
func TestTrust(t *testing.T) {
	t.Parallel()
	s := counting(t)
	untrusted := *s.url
	untrusted.RawQuery = "sslrootcert=" + writeCA(t)
	for name, tt := range map[string]struct {
		server server
		host   string
		want   string
	}{
		"another authority": {server{url: &untrusted, database: s.database, writer: s.writer, reader: s.reader}, s.url.Host, "name the file of its authority"},
		"another name":      {*s, elsewhere(t, s.url.Host), "certificate is valid for"},
	} {
		asked := s.writer.asked.Load()
		db := tt.server.use(t, tt.host, datastore.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := add(ctx, db, "a")
		cancel()
		if !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error = %v, want ErrUnavailable and %q", name, err, tt.want)
		}
		if own, ok := errors.AsType[*datastore.Error](err); ok && own.Attempts > 1 {
			t.Errorf("%s: %d attempts, which cannot help", name, own.Attempts)
		}
		if s.writer.asked.Load() == asked {
			t.Errorf("%s: nothing was tried", name)
		}
	}
}

// elsewhere passes connections on to a server, from another address.
func elsewhere(t *testing.T, server string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Skipf("no other address here: %v", err)
	}
	var wg sync.WaitGroup
	t.Cleanup(func() { l.Close(); wg.Wait() })
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer client.Close()
				upstream, err := net.Dial("tcp", server)
				if err != nil {
					return
				}
				defer upstream.Close()
				wg.Go(func() { _, _ = io.Copy(upstream, client); upstream.Close() })
				_, _ = io.Copy(client, upstream)
			})
		}
	})
	return l.Addr().String()
}

// TestNative: what database/sql has no words for is reached.
func TestNative(t *testing.T) {
	t.Parallel()
	db := counting(t).use(t, "", datastore.Options{})
	conn, err := db.Write().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = conn.Raw(func(driverConn any) error {
		c, ok := postgres.Conn(driverConn)
		if !ok {
			t.Fatalf("no connection of pgx in a %T", driverConn)
		}
		n, err := c.CopyFrom(t.Context(), pgx.Identifier{"counters"}, []string{"id", "n"},
			pgx.CopyFromSlice(100, func(i int) ([]any, error) { return []any{"copy" + strconv.Itoa(i), i}, nil }))
		if n != 100 {
			t.Errorf("CopyFrom = %d, want 100", n)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if _, ok := postgres.Conn("something else"); ok {
		t.Error("Conn takes anything")
	}
	wantCount(t, db, "copy7", 7)
}
