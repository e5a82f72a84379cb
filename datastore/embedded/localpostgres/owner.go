package localpostgres

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/postgres"
)

// ownerOf connects as the owner, for what comes before the first operation.
type ownerOf struct{ *postgres.Connector }

var _ driver.Connector = ownerOf{}

func (o ownerOf) Connect(ctx context.Context) (driver.Conn, error) {
	s, err := o.Connector.Connect(ctx, sqldb.Ownership)
	return s.Conn, err
}

// Driver is for database/sql, which asks nothing of it.
func (o ownerOf) Driver() driver.Driver { return noDriver{} }

type noDriver struct{}

func (noDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("localpostgres: a database is opened by its declaration")
}
