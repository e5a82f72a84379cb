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
	f, ok := states[pg.Code]
	if !ok && len(pg.Code) == 5 {
		f = classes[pg.Code[:2]]
	}
	if f.Kind == nil {
		f.Kind = datastore.ErrUnavailable
	}
	f.Code = pg.Code
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

// classes of SQLSTATE, by what they mean.
//
// See https://www.postgresql.org/docs/current/errcodes-appendix.html
var classes = map[string]sqldb.Fault{
	"08": {Kind: datastore.ErrUnavailable, Broken: true},
	"22": {Kind: datastore.ErrInvalid},
	"23": {Kind: datastore.ErrInvalid},
	"28": {Kind: datastore.ErrDenied},
	"3D": {Kind: datastore.ErrDeclaration},
	"3F": {Kind: datastore.ErrDeclaration},
	"0A": {Kind: datastore.ErrDeclaration},
	"25": {Kind: datastore.ErrDeclaration},
	"26": {Kind: datastore.ErrUnavailable, Broken: true, Retry: true}, // a statement that another client's session has
	"34": {Kind: datastore.ErrDeclaration},
	"42": {Kind: datastore.ErrDeclaration},
	"44": {Kind: datastore.ErrInvalid},
	"53": {Kind: datastore.ErrUnavailable},
	"54": {Kind: datastore.ErrTooLarge},
	"57": {Kind: datastore.ErrUnavailable, Broken: true},
	"P0": {Kind: datastore.ErrConflict},
}

// states are those that mean something else than their class. OC000 and OC001
// are the conflicts of Aurora DSQL, which come as text of 40001 or alone.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-concurrency-control.html
var states = map[string]sqldb.Fault{
	"23503": {Kind: datastore.ErrConflict},
	"23505": {Kind: datastore.ErrConflict},
	"23P01": {Kind: datastore.ErrConflict},
	"25006": {Kind: datastore.ErrDenied},
	"25P02": {Kind: datastore.ErrConflict, Ended: true}, // the transaction failed before
	"25P03": {Kind: datastore.ErrUnavailable, Broken: true, Retry: true, Ended: true},
	"40001": {Kind: datastore.ErrConflict, Retry: true, Ended: true},
	"40P01": {Kind: datastore.ErrConflict, Retry: true, Ended: true},
	"OC000": {Kind: datastore.ErrConflict, Retry: true, Ended: true},
	"OC001": {Kind: datastore.ErrConflict, Retry: true, Ended: true},
	"42501": {Kind: datastore.ErrDenied},
	"53300": {Kind: datastore.ErrThrottled, Retry: true},
	"53400": {Kind: datastore.ErrThrottled},
	"55P03": {Kind: datastore.ErrConflict, Ended: true},
	"57014": {Kind: datastore.ErrUnavailable, Ended: true}, // cancelled, or its own time was over
	"57P01": {Kind: datastore.ErrUnavailable, Retry: true, Broken: true, Ended: true},
	"57P02": {Kind: datastore.ErrUnavailable, Lost: true, Broken: true, Ended: true},
	"57P03": {Kind: datastore.ErrUnavailable, Retry: true, Broken: true},
	"57P05": {Kind: datastore.ErrUnavailable, Retry: true, Broken: true},
}
