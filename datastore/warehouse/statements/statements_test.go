package statements_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	_ "modernc.org/sqlite"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse/statements"
)

// opened is a warehouse on SQLite.
func opened(t *testing.T, o statements.Options) *statements.Conn {
	t.Helper()
	path := filepath.ToSlash(filepath.Join(t.TempDir(), "db"))
	o.Open = func(context.Context, warehouse.Access) (*sql.DB, error) { return sql.Open("sqlite", "file:"+path) }
	c := statements.New(datastore.New(nil, nil), o)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// ended runs a query to its end.
func ended(t *testing.T, c *statements.Conn, key, sql string) warehouse.ID {
	t.Helper()
	d, err := c.Execute(t.Context(), warehouse.ReadWrite, warehouse.Execution{SQL: []string{sql}, Key: key})
	for err == nil && !d.Status.Ended() {
		d, err = c.Describe(t.Context(), d.ID)
	}
	if err != nil || d.Status != warehouse.Finished {
		t.Fatalf("%s = %+v, %v", sql, d, err)
	}
	return d.ID
}

// TestBytes: of rows no more is kept than there may be, beside those of the last
// statement; the oldest go first, with their keys.
func TestBytes(t *testing.T) {
	t.Parallel()
	large := "SELECT '" + strings.Repeat("x", 10_000) + "'"
	c := opened(t, statements.Options{Bytes: 15_000})
	first, second, third := ended(t, c, "1", large), ended(t, c, "2", large), ended(t, c, "3", large)
	for {
		if _, err := c.Describe(t.Context(), first); err != nil {
			break // it is dropped after the third has told its end
		}
	}
	for id, want := range map[warehouse.ID]error{first: datastore.ErrNotFound, second: nil, third: nil} {
		if _, err := c.Page(t.Context(), id, ""); !errors.Is(err, want) || want == nil && err != nil {
			t.Errorf("Page(%s): %v, want %v", id, err, want)
		}
	}
	if again := ended(t, c, "1", "SELECT 1"); again == first {
		t.Error("the key of a statement that is forgotten is known")
	}
	if again := ended(t, c, "3", large); again != third {
		t.Error("the key of a statement that is kept is not known")
	}
}

// TestClosed: what was closed starts nothing.
func TestClosed(t *testing.T) {
	t.Parallel()
	c := opened(t, statements.Options{})
	ended(t, c, "1", "SELECT 1")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Execute(t.Context(), warehouse.ReadOnly, warehouse.Execution{SQL: []string{"SELECT 1"}, Key: "2"}); !errors.Is(err, statements.ErrClosed) {
		t.Errorf("Execute: %v", err)
	}
}
