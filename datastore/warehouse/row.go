package warehouse

import (
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Column is a column of rows.
type Column struct {
	Name string // as the statement names it
	Type string // of the warehouse: "int4", "varchar", "timestamp"; "" is not known
}

// header is what the rows of a statement share.
type header struct {
	columns []Column
	wrap    func(error) error
}

var errColumns = errors.New("a page of the rows has not as many columns as the first")

// begin begins a page, whose columns may be nil after the first one.
func (h *header) begin(columns []Column) error {
	switch {
	case h.columns == nil:
		h.columns = columns
	case columns != nil && len(columns) != len(h.columns):
		return &datastore.Error{Kind: datastore.ErrCorrupt, Attempts: 1, Err: errColumns}
	}
	return nil
}

// Row is one row.
type Row struct {
	head *header
	rows Rows // of its page
	at   int
}

// Columns are those of the row, shared by all rows: not to be changed.
func (r Row) Columns() []Column {
	if r.head == nil {
		return nil
	}
	return r.head.columns
}

// Values are the values as the Data API has them, for each column: nil for NULL, a
// bool, an int64, a float64, a string (for decimals, dates and times too) or a
// []byte. The slice is the caller's.
func (r Row) Values() []any {
	values := make([]any, len(r.Columns()))
	for i := range values {
		values[i] = r.value(i).Any()
	}
	return values
}

func (r Row) value(column int) Value { return r.rows.Value(r.at, column) }

// Scan converts the values into what dest point to, one for each column: as [Scan]
// does for the fields of a struct. A value that does not fit answers
// [datastore.ErrCorrupt] and names the column.
func (r Row) Scan(dest ...any) error {
	if r.head == nil {
		return &datastore.Error{Store: "warehouse", Op: "rows", Kind: datastore.ErrInvalid, Err: errors.New("it is no row")}
	}
	if len(dest) != len(r.head.columns) {
		return r.head.wrap(&datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("Scan of %d values into %d places", len(r.head.columns), len(dest))})
	}
	for i, d := range dest {
		if err := assign(d, r.value(i)); err != nil {
			return r.head.wrap(columnError(r.head.columns, i, err))
		}
	}
	return nil
}

// columnError names the column and not the value.
func columnError(columns []Column, i int, err error) error {
	if own, ok := err.(*datastore.Error); ok {
		return own
	}
	var c Column
	if i < len(columns) {
		c = columns[i]
	}
	return &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("column %d, %s %s: %w", i, c.Name, c.Type, err)}
}
