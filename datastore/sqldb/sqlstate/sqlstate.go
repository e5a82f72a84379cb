// Package sqlstate says what the error codes of PostgreSQL mean, for the drivers of
// package sqldb, however they reach it. Applications use those.
package sqlstate

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Postgres is what an SQLSTATE means. The Text is the driver's to add.
func Postgres(code string) sqldb.Fault {
	f, ok := states[code]
	if !ok && len(code) == 5 {
		f = classes[code[:2]]
	}
	if f.Kind == nil {
		f.Kind = datastore.ErrUnavailable
	}
	f.Code = code
	return f
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
