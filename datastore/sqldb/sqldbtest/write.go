package sqldbtest

import (
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

var writeRules = []rule{
	{"result", "the rows that were changed are counted", func(t *testing.T, db database) {
		db.account(t, "a", 1)
		db.account(t, "b", 2)
		result, err := db.Write().ExecContext(t.Context(), db.sql("UPDATE accounts SET balance = balance + $1"), 10)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := result.RowsAffected(); n != 2 || err != nil {
			t.Errorf("RowsAffected = %d, %v, want 2", n, err)
		}
		db.want(t, "a", 11)
	}},
	{"prepared", "a prepared statement writes as often as it is asked to", func(t *testing.T, db database) {
		stmt, err := db.Write().PrepareContext(t.Context(), db.sql("INSERT INTO accounts (id, owner, balance) VALUES ($1, 'x', $2)"))
		if err != nil {
			t.Fatal(err)
		}
		defer stmt.Close()
		for id, balance := range map[string]int{"a": 1, "b": 2} {
			if _, err := stmt.ExecContext(t.Context(), id, balance); err != nil {
				t.Errorf("insert %s: %v", id, err)
			}
			db.want(t, id, balance)
		}
	}},
	{"refused", "what the tables do not take is told apart, and nothing of the values is in the text", func(t *testing.T, db database) {
		db.account(t, "secret-id", 5)
		if _, err := db.Write().ExecContext(t.Context(), db.sql("INSERT INTO entries (id, account) VALUES (1, $1)"), "secret-id"); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name, query string
			args        []any
			want        error
		}{
			{"the key is there", "INSERT INTO accounts (id, owner, balance) VALUES ($1, 'x', 1)", []any{"secret-id"}, datastore.ErrConflict},
			{"referred to is none", "INSERT INTO entries (id, account) VALUES (2, $1)", []any{"secret-none"}, datastore.ErrConflict},
			{"it is referred to", "DELETE FROM accounts WHERE id = $1", []any{"secret-id"}, datastore.ErrConflict},
			{"a check", "UPDATE accounts SET balance = $1 WHERE id = $2", []any{-1, "secret-id"}, datastore.ErrInvalid},
			{"it must not be null", "INSERT INTO accounts (id, owner, balance) VALUES ($1, NULL, 1)", []any{"secret-2"}, datastore.ErrInvalid},
		} {
			_, err := db.Write().ExecContext(t.Context(), db.sql(tt.query), tt.args...)
			wantError(t, tt.name, err, tt.want)
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: the error %q tells a value", tt.name, err)
			}
		}
		db.want(t, "secret-id", 5)
	}},
}
