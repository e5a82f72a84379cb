package rdsmysql_test

import (
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// TestOneSecret: a reader who logs in with the writer's secret writes nothing, also by
// a statement that the client cannot send whole.
func TestOneSecret(t *testing.T) {
	t.Parallel()
	s := newServer(t, counters)
	db := sqldb.New(s.data("", nil), "main", sqldb.MySQL, sqldb.Secret(s.writer, s.writer))
	t.Cleanup(func() { db.Close() })
	h := datastore.Use[all](function{}, db)
	for query, args := range map[string][]any{
		"INSERT INTO counters VALUES ('c', 1) RETURNING n":              nil,
		"INSERT INTO counters VALUES (?, 1) RETURNING n":                {"c"},
		"INSERT INTO counters VALUES (?, 1) RETURNING n, '?' AS marked": {"c"}, // prepared, for its two marks
	} {
		rows, err := h.Read().QueryContext(t.Context(), query, args...)
		if err == nil {
			for rows.Next() {
			}
			err = errors.Join(rows.Err(), rows.Close())
		}
		if !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s: error = %v, want ErrDenied", query, err)
		}
	}
	for range 3 { // connections are free again, and can be used
		wantCount(t, h, "a", 0)
	}
}
