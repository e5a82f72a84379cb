package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"io"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// rows are the rows of a driver, whose errors get their meaning. What a driver
// does not tell of its columns, database/sql is told as it would find it itself.
type rows struct {
	driver.Rows
	conn *conn
	ctx  context.Context // of the statement; its rows live no longer
	one  bool            // the first must be there
	stmt driver.Stmt     // to close with them; nil for none

	guard *tx // to end with them; nil for none
}

var (
	_ driver.RowsNextResultSet              = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeLength           = (*rows)(nil)
	_ driver.RowsColumnTypeNullable         = (*rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*rows)(nil)
)

func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	switch {
	case err == nil:
		r.one = false
		return nil
	case err != io.EOF:
		return r.conn.fail(r.ctx, err)
	case r.one:
		return r.conn.pool.wrap(&datastore.Error{Kind: datastore.ErrNotFound, Err: sql.ErrNoRows})
	}
	return io.EOF
}

func (r *rows) Close() error {
	err := r.Rows.Close()
	if r.stmt != nil {
		r.stmt.Close()
	}
	r.guard.release()
	r.conn.used = r.conn.pool.state.Data.Now().Round(0)
	if err != nil {
		return r.conn.fail(r.ctx, err)
	}
	return nil
}

func (r *rows) HasNextResultSet() bool {
	n, ok := r.Rows.(driver.RowsNextResultSet)
	return ok && n.HasNextResultSet()
}

func (r *rows) NextResultSet() error {
	n, ok := r.Rows.(driver.RowsNextResultSet)
	if !ok {
		return io.EOF
	}
	if err := n.NextResultSet(); err != nil && err != io.EOF {
		return r.conn.fail(r.ctx, err)
	} else {
		return err
	}
}

func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	if c, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		if t := c.ColumnTypeScanType(i); t != nil { // SQLite knows it only with a row
			return t
		}
	}
	return reflect.TypeFor[any]()
}

func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	if c, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return c.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

func (r *rows) ColumnTypeLength(i int) (length int64, ok bool) {
	if c, has := r.Rows.(driver.RowsColumnTypeLength); has {
		return c.ColumnTypeLength(i)
	}
	return 0, false
}

func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if c, has := r.Rows.(driver.RowsColumnTypeNullable); has {
		return c.ColumnTypeNullable(i)
	}
	return false, false
}

func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if c, has := r.Rows.(driver.RowsColumnTypePrecisionScale); has {
		return c.ColumnTypePrecisionScale(i)
	}
	return 0, 0, false
}
