// Package rdspostgres opens databases of Amazon RDS for PostgreSQL and Amazon
// Aurora PostgreSQL, directly or by RDS Proxy.
//
//	func main() { run.Main(newApp, rdspostgres.Driver) }
//
// The address is in the variable TIERKIT_SQLDB_<NAME>, which the generated
// template sets: postgres://HOST:PORT/NAME, as [vpc.Address] has it, with the
// cluster's reader endpoint as reader. Of a database with [sqldb.Proxy] the hosts are
// endpoints of the proxy, and owner is the database itself. Nothing is read and nothing is connected
// before the first statement. TLS is required, and the server's certificate must
// be for its name and by Amazon.
//
// # Permissions
//
// A function whose database is declared with the default login needs
// rds-db:connect on the users that it logs in as, and no network but the
// database's port: tokens are signed in the function. The users are made by
// package migrate, which grants them rds_iam. With a secret it needs what the
// secret needs.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
//
// # Consistency
//
// Reads by the reader endpoint are behind those of the writer, in Aurora by mostly
// less than 100 ms. A function that must read its own writes reads by Write.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Replication.html
//
// # Limits
//
// RDS Proxy does not carry out the cancelling of a statement: one whose context
// ended goes on to its end there. IAM logins are limited to about 200 in a second.
//
// Nothing that is sent, not even when a connection is made, keeps a connection of the
// proxy for one client: statements have no names, a transaction's isolation stands in
// its BEGIN, and that a reader's are read-only is a setting of the user, which the
// database keeps. What the application's own SQL sets, locks or makes temporary does.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html
// and https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html
//
// # Time and faults
//
// A token or a password is asked for with each new connection. A login that is
// refused is asked for anew and tried once more, so that a secret may be rotated.
// [sql.Conn.Raw] and postgres.Conn lead to the connection of pgx. The error of
// pgx, a *pgconn.PgError mostly, is found by errors.As.
//
// [sql.Conn.Raw]: https://pkg.go.dev/database/sql#Conn.Raw
package rdspostgres

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/postgres"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc"
)

// Driver opens databases, and logs in with the region and the credentials that
// Lambda puts into a function's environment.
var Driver datastore.Driver = product

// With opens databases, and logs in with cfg.
func With(cfg aws.Config) datastore.Driver { return product.WithConfig(cfg) }

var product = sqldb.NewProduct("rdspostgres", func(s sqldb.Spec) bool {
	return (s.Engine == sqldb.Postgres || s.Engine == sqldb.AuroraPostgres) && !s.DataAPI
}, open, func() (aws.Config, error) { return iam.Config("RDS", os.LookupEnv) })

// open connects to nothing.
func open(d *sqldb.Configured[aws.Config]) (sqldb.Connector, error) {
	address, err := vpc.Physical(d.Data, d.Spec, "postgres", d.Spec.Dialect().Port())
	if err != nil {
		return nil, err
	}
	writer, err := serverOf(address, address.Host)
	if err != nil {
		return nil, err
	}
	reader, err := serverOf(address, address.Reader)
	if err != nil {
		return nil, err
	}
	owner, err := serverOf(address, address.Owner)
	if err != nil {
		return nil, err
	}
	logins := vpc.Logins{Configure: d.Configure, Now: d.Data.Now}
	return postgres.New(reader, writer, owner, func(ctx context.Context, access sqldb.Access, fresh bool) (string, string, error) {
		host, user := address.Host, d.Spec.User(access)
		switch access {
		case sqldb.ReadOnly:
			host = address.Reader
		case sqldb.Ownership:
			host = address.Owner
		}
		return logins.Credentials(ctx, host, address.Port, user.Name, user.Login, fresh)
	}), nil
}

func serverOf(a vpc.Address, host string) (postgres.Server, error) {
	cfg, err := vpc.TLS(host, a.RootCert)
	if err != nil {
		return postgres.Server{}, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("trust of %s: %w", host, err)}
	}
	return postgres.Server{Host: host, Port: uint16(a.Port), Database: a.Name, TLS: cfg}, nil
}
