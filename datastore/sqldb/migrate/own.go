package migrate

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Own are connections to a database as its owner, for those who have no grant: a
// deployment, a driver. Nothing is sent before the first of them is needed. Close
// it.
func Own(c sqldb.Connector) *sql.DB { return sql.OpenDB(owner{c}) }

// owner makes a [driver.Connector] of one of package sqldb.
type owner struct{ sqldb.Connector }

var _ driver.Connector = owner{}

func (o owner) Connect(ctx context.Context) (driver.Conn, error) {
	s, err := o.Connector.Connect(ctx, sqldb.Ownership)
	if err != nil {
		return nil, err
	}
	return s.Conn, nil
}

// Driver is for database/sql, which asks nothing of it.
func (owner) Driver() driver.Driver { return noDriver{} }

type noDriver struct{}

func (noDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("migrate: a database is opened by its declaration")
}
