package warehouse

import (
	"context"
	"errors"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens warehouses. Most code should not read on: it is for those who write
// a driver, and [warehousetest] is how they test it.
//
// [warehousetest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/warehouse/warehousetest
type Driver interface {
	datastore.Driver
	// OpenWarehouse prepares the use of a warehouse that data declares. It is
	// called by the first operation, and again by the next one if it failed. The
	// context is the operation's: what is opened outlives it.
	OpenWarehouse(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a warehouse that is open for use. Its errors are [*datastore.Error] with
// Kind, Code and Attempts set; the handle fills in the rest. It is safe for
// concurrent use.
type Conn interface {
	// Execute starts statements as the user of access. They run once for a key,
	// however often it is called with it. It may wait a little for the end.
	Execute(ctx context.Context, access Access, e Execution) (Description, error)
	// Describe tells how a statement goes, [datastore.ErrNotFound] if there is
	// none.
	Describe(ctx context.Context, id ID) (Description, error)
	// Page reads rows from the place token on, "" for the first ones. Errors are
	// those of [Reader]; [NotEnded] makes them.
	Page(ctx context.Context, id ID, token string) (Page, error)
	// Cancel stops a statement, as [Canceller] says.
	Cancel(ctx context.Context, id ID) error
}

// Execution is what a driver sends.
type Execution struct {
	// SQL is one statement, or with Batch several for one transaction.
	SQL    []string
	Batch  bool
	Params []Param
	Key    string // never empty
	Notify bool
	Name   string // "" for none
}

// Description is a state as a driver knows it: without Err, with the Message of the
// warehouse about a statement that failed.
type Description struct {
	State
	Message string
}

// Page is a part of the rows.
type Page struct {
	Columns []Column // with the first page at least
	Rows    Rows     // nil for none; with a value for each column
	Next    string   // "" after the last
}

func (p *Page) length() int {
	if p.Rows == nil {
		return 0
	}
	return p.Rows.Len()
}

// NotEnded is the error for the rows of a statement that has none to give: it runs,
// it failed, it was cancelled, or it is a batch. It is nil for one that has
// finished.
func NotEnded(d Description) error {
	switch {
	case d.Status == Finished && len(d.Parts) > 0:
		return &datastore.Error{Kind: datastore.ErrInvalid, Err: errors.New("it is a batch; read the rows of its Parts, by their IDs")}
	case d.Status.Ended():
		return d.failure()
	}
	return &datastore.Error{Kind: datastore.ErrConflict, Code: string(d.Status), Attempts: 1, Err: &PendingError{ID: d.ID, Status: d.Status}}
}
