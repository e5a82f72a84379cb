package warehousetest

import (
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

var refusedRules = []rule{
	{"statements", "what the Data API does not take is refused", func(t *testing.T, w suite) {
		const sql = "SELECT id FROM orders WHERE name = :name"
		for _, tt := range []struct {
			name string
			s    warehouse.Statement
			want error
		}{
			{"no statement", warehouse.Statement{SQL: " "}, datastore.ErrDeclaration},
			{"a long statement", warehouse.Statement{SQL: "SELECT '" + strings.Repeat("x", warehouse.MaxStatement) + "'"}, datastore.ErrTooLarge},
			{"an empty value", warehouse.Statement{SQL: sql, Params: []warehouse.Param{{Name: "name"}}}, datastore.ErrInvalid},
			{"a bad name", warehouse.Statement{SQL: sql, Params: []warehouse.Param{{Name: "na me", Value: "x"}}}, datastore.ErrInvalid},
			{"a name twice", warehouse.Statement{SQL: sql, Params: []warehouse.Param{{Name: "name", Value: "x"}, {Name: "name", Value: "secret"}}}, datastore.ErrInvalid},
			{"a parameter that is not given", warehouse.Statement{SQL: sql}, datastore.ErrDeclaration},
			{"a parameter that is not there", warehouse.Statement{SQL: sql, Params: []warehouse.Param{{Name: "name", Value: "x"}, {Name: "more", Value: "secret"}}}, datastore.ErrDeclaration},
			{"a long key", warehouse.Statement{SQL: "SELECT 1", Key: strings.Repeat("k", warehouse.MaxKey+1)}, datastore.ErrInvalid},
			{"a long name", warehouse.Statement{SQL: "SELECT 1", Name: strings.Repeat("k", warehouse.MaxName+1)}, datastore.ErrInvalid},
		} {
			_, err := w.Query(t.Context(), tt.s)
			wantError(t, tt.name, err, tt.want)
		}
		_, err := w.RunBatch(t.Context(), warehouse.Batch{})
		wantError(t, "an empty batch", err, datastore.ErrInvalid)
		_, err = w.RunBatch(t.Context(), warehouse.Batch{SQL: make([]string, warehouse.MaxBatch+1)})
		wantError(t, "a long batch", err, datastore.ErrInvalid)
	}},
	{"ids", "what is no ID is refused, and one of nothing is not found", func(t *testing.T, w suite) {
		for id, want := range map[warehouse.ID]error{
			"":                                       datastore.ErrInvalid,
			"../x":                                   datastore.ErrInvalid,
			"d9b6c0c9-0747-4bf4-b142-e8883122f766":   datastore.ErrNotFound,
			"d9b6c0c9-0747-4bf4-b142-e8883122f766:2": datastore.ErrNotFound,
		} {
			_, err := w.State(t.Context(), id)
			wantError(t, "State "+string(id), err, want)
			for _, err := range w.Rows(t.Context(), id) {
				wantError(t, "Rows "+string(id), err, want)
			}
			if !strings.Contains(string(id), ":") {
				wantError(t, "Cancel "+string(id), w.Cancel(t.Context(), id), want)
			}
		}
	}},
}
