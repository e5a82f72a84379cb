// Package sqlwarehouse is a warehouse on a database of the application's own: a
// SQLite or a PostgreSQL, which it opens itself by database/sql. It is for local
// serving and for tests, and is the reference for the drivers of package warehouse.
//
//	warehouses := sqlwarehouse.Over(func(ctx context.Context, spec warehouse.Spec, access warehouse.Access) (*sql.DB, error) {
//		return sql.Open("sqlite", "file:sales.sqlite")
//	})
//
// Statements run in goroutines of their own, each in a transaction, and what they
// answer is kept in memory for 24 hours, or until the driver is closed.
//
// # Differences
//
// SQL is that of the database: what Redshift alone has (DISTKEY, COPY, UNLOAD,
// QUALIFY, SUPER) fails here, and what it has not may work. Parameters are sent as
// text, as in AWS: SQLite converts them where they meet a column, and nowhere else.
// A query's transaction is read-only, which PostgreSQL heeds; SQLite does if it is
// opened so (query_only). Events are not sent.
package sqlwarehouse

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse/statements"
)

// Open opens the database of a warehouse for readers or for writers. It is called
// by the first statement of each; what it answers is closed by [Driver.Close]. It
// may answer the same one twice.
type Open func(ctx context.Context, spec warehouse.Spec, access warehouse.Access) (*sql.DB, error)

// Driver keeps warehouses on databases. Stores of the same namespace and name share
// one. It is safe for concurrent use.
type Driver struct {
	open Open

	mu     sync.Mutex
	opened map[string]*statements.Conn
	closed bool
}

var _ warehouse.Driver = (*Driver)(nil)

// Over is a driver on the databases that open opens. Panics if open is nil.
func Over(open Open) *Driver {
	if open == nil {
		panic("sqlwarehouse: Over needs a function that opens databases")
	}
	return &Driver{open: open, opened: map[string]*statements.Conn{}}
}

// Kind is "warehouse".
func (d *Driver) Kind() string { return "warehouse" }

// Name is "sqlwarehouse".
func (d *Driver) Name() string { return "sqlwarehouse" }

// Standalone says that it finds its warehouses by no variable.
func (d *Driver) Standalone() {}

// OpenWarehouse implements [warehouse.Driver]. It opens nothing yet.
func (d *Driver) OpenWarehouse(_ context.Context, data *datastore.Data, spec warehouse.Spec) (warehouse.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, statements.ErrClosed
	}
	name := data.Namespace() + "/" + spec.Logical
	c, ok := d.opened[name]
	if !ok {
		c = statements.New(data, statements.Options{Open: func(ctx context.Context, access warehouse.Access) (*sql.DB, error) {
			return d.open(ctx, spec, access)
		}})
		d.opened[name] = c
	}
	return c, nil
}

// Close cancels what runs, waits for it, and closes the databases.
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	var errs []error
	for _, c := range d.opened {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
