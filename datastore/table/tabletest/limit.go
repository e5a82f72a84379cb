package tabletest

import (
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// limitRules are those of expressions. See
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-expression-parameters
var limitRules = []rule{
	{"expression", "a condition or filter that has 4 KB as an expression is taken, and a longer one is not sent", func(t *testing.T, open target) {
		notes := start[note](t, open)
		put(t, notes, note{"1", "a"})
		for name, do := range conditional(t, notes) {
			if name == "Check" && open.has(NoTransactions) {
				continue
			}
			if err := do(anyOf(145)); err != nil {
				t.Errorf("%s under 4,082 bytes = %v, want nil", name, err)
			}
			err := do(anyOf(146))
			wantError(t, name+" under 4,110 bytes", err, datastore.ErrInvalid)
			if err != nil && !strings.Contains(err.Error(), "has 4110 bytes as an expression of DynamoDB, of which there can be 4096; make fewer") {
				t.Errorf("%s under 4,110 bytes: error = %v, want one that says how many there can be and what to do", name, err)
			}
		}
	}},
	{"operators", "a condition has at most 300 operators and functions", func(t *testing.T, open target) {
		notes := start[note](t, open)
		put(t, notes, note{"1", "a"})
		for name, do := range conditional(t, notes) {
			conds := make([]table.Cond, 151)
			for i := range conds {
				conds[i] = table.Ne("text", "b")
			}
			wantError(t, name+" under 301 operators", do(table.And(conds...)), datastore.ErrInvalid)
		}
	}},
	{"operands", "the values of a condition have at most 2 MB", func(t *testing.T, open target) {
		notes := start[note](t, open)
		put(t, notes, note{"1", "a"})
		large := func(n int) table.Cond {
			values := make([]string, n)
			for i := range values {
				values[i] = strings.Repeat("x", 390<<10)
			}
			return table.Not(table.In("text", values...))
		}
		for name, do := range conditional(t, notes) {
			err := do(large(6))
			wantError(t, name+" under 2.3 MB of values", err, datastore.ErrTooLarge)
			if err != nil && (strings.Contains(err.Error(), "xxx") || !strings.Contains(err.Error(), "at most 2097152 are taken")) {
				t.Errorf("%s under 2.3 MB of values: error = %.200v, want one that says how many there can be, without the values", name, err)
			}
		}
		if _, err := notes.Put(t.Context(), note{"1", "b"}, large(5)); err != nil {
			t.Errorf("Put under 1.9 MB of values = %.200v, want nil", err)
		}
	}},
}

// anyOf is a condition that holds, of n parts with 28 bytes and one with 22.
func anyOf(n int) table.Cond {
	conds := make([]table.Cond, n, n+1)
	for i := range conds {
		conds[i] = table.NotExists("text")
	}
	return table.Or(append(conds, table.Exists("text"))...)
}

// conditional are the operations that take a condition or a filter.
func conditional(t *testing.T, notes all[note]) map[string]func(table.Cond) error {
	return map[string]func(table.Cond) error{
		"Put": func(c table.Cond) error { _, err := notes.Put(t.Context(), note{"1", "a"}, c); return err },
		"Query": func(c table.Cond) error {
			_, err := notes.Query(t.Context(), table.Query{Key: table.PK("1"), Filter: c})
			return err
		},
		"Scan":  func(c table.Cond) error { _, err := notes.Scan(t.Context(), table.Scan{Filter: c}); return err },
		"Check": func(c table.Cond) error { return notes.Check(t.Context(), table.PK("1"), c) },
		"Delete": func(c table.Cond) error {
			err := notes.Delete(t.Context(), table.PK("1"), c)
			put(t, notes, note{"1", "a"})
			return err
		},
	}
}
