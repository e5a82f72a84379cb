// Package redshiftwire runs statements on Amazon Redshift, serverless or provisioned,
// by PostgreSQL's protocol in the private network: for warehouses that are declared
// with [warehouse.Wire].
//
//	func main() { run.Main(newApp, redshiftwire.Driver, smsecret.Driver) }
//
// The address is in the variable TIERKIT_WAREHOUSE_<NAME>, which the generated template
// sets: redshift://HOST:PORT/DATABASE, as [vpc.Address] has it. Nothing is read and
// nothing is connected before the first statement. TLS is required, and the server's
// certificate must be for its name.
//
// It was tested against PostgreSQL and not against Redshift.
//
// # Permissions
//
// None of Redshift: the users and the passwords are in two secrets, of which a function
// needs to read those that it logs in with, and the network's way to port 5439. What a
// user may do is granted in the warehouse.
//
// # What the Data API does and this does not
//
// A statement belongs to the process that sent it. Its ID, its key and its rows are
// known there alone, for 15 minutes, and of rows at most 32 MB are kept beside those of
// the last statement: in a function that is one sandbox, which may be frozen or ended
// at any time after an invocation. So:
//
//   - Query, Run and RunBatch are for what ends within the time of an invocation. One
//     that does not goes on only while the sandbox runs, and is rolled back with it.
//   - Start and StartQuery, of which another invocation reads the rows, are for a
//     program that stays, such as a container; a function uses the Data API for them.
//   - A key keeps the same process from running a statement twice, and no other.
//   - Events (Notify) are not sent, and names are not kept.
//
// # Statements
//
// Each has a connection and a transaction of its own, which for a query is read-only:
// VACUUM and what else Redshift runs outside of transactions alone is for the Data API.
// At most five run at a time for each user; the next waits for its connection.
// Parameters are sent as text, whose types the server infers, in one round trip and
// without the simple protocol: for parameters in that, pgx wants a server that says
// UTF8 and standard_conforming_strings, and Redshift says UNICODE.
//
// See https://docs.aws.amazon.com/redshift/latest/dg/c_redshift-and-postgres-sql.html
//
// # Time and faults
//
// No connection is kept between statements, so that none is found dead after a sandbox
// was frozen. One that is not made is tried again within the deadline of the context;
// a password that was refused is asked for anew and tried once more, so that a secret
// may be rotated. A statement whose connection was lost has left nothing
// ([datastore.ErrUnavailable]), unless it was lost in the commit: whether that was
// carried out is open ([datastore.ErrUnknown]). The error of pgx is found by errors.As
// where a connection was not made.
package redshiftwire

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/postgres"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse/statements"
)

// What a process keeps, and how much it does at a time.
const (
	life     = 15 * time.Minute
	keptRows = 32 << 20 // bytes
	atOnce   = 5        // statements of a user
)

// Driver opens warehouses that are reached by the wire.
var Driver datastore.Driver = wire{}

type wire struct{}

var (
	_ warehouse.Driver  = wire{}
	_ datastore.Chooser = wire{}
)

// Kind is "warehouse".
func (wire) Kind() string { return "warehouse" }

// Name is "redshiftwire".
func (wire) Name() string { return "redshiftwire" }

// Opens reports whether it is reached by the wire.
func (wire) Opens(spec datastore.Spec) bool {
	s, ok := spec.(warehouse.Spec)
	return ok && s.Wire
}

// OpenWarehouse implements [warehouse.Driver]. It connects to nothing.
func (wire) OpenWarehouse(_ context.Context, data *datastore.Data, spec warehouse.Spec) (warehouse.Conn, error) {
	address, err := vpc.Physical(data, spec, "redshift", warehouse.Port)
	if err != nil {
		return nil, err
	}
	tls, err := vpc.TLS(address.Host, address.RootCert)
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("trust of %s: %w", address.Host, err)}
	}
	server := postgres.Server{Host: address.Host, Port: uint16(address.Port), Database: address.Name, TLS: tls}
	rules := retry.New(nil)
	return statements.New(data, statements.Options{
		Life: life, Bytes: keptRows, Fault: fault,
		Open: func(_ context.Context, access warehouse.Access) (*sql.DB, error) {
			db := sql.OpenDB(&connector{postgres.SQL(server, spec.User(access).Login.Credentials), rules})
			db.SetMaxIdleConns(-1)
			db.SetMaxOpenConns(atOnce)
			return db, nil
		},
	}), nil
}

// connector makes connections, again where that helps: nothing was asked of the server
// yet.
type connector struct {
	driver.Connector
	retry *retry.Rules
}

func (c *connector) Connect(ctx context.Context) (conn driver.Conn, err error) {
	err = c.retry.Do(ctx, retry.Call{}, func(ctx context.Context) *retry.Fault {
		made, err := c.Connector.Connect(ctx)
		if err != nil {
			f := postgres.Fault(err)
			return &retry.Fault{Err: err, Kind: f.Kind, Code: f.Code, Retry: f.Retry || f.Lost}
		}
		conn = made
		return nil
	})
	return conn, err
}

// fault is what an error of a statement means.
func fault(err error) statements.Fault {
	f := postgres.Fault(err)
	return statements.Fault{Kind: f.Kind, Code: f.Code, Lost: f.Lost}
}
