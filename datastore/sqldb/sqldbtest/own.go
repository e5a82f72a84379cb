package sqldbtest

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

var ownRules = []rule{
	{"tables", "the owner makes tables, which the others may use and not change", func(t *testing.T, db database) {
		db.account(t, "a", 5) // opens the database
		if _, err := db.Own().ExecContext(t.Context(), "CREATE TABLE later (id INTEGER PRIMARY KEY)"); err != nil {
			t.Fatalf("CREATE TABLE: %v", err)
		}
		if _, err := db.Write().ExecContext(t.Context(), "INSERT INTO later (id) VALUES (1)"); err != nil {
			t.Errorf("INSERT by the writer: %v", err)
		}
		var n int
		if err := db.Read().QueryRowContext(t.Context(), "SELECT id FROM later").Scan(&n); err != nil || n != 1 {
			t.Errorf("SELECT by the reader = %d, %v, want 1", n, err)
		}
		_, err := db.Read().QueryContext(t.Context(), "CREATE TABLE readers (id INTEGER)")
		wantError(t, "CREATE TABLE by the reader", err, datastore.ErrDenied)
	}},
}
