package rdspostgres_test

import (
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// TestOneSecret: a reader who logs in with the writer's secret writes nothing, by
// whichever way its statements go.
func TestOneSecret(t *testing.T) {
	t.Parallel()
	s := counting(t)
	db := sqldb.New(s.data("", datastore.Options{}), "main", sqldb.Postgres, sqldb.Secret(s.writer, s.writer))
	t.Cleanup(func() { db.Close() })
	h := datastore.Use[all](function{}, db)
	const query = "UPDATE counters SET n = n + 1 WHERE id = 'a' RETURNING n"
	ctx := t.Context()

	var n int
	if err := h.Read().QueryRowContext(ctx, query).Scan(&n); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("QueryRowContext: error = %v, want ErrDenied", err)
	}
	rows, err := h.Read().QueryContext(ctx, query)
	if err == nil {
		for rows.Next() {
		}
		err = errors.Join(rows.Err(), rows.Close())
	}
	if !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("QueryContext: error = %v, want ErrDenied", err)
	}
	conn, err := h.Read().Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.QueryRowContext(ctx, query).Scan(&n); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("QueryRowContext of a Conn: error = %v, want ErrDenied", err)
	}
	stmt, err := h.Read().PrepareContext(ctx, query)
	if err != nil {
		t.Fatal(err)
	}
	defer stmt.Close()
	if err := stmt.QueryRowContext(ctx).Scan(&n); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("QueryRowContext of a Stmt: error = %v, want ErrDenied", err)
	}
	for range 3 { // connections are free again, and can be used
		wantCount(t, h, "a", 0)
	}
}
