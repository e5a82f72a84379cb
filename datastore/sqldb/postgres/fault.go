package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/sqlstate"
)

func portText(port uint16) string { return strconv.Itoa(int(port)) }

// Fault implements [sqldb.Connector].
func (c *Connector) Fault(err error) sqldb.Fault { return Fault(err) }

// Fault says what an error of pgx means.
func Fault(err error) sqldb.Fault {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return answered(pg)
	}
	if own, ok := errors.AsType[*datastore.Error](err); ok { // of the login
		return sqldb.Fault{Kind: own.Kind, Code: own.Code}
	}
	if f, ok := sqldb.Untrusted(err); ok {
		return f
	}
	var dial *pgconn.ConnectError
	switch {
	case errors.Is(err, pgx.ErrTxCommitRollback):
		return sqldb.Fault{Kind: datastore.ErrConflict, Ended: true}
	case errors.Is(err, errLost), errors.Is(err, pgconn.ErrConnClosed):
		return sqldb.Fault{Kind: datastore.ErrUnavailable, Lost: true, Broken: true}
	case errors.As(err, &dial), pgconn.SafeToRetry(err), errors.Is(err, driver.ErrBadConn):
		return sqldb.Fault{Kind: datastore.ErrUnavailable, Retry: true, Broken: true}
	case isNetwork(err):
		return sqldb.Fault{Kind: datastore.ErrUnavailable, Lost: true, Broken: true}
	}
	// An argument that pgx cannot encode, say.
	return sqldb.Fault{Kind: datastore.ErrDeclaration}
}

func isNetwork(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || pgconn.Timeout(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// answered is a fault that the server told. Nothing of the statement is left.
func answered(pg *pgconn.PgError) sqldb.Fault {
	f := sqlstate.Postgres(pg.Code)
	if pg.Severity == "FATAL" || pg.Severity == "PANIC" {
		f.Broken = true
	}
	f.Text = text(pg)
	return f
}

// text is the message, unless it may have values of the data in it: then it is
// what the error is about.
func text(pg *pgconn.PgError) string {
	if class := pg.Code[:min(2, len(pg.Code))]; class != "22" && class != "23" && class != "P0" {
		return pg.Message
	}
	var about []string
	for _, a := range []struct{ what, name string }{
		{"table", pg.TableName}, {"column", pg.ColumnName}, {"constraint", pg.ConstraintName}, {"type", pg.DataTypeName},
	} {
		if a.name != "" {
			about = append(about, a.what+" "+a.name)
		}
	}
	if len(about) == 0 {
		return "a value was refused"
	}
	return strings.Join(about, ", ")
}
