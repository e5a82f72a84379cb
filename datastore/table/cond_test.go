package table_test

import (
	"errors"
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
