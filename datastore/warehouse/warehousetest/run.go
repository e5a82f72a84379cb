package warehousetest

import (
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

var runRules = []rule{
	{"changed", "a statement tells how many rows it changed, and has none", func(t *testing.T, w suite) {
		w.order(t, 1)
		w.order(t, 2)
		result := w.must(t, warehouse.Statement{SQL: "UPDATE orders SET name = 'x'"})
		if result.HasRows || result.Rows != 2 || result.ID == "" {
			t.Errorf("Run = %+v, want 2 rows changed", result)
		}
		for row, err := range w.Rows(t.Context(), result.ID) {
			t.Errorf("Rows: %v, %v, want none", row, err)
		}
	}},
	{"key", "a statement runs once for a key", func(t *testing.T, w suite) {
		s := warehouse.Statement{SQL: "INSERT INTO orders (id) VALUES (1)", Key: "once"}
		first := w.must(t, s)
		if second := w.must(t, s); second.ID != first.ID {
			t.Errorf("Run again = %s, want %s", second.ID, first.ID)
		}
		if id, err := w.Start(t.Context(), s); err != nil || id != first.ID {
			t.Errorf("Start again = %s, %v, want %s", id, err, first.ID)
		}
		w.wantOrders(t, 1)
		s.Key = ""
		w.must(t, s)
		w.must(t, s)
		w.wantOrders(t, 3)
	}},
	{"failed", "a statement that fails says so, without its SQL and its values", func(t *testing.T, w suite) {
		for _, tt := range []struct {
			name, sql string
			want      error
		}{
			{"no SQL", "SELEC 'secret'", datastore.ErrDeclaration},
			{"no table", "INSERT INTO secret_things (id) VALUES (1)", datastore.ErrDeclaration},
			{"no column", "INSERT INTO orders (secret) VALUES (1)", datastore.ErrDeclaration},
			{"NULL where none may be", "INSERT INTO orders (name) VALUES ('secret')", datastore.ErrInvalid},
		} {
			_, err := w.Run(t.Context(), warehouse.Statement{SQL: tt.sql})
			wantError(t, tt.name, err, tt.want)
			failed, ok := errors.AsType[*warehouse.FailedError](err)
			if !ok || failed.ID == "" || failed.Status != warehouse.Failed || failed.Detail() == "" {
				t.Errorf("%s: %v, want a FailedError with its ID and detail", tt.name, err)
				continue
			}
			state, err := w.State(t.Context(), failed.ID)
			if err != nil || state.Status != warehouse.Failed {
				t.Errorf("%s: State = %+v, %v, want it failed", tt.name, state, err)
			}
			wantError(t, tt.name+", asked later", state.Err, tt.want)
			for _, err := range w.Rows(t.Context(), failed.ID) {
				wantError(t, tt.name+", its rows", err, tt.want)
			}
		}
	}},
	{"batch", "the statements of a batch run in order, and each has its rows", func(t *testing.T, w suite) {
		result, err := w.RunBatch(t.Context(), warehouse.Batch{
			SQL:    []string{"INSERT INTO orders (id) VALUES (:id)", "SELECT id FROM orders", "INSERT INTO orders (id) VALUES (2)"},
			Params: []warehouse.Param{warehouse.Bind("id", 4)},
		})
		if err != nil || len(result.Parts) != 3 || !result.Parts[1].HasRows || result.Parts[0].HasRows || !result.HasRows {
			t.Fatalf("RunBatch = %+v, %v%s", result, err, detail(err))
		}
		for id, err := range warehouse.Scan[int](w.Rows(t.Context(), result.Parts[1].ID)) {
			if err != nil || id != 4 {
				t.Errorf("row = %d, %v, want 4", id, err)
			}
		}
		if state, err := w.State(t.Context(), result.ID); err != nil || len(state.Parts) != 3 {
			t.Errorf("State = %+v, %v, want 3 parts", state, err)
		}
		for _, err := range w.Rows(t.Context(), result.ID) {
			wantError(t, "Rows of the batch itself", err, datastore.ErrInvalid)
		}
		w.wantOrders(t, 2)
	}},
	{"batch/failed", "if one statement of a batch fails nothing of it is left", func(t *testing.T, w suite) {
		_, err := w.RunBatch(t.Context(), warehouse.Batch{SQL: []string{"INSERT INTO orders (id) VALUES (1)", "INSERT INTO nowhere VALUES (1)"}})
		wantError(t, "RunBatch", err, datastore.ErrDeclaration)
		w.wantOrders(t, 0)
	}},
}
