package migrate

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// lease is the lock of a database whose sessions have none, Aurora DSQL: a row that one
// run has at a time, by the database's clock. A run that ends without giving it back
// keeps the others waiting until it is over.
type lease struct {
	db     again
	holder string // of letters and digits
}

// leaseTable has one row, or none before the first run.
const (
	leaseTable   = "tierkit_migrations_lock"
	leaseColumns = "id INTEGER PRIMARY KEY, holder VARCHAR(64) NOT NULL, until TIMESTAMPTZ NOT NULL"
)

// leaseTime is longer than a statement can take there: a transaction has five minutes.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/CHAP_quotas.html
const leaseTime = "now() + interval '6 minutes'"

// take is errHeld if another run has it.
func (l *lease) take(ctx context.Context) error {
	taken, err := l.changes(ctx, "UPDATE "+leaseTable+" SET holder = '"+l.holder+"', until = "+leaseTime+" WHERE id = 1 AND until < now()")
	if err == nil && !taken {
		taken, err = l.changes(ctx, "INSERT INTO "+leaseTable+" (id, holder, until) SELECT 1, '"+l.holder+"', "+leaseTime+
			" WHERE NOT EXISTS (SELECT 1 FROM "+leaseTable+")")
	}
	if err == nil && !taken {
		return errHeld
	}
	return err
}

// renew is called before each statement. A nil lease has nothing to renew.
func (l *lease) renew(ctx context.Context) error {
	if l == nil {
		return nil
	}
	mine, err := l.changes(ctx, "UPDATE "+leaseTable+" SET until = "+leaseTime+" WHERE id = 1 AND holder = '"+l.holder+"'")
	if err == nil && !mine || errors.Is(err, errHeld) {
		return errors.New("another run has taken the lock, which this one had for too long; run it again")
	}
	return err
}

func (l *lease) free(ctx context.Context) error {
	_, err := l.changes(ctx, "UPDATE "+leaseTable+" SET until = timestamptz 'epoch' WHERE id = 1 AND holder = '"+l.holder+"'")
	if err != nil && !errors.Is(err, errHeld) {
		return fmt.Errorf("give back the lock: %w", err)
	}
	return nil
}

// changes reports whether a statement changed the row.
func (l *lease) changes(ctx context.Context, statement string) (bool, error) {
	result, err := l.db.ExecContext(ctx, statement)
	if err != nil {
		return false, held(err)
	}
	n, err := result.RowsAffected()
	return n > 0, err
}

// held is errHeld for an error that says that another one was first: of two
// transactions that change one row, or insert it, the database refuses one.
func held(err error) error {
	if state := stateOf(err); state == stateConflict || state == "23505" {
		return errHeld
	}
	return err
}

const stateConflict = "40001"

// stateOf is the SQLSTATE of an error, "" for none.
func stateOf(err error) string {
	var e interface{ SQLState() string }
	if !errors.As(err, &e) {
		return ""
	}
	return e.SQLState()
}

// refused is what an error means where nothing else says so: of which statements
// nothing was done, because others were first.
func refused(err error) sqldb.Fault {
	if stateOf(err) != stateConflict {
		return sqldb.Fault{Kind: datastore.ErrUnavailable}
	}
	return sqldb.Fault{Kind: datastore.ErrConflict, Code: stateConflict, Retry: true}
}
