package table_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// TestOrHidesNothing: an Or with the zero condition, or with a wrong one, is
// refused and nothing is written.
func TestOrHidesNothing(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	items := datastore.Use[table.Putter[base]](&function{}, table.New[base](data, "items"))
	for name, cond := range map[string]table.Cond{
		"the zero condition":            table.Or(table.Cond{}),
		"it and another":                table.Or(table.Exists("id"), table.And()),
		"it and an In without values":   table.Or(table.Cond{}, table.In[string]("id")),
		"it and an unknown attribute":   table.Or(table.Cond{}, table.Eq("nosuch", 1)),
		"an In without values":          table.Or(table.NotExists("id"), table.In[string]("id")),
		"an unknown attribute":          table.Or(table.NotExists("id"), table.Eq("nosuch", 1)),
		"it, below":                     table.Not(table.And(table.Exists("id"), table.Or(table.Cond{}))),
		"the only condition, and wrong": table.Or(table.In[string]("id")),
	} {
		if _, err := items.Put(t.Context(), base{"1"}, cond); !errors.Is(err, datastore.ErrInvalid) {
			t.Errorf("Put with an Or of %s: error = %v, want %v", name, err, datastore.ErrInvalid)
		}
	}
	if stored := datatest.Items[base](t, data, "items", "1"); len(stored) > 0 {
		t.Errorf("stored %+v, want nothing", stored)
	}
}

// TestOperatorLimit: 150 comparisons, 149 ANDs and a NOT are 300 operators.
func TestOperatorLimit(t *testing.T) {
	t.Parallel()
	type versioned struct {
		ID string `table:"id,pk"`
		V  int    `table:"v,version"`
	}
	data := datatest.New(t)
	items := datastore.Use[table.Putter[base]](&function{}, table.New[base](data, "items"))
	counted := datastore.Use[table.Putter[versioned]](&function{}, table.New[versioned](data, "counted"))
	conds := make([]table.Cond, 150)
	for i := range conds {
		conds[i] = table.Ne("id", "1")
	}
	conds[0] = table.Not(table.Eq("id", "1"))
	if _, err := items.Put(t.Context(), base{"1"}, conds...); err != nil {
		t.Errorf("Put with 300 operators: %v", err)
	}
	if _, err := items.Put(t.Context(), base{"2"}, table.Not(table.And(conds...)), table.Exists("id")); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("Put with 303 operators: error = %v, want %v", err, datastore.ErrInvalid)
	}
	if _, err := counted.Put(t.Context(), versioned{ID: "1"}, conds...); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("Put with 300 operators and the version's: error = %v, want %v", err, datastore.ErrInvalid)
	}
}

// TestNameLimit: names in a map are attribute names too, and not told.
func TestNameLimit(t *testing.T) {
	t.Parallel()
	type item struct {
		ID string `table:"id,pk"`
		M  map[string]string
	}
	data := datatest.New(t)
	items := datastore.Use[table.Putter[item]](&function{}, table.New[item](data, "items"))
	long := strings.Repeat("n", 64<<10-1)
	if _, err := items.Put(t.Context(), item{"1", map[string]string{long: ""}}); err != nil {
		t.Errorf("Put with a name of 64 KB less one byte: %v", err)
	}
	for name, m := range map[string]map[string]string{
		"a name of 64 KB":         {long + "n": ""},
		"a name that is no UTF-8": {"nnn\xff": ""},
		"text that is no UTF-8":   {"nnn": "\xff"},
	} {
		_, err := items.Put(t.Context(), item{"1", m})
		if !errors.Is(err, datastore.ErrInvalid) || strings.Contains(err.Error(), "nnn") || !strings.Contains(err.Error(), `attribute "M": `) {
			t.Errorf("Put with %s: error = %.200v, want %v of M, without the name", name, err, datastore.ErrInvalid)
		}
	}
}

// TestEmptyPrefix: the answer says what to write instead.
func TestEmptyPrefix(t *testing.T) {
	t.Parallel()
	type item struct {
		ID string `table:"id,pk"`
		At string `table:"at,sk"`
	}
	items := datastore.Use[table.Querier[item]](&function{}, table.New[item](datatest.New(t), "items"))
	_, err := items.Query(t.Context(), table.Query{Key: table.PK("a"), Range: table.BeginsWith("at", "")})
	if !errors.Is(err, datastore.ErrInvalid) || !strings.Contains(err.Error(), "leave the range out") {
		t.Errorf("Query with an empty prefix: error = %v, want %v that says to leave the range out", err, datastore.ErrInvalid)
	}
}
