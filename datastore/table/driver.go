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
	// OpenTable prepares the use of a table that data declares. The Spec has no
	// scope but Owner: such a connection acts for the owner in the context of each
	// operation, where the driver can. It is called by the first operation, and again by
	// the next one if it failed; a table is opened once, and once for each scope by
	// owners. The context is the operation's: the connection outlives it.
	OpenTable(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a table that is open. It takes what has been checked: keys and items
// that are within the limits, conditions and changes that are well-formed. It owns
// what it is given, and what it returns is not changed. Keys and
// items come and go in the form that is best for the driver; see [Form].
//
// Its errors are [*datastore.Error] with Kind, Code and Attempts set; the handle
// fills in the rest. It is safe for concurrent use.
type Conn interface {
	ReadConn
	WriteConn
}

// ReadConn is the reading part of a [Conn].
type ReadConn interface {
	// Get reads one item; nil if there is none.
	Get(ctx context.Context, key Attributes, read Read) (Attributes, error)
	// GetMany reads the items there are of at most 100 different keys, in any
	// order. Keys that could not be read are a [*datastore.PartialError] with
	// their positions, beside the items that could.
	GetMany(ctx context.Context, keys []Attributes, read Read) ([]Attributes, error)
	// Query reads one page of a partition of the table or of an index, in the
	// order of the sort key.
	Query(ctx context.Context, q PageQuery) (PageResult, error)
	// Scan reads one page of the table, or of an index, in any fixed order.
	Scan(ctx context.Context, s PageScan) (PageResult, error)
}

// WriteConn is the writing part of a [Conn].
type WriteConn interface {
	// Write puts or deletes one item.
	Write(ctx context.Context, w Write) error
	// Update makes the changes of w and returns the new item. Beside the error of a
	// condition that did not hold it returns the item that is stored, nil if it does
	// not know it.
	Update(ctx context.Context, w Write) (Attributes, error)
	// WriteMany puts and deletes at most 25 different items, 16 MB in all,
	// without conditions. Those that were not written are a
	// [*datastore.PartialError] with their positions.
	WriteMany(ctx context.Context, writes []Write) error
	// Transact does all of the writes or none. Their connections are of this
	// driver; if one is not, it answers [datastore.ErrDeclaration]. Refused
	// conditions are a [*datastore.PartialError] with their positions, and what is
	// stored is put into the Stored of the updates among them.
	Transact(ctx context.Context, tx Transaction) error
}

// Read says how to read.
type Read struct {
	// Consistent reads see all writes that were answered before; others may be
	// a moment behind.
	Consistent bool
}

// PageQuery asks for one page.
type PageQuery struct {
	Index  Index // the index; [Spec.Primary] for the table's own order
	PK     Value // the partition
	Range  Cond  // on the sort key; the zero Cond for all
	Filter Cond  // on other attributes; the zero Cond for all
	Desc   bool  // from the greatest sort key down
	Limit  int   // items to read before Filter; 0 for as many as 1 MB holds
	After  Item  // the place after which to begin; nil for the start
	Read
}

// PageScan asks for one page of everything.
type PageScan struct {
	Index             Index // as in [PageQuery]
	Filter            Cond  // on any attributes; the zero Cond for all
	Limit             int   // as in [PageQuery]
	After             Item  // as in [PageQuery]
	Segment, Segments int   // one of so many disjoint parts; Segments is at least 1
	Read
}

// PageResult is one page. Last is the place of the last item that was read, as
// [Spec.PlaceOf] has it, also if the filter left the item out. It is nil if there
// is certainly nothing after it; it may be set though nothing follows, and the next
// page is empty then.
type PageResult struct {
	Items []Attributes
	Last  Item
}
