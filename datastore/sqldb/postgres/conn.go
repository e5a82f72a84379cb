package postgres

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// conn is a connection of pgx that does not say of a statement whose answer was
// lost that it was not sent. pgx 5.12.0 does for one without parameters: it reads
// the end of the connection as "conn closed", which it takes for a connection that
// was closed before, and database/sql then sends the statement again.
type conn struct{ *stdlib.Conn }

var (
	_ driver.ExecerContext  = (*conn)(nil)
	_ driver.QueryerContext = (*conn)(nil)
)

// errLost is an answer that did not come.
var errLost = errors.New("the connection was lost before the answer came")

func (c *conn) ExecContext(ctx context.Context, query string, named []driver.NamedValue) (driver.Result, error) {
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	args := make([]any, len(named))
	for i := range named {
		args[i] = named[i].Value
	}
	tag, err := c.Conn.Conn().Exec(ctx, query, args...)
	switch {
	case err == nil:
		return driver.RowsAffected(tag.RowsAffected()), nil
	case errors.Is(err, pgconn.ErrConnClosed):
		return nil, errLost
	case pgconn.SafeToRetry(err):
		return nil, driver.ErrBadConn
	}
	return nil, err
}

func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if c.Conn.Conn().IsClosed() {
		return nil, driver.ErrBadConn
	}
	rows, err := c.Conn.QueryContext(ctx, query, args)
	if errors.Is(err, driver.ErrBadConn) {
		return nil, errLost // or was not sent, which cannot be told from it
	}
	return rows, err
}
