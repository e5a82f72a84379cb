package rdsmysql

import (
	"context"
	sqldriver "database/sql/driver"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Fault implements [sqldb.Connector].
func (c *connector) Fault(err error) sqldb.Fault {
	if own, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return answered(own)
	}
	if own, ok := errors.AsType[*datastore.Error](err); ok { // of the login
		return sqldb.Fault{Kind: own.Kind, Code: own.Code}
	}
	if f, ok := sqldb.Untrusted(err); ok {
		return f
	}
	var op *net.OpError
	switch {
	case errors.Is(err, sqldriver.ErrBadConn):
		return sqldb.Fault{Kind: datastore.ErrUnavailable, Retry: true, Broken: true}
	case errors.Is(err, mysql.ErrPktTooLarge):
		return sqldb.Fault{Kind: datastore.ErrTooLarge}
	case errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, mysql.ErrMalformPkt), errors.Is(err, mysql.ErrPktSync),
		errors.Is(err, mysql.ErrBusyBuffer), errors.As(err, &op), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return sqldb.Fault{Kind: datastore.ErrUnavailable, Lost: true, Broken: true}
	}
	// An argument that the client cannot encode, say.
	return sqldb.Fault{Kind: datastore.ErrDeclaration}
}

// answered is a fault that the server told. Nothing of the statement is left.
func answered(own *mysql.MySQLError) sqldb.Fault {
	f, ok := numbers[own.Number]
	if !ok {
		f = classes[string(own.SQLState[:2])]
	}
	if f.Kind == nil {
		f.Kind = datastore.ErrUnavailable
	}
	f.Code, f.Text = strconv.Itoa(int(own.Number)), text(own)
	return f
}

// text is the message, unless values of the data stand in it.
func text(own *mysql.MySQLError) string {
	switch own.Number {
	case duplicateEntry:
		if _, key, ok := strings.Cut(own.Message, "' for key "); ok {
			return "duplicate entry for key " + key[strings.LastIndex(key, "' for key ")+1:]
		}
		return "duplicate entry"
	case syntax: // quotes a part of the statement, in which its parameters stand
		if i := strings.LastIndex(own.Message, "at line "); i >= 0 {
			return "syntax error " + own.Message[i:]
		}
		return "syntax error"
	case incorrectValue, incorrectTime, truncatedWrong, signal, wrongArguments:
		return "a value was refused"
	}
	return own.Message
}

// Numbers of errors whose messages quote values.
const (
	duplicateEntry = 1062
	syntax         = 1064
	incorrectTime  = 1292
	truncatedWrong = 1525
	incorrectValue = 1366
	signal         = 1644
	wrongArguments = 1411
)

// classes of SQLSTATE, by what they mean.
var classes = map[string]sqldb.Fault{
	"08": {Kind: datastore.ErrUnavailable, Retry: true, Broken: true},
	"21": {Kind: datastore.ErrDeclaration},
	"22": {Kind: datastore.ErrInvalid},
	"23": {Kind: datastore.ErrInvalid},
	"28": {Kind: datastore.ErrDenied},
	"40": {Kind: datastore.ErrConflict, Retry: true, Ended: true},
	"42": {Kind: datastore.ErrDeclaration},
	"45": {Kind: datastore.ErrConflict}, // SIGNAL of a trigger or procedure
}

// numbers are those that mean something else than their class, or have none.
//
// See https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html
// and https://mariadb.com/kb/en/mariadb-error-code-reference/
var numbers = map[uint16]sqldb.Fault{
	1062: {Kind: datastore.ErrConflict}, // duplicate key
	1586: {Kind: datastore.ErrConflict},
	1216: {Kind: datastore.ErrConflict}, // foreign keys
	1217: {Kind: datastore.ErrConflict},
	1451: {Kind: datastore.ErrConflict},
	1452: {Kind: datastore.ErrConflict},
	1020: {Kind: datastore.ErrConflict, Retry: true, Ended: true}, // changed since it was read
	1205: {Kind: datastore.ErrConflict, Retry: true, Ended: true}, // waited too long for a lock
	1213: {Kind: datastore.ErrConflict, Retry: true, Ended: true}, // deadlock
	3058: {Kind: datastore.ErrConflict, Retry: true},
	3572: {Kind: datastore.ErrConflict}, // NOWAIT

	3819: {Kind: datastore.ErrInvalid}, // checks
	4025: {Kind: datastore.ErrInvalid},
	1048: {Kind: datastore.ErrInvalid}, // null
	1364: {Kind: datastore.ErrInvalid},
	1366: {Kind: datastore.ErrInvalid}, // values
	1265: {Kind: datastore.ErrInvalid},

	1044: {Kind: datastore.ErrDenied},
	1045: {Kind: datastore.ErrDenied},
	1698: {Kind: datastore.ErrDenied},
	1142: {Kind: datastore.ErrDenied},
	1143: {Kind: datastore.ErrDenied},
	1227: {Kind: datastore.ErrDenied},
	1370: {Kind: datastore.ErrDenied},
	1792: {Kind: datastore.ErrDenied}, // the transaction is read-only

	1040: {Kind: datastore.ErrThrottled, Retry: true}, // connections
	1203: {Kind: datastore.ErrThrottled, Retry: true},
	1226: {Kind: datastore.ErrThrottled, Retry: true},
	9501: {Kind: datastore.ErrThrottled, Retry: true, Broken: true}, // RDS Proxy had no connection free in time

	1290: {Kind: datastore.ErrUnavailable, Retry: true, Broken: true, Ended: true}, // a writer that has become a reader
	1836: {Kind: datastore.ErrUnavailable, Retry: true, Broken: true, Ended: true},
	1053: {Kind: datastore.ErrUnavailable, Retry: true, Broken: true, Ended: true}, // shut down
	1927: {Kind: datastore.ErrUnavailable, Retry: true, Broken: true, Ended: true}, // killed
	1317: {Kind: datastore.ErrUnavailable},                                         // interrupted
	1969: {Kind: datastore.ErrUnavailable},                                         // its own time was over
	3024: {Kind: datastore.ErrUnavailable},
	1153: {Kind: datastore.ErrTooLarge, Broken: true},
	1146: {Kind: datastore.ErrDeclaration}, // no such table
	1049: {Kind: datastore.ErrDeclaration},
}
