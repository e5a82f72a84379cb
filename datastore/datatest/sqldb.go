package datatest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// SQL adds the databases of driver, such as sqlitedb.Memory(), with faults. This
// package has none of its own: SQLite is no part of the standard library. The test
// closes the driver.
func SQL(driver sqldb.Driver) Option {
	return optionFunc(func(c *setup) {
		d := &sqlDriver{Driver: driver}
		c.drivers = append(c.drivers, d)
		c.faults = append(c.faults, &d.faults)
	})
}

// Database is the declared database called name, with its tables, as its owner: to
// put rows there and to look at them. It needs no grant, has no faults, and is
// closed when the test ends.
func Database(t testing.TB, data *datastore.Data, name string) *sql.DB {
	t.Helper()
	found, err := specOf(data, "sqldb "+name)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	spec, ok := found.(sqldb.Spec)
	if !ok {
		t.Fatalf("datatest: %s is a %T, want sqldb.Spec", name, found)
	}
	opener, err := datastore.DriverOf[sqldb.Driver](data, spec)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	connector, err := opener.OpenDatabase(background(t), data, spec)
	if err != nil {
		t.Fatalf("datatest: open sqldb %s: %v", name, cause(err))
	}
	db := sql.OpenDB(owner{connector})
	t.Cleanup(func() { db.Close() })
	return db
}

// owner connects as the owner.
type owner struct{ sqldb.Connector }

func (o owner) Connect(ctx context.Context) (driver.Conn, error) {
	s, err := o.Connector.Connect(ctx, sqldb.Ownership)
	return s.Conn, err
}

// Driver is for database/sql, which asks nothing of it.
func (o owner) Driver() driver.Driver { return noDriver{} }

type noDriver struct{}

func (noDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("datatest: a database is opened by its declaration")
}

// sqlDriver is a driver with faults.
type sqlDriver struct {
	sqldb.Driver
	faults faults
}

var (
	_ sqldb.Driver      = (*sqlDriver)(nil)
	_ datastore.Chooser = (*sqlDriver)(nil)
	_ faulty            = (*sqlDriver)(nil)
)

func (d *sqlDriver) faultList() *faults { return &d.faults }

// Opens is the driver's own.
func (d *sqlDriver) Opens(spec datastore.Spec) bool {
	c, ok := d.Driver.(datastore.Chooser)
	return !ok || c.Opens(spec)
}

func (d *sqlDriver) OpenDatabase(ctx context.Context, data *datastore.Data, spec sqldb.Spec) (sqldb.Connector, error) {
	c, err := d.Driver.OpenDatabase(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultySQL{c, spec, &d.faults}, nil
}

type faultySQL struct {
	sqldb.Connector
	spec   sqldb.Spec
	faults *faults
}

var _ sqldb.Around = (*faultySQL)(nil)

func (f *faultySQL) Around(_ context.Context, op string, do func() error) error {
	return f.faults.run(f.spec, op, do)
}
