package table

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens tables. Most code should not read on: it is for those who write a
// driver, and [tabletest] is how they test it.
//
// [tabletest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/table/tabletest
type Driver interface {
	datastore.Driver
	// OpenTable prepares the use of a table that data declares. It is called by
	// the first operation, and again by the next one if it failed; a table is
	// opened once. The context is the operation's: the connection outlives it.
	OpenTable(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a table that is open. It takes what has been checked: keys and items
// that are within the limits, conditions that are well-formed, at most 100
// different keys. It owns what it is given, and what it returns is not changed.
//
// Its errors are [*datastore.Error] with Kind, Code and Attempts set; the handle
// fills in the rest. It is safe for concurrent use.
type Conn interface {
	// Get reads one item; nil if there is none.
	Get(ctx context.Context, key Item, read Read) (Item, error)
	// GetMany reads the items there are, in any order. Keys that could not be
	// read are a [*datastore.PartialError] with their positions, beside the
	// items that could.
	GetMany(ctx context.Context, keys []Item, read Read) ([]Item, error)
	// Write puts or deletes one item.
	Write(ctx context.Context, w Write) error
	// Query reads one page of a partition in the order of the sort key.
	Query(ctx context.Context, q PageQuery) (PageResult, error)
}

// Read says how to read.
type Read struct {
	// Consistent reads see all writes that were answered before; others may be
	// a moment behind.
	Consistent bool
}

// Write is one write.
type Write struct {
	// Op is the operation: "Create", "Put" or "Delete".
	Op string
	// Key of the item.
	Key Item
	// Item to put, with its key; nil deletes the item, if there is one.
	Item Item
	// If is the condition on the stored item. If it does not hold, the answer is
	// [datastore.ErrConflict] and nothing is written.
	If Cond
	// ID is the write id of a conditional put, which Item holds in the attribute
	// [Write.Own] looks at; "" without one. A driver that repeats a write whose
	// answer was lost asks Own of the item that failed the condition.
	ID string
}

// Own reports whether the stored item is what this very write left behind.
func (w Write) Own(stored Item) bool {
	return w.ID != "" && stored[writeID].typ == B && stored[writeID].text == w.ID
}

// Repeatable reports whether the write may be sent again when its answer was
// lost: what replaces or deletes unconditionally, and what recognises itself.
func (w Write) Repeatable() bool { return w.If.IsZero() || w.ID != "" }

// PageQuery asks for one page.
type PageQuery struct {
	PK     Value // the partition
	Range  Cond  // on the sort key; the zero Cond for all
	Filter Cond  // on other attributes; the zero Cond for all
	Desc   bool  // from the greatest sort key down
	Limit  int   // items to read before Filter; 0 for as many as 1 MB holds
	After  Item  // the key after which to begin; nil for the start
	Read
}

// PageResult is one page. Last is the key of the last item that was read, also
// if the filter left it out. It is nil if there is certainly nothing after it; it
// may be set though nothing follows, and the next page is empty then.
type PageResult struct {
	Items []Item
	Last  Item
}
