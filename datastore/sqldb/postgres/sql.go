package postgres

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// SQL connects to a server for database/sql alone, without the rules of package sqldb:
// for drivers of other kinds. fresh says that the user and the password of before were
// refused. It does no I/O.
func SQL(server Server, login func(ctx context.Context, fresh bool) (user, password string, err error)) driver.Connector {
	return &plain{New(server, server, server, func(ctx context.Context, _ sqldb.Access, fresh bool) (string, string, error) {
		return login(ctx, fresh)
	})}
}

// plain is a Connector for database/sql.
type plain struct{ *Connector }

var _ driver.Connector = (*plain)(nil)

func (p *plain) Connect(ctx context.Context) (driver.Conn, error) {
	s, err := p.Connector.Connect(ctx, sqldb.Ownership)
	if err != nil {
		return nil, err
	}
	return s.Conn, nil
}

// Driver is for database/sql, which asks nothing of it.
func (p *plain) Driver() driver.Driver { return noDriver{} }

type noDriver struct{}

func (noDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("postgres: a database is opened by its declaration")
}
