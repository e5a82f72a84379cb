package sqldb_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// halting is a driver with transactions, whose queries lose their answers.
type halting struct{ begun, rolledBack, committed int }

func (*halting) Kind() string { return "sqldb" }
func (*halting) Name() string { return "halting" }
func (h *halting) OpenDatabase(context.Context, *datastore.Data, sqldb.Spec) (sqldb.Connector, error) {
	return h, nil
}
func (h *halting) Connect(context.Context, sqldb.Access) (sqldb.Session, error) {
	return sqldb.Session{Conn: &haltingConn{h}}, nil
}
func (*halting) Fault(error) sqldb.Fault {
	return sqldb.Fault{Kind: datastore.ErrUnavailable, Lost: true, Broken: true}
}

type haltingConn struct{ *halting }

func (*haltingConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("no statements") }
func (*haltingConn) Close() error                        { return nil }
func (*haltingConn) Begin() (driver.Tx, error)           { return nil, errors.New("no context") }
func (c *haltingConn) BeginTx(context.Context, driver.TxOptions) (driver.Tx, error) {
	c.begun++
	return c, nil
}
func (c *haltingConn) Commit() error   { c.committed++; return nil }
func (c *haltingConn) Rollback() error { c.rolledBack++; return nil }
func (*haltingConn) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return nil, errors.New("no answer")
}

// TestTxOfAnother: a transaction whose function read elsewhere in vain is rolled back,
// of which there is no doubt.
func TestTxOfAnother(t *testing.T) {
	t.Parallel()
	d := &halting{}
	h := datastore.Use[all](function("f"), sqldb.New(datastore.New([]datastore.Driver{d}, nil), "main", sqldb.Postgres))
	err := h.Tx(t.Context(), nil, func(ctx context.Context, _ *sql.Tx) error {
		return h.Read().QueryRowContext(ctx, "SELECT 1").Scan(new(int))
	})
	if !errors.Is(err, datastore.ErrUnavailable) || errors.Is(err, datastore.ErrUnknown) || d.committed != 0 || d.begun != d.rolledBack {
		t.Errorf("Tx = %v with %d begun, %d rolled back and %d committed, want ErrUnavailable and all rolled back", err, d.begun, d.rolledBack, d.committed)
	}
}
