// Package dsqlsql opens clusters of Amazon Aurora DSQL, by PostgreSQL's protocol and
// with tokens of the function's role. A cluster has an address in the internet: the
// function stays outside of the private network.
//
//	func main() { run.Main(newApp, dsqlsql.Driver) }
//
// The identifier of the cluster is in the variable TIERKIT_SQLDB_<NAME>, which the
// generated template sets; or, for an endpoint of PrivateLink, its address:
// postgres://HOST:PORT/postgres?sslrootcert=FILE, of which PORT and the query may be
// left out. Nothing is read and nothing is connected before the first statement. TLS
// is required, and the certificate must be for the name and by Amazon.
//
// # Permissions
//
// dsql:DbConnect on the cluster for Read, Write and Tx, dsql:DbConnectAdmin for Own.
// Tokens are signed in the function. Who is the reader and who the writer is decided
// in the database, by its admin: IAM cannot tell its users apart. migrate.OnDeploy does
// so with the roles of the functions; what it does is this:
//
//	CREATE ROLE main_writer WITH LOGIN;
//	AWS IAM GRANT main_writer TO 'arn:aws:iam::123456789012:role/...'; -- the function's role
//	GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ... TO main_writer;
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/authentication-authorization.html
//
// # What DSQL has not
//
// It has one database, postgres, and tables without foreign keys, triggers and
// sequences of the usual kind; a statement that makes a table stands alone in its
// transaction, and indexes are made ASYNC. A transaction changes at most 3,000 rows
// or 10 MiB, and lasts at most five minutes. It never waits for a lock: of two
// transactions that change the same row the one that commits later fails with
// SQLSTATE 40001 (OC000, or OC001 after a table was changed), and Tx runs it again.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-postgresql-compatibility-unsupported-features.html,
// https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-concurrency-control.html
// and https://docs.aws.amazon.com/aurora-dsql/latest/userguide/CHAP_quotas.html
//
// # Time and faults
//
// A token is made with each new connection, which lives on after the token has ended;
// DSQL itself ends connections after an hour, and package sqldb before. The error of
// pgx, a *pgconn.PgError mostly, is found by errors.As; [sql.Conn.Raw] and
// postgres.Conn lead to its connection.
//
// [sql.Conn.Raw]: https://pkg.go.dev/database/sql#Conn.Raw
package dsqlsql

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/postgres"
)

// Driver opens clusters, and logs in with the region and the credentials that
// Lambda puts into a function's environment.
var Driver datastore.Driver = product

// With opens clusters, and logs in with cfg.
func With(cfg aws.Config) datastore.Driver { return product.WithConfig(cfg) }

var product = sqldb.NewProduct("dsqlsql", func(s sqldb.Spec) bool {
	return s.Engine == sqldb.DSQL
}, open, func() (aws.Config, error) { return iam.Config("DSQL", os.LookupEnv) })

// open connects to nothing.
func open(d *sqldb.Configured[aws.Config]) (sqldb.Connector, error) {
	text, ok := d.Data.Physical(d.Spec)
	if !ok || text == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the identifier of the cluster (the generated template sets it)", datastore.Variable(d.Spec))}
	}
	cfg, err := d.Configure()
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	}
	server, err := serverOf(text, cfg.Region)
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("%s: %w", datastore.Variable(d.Spec), err)}
	}
	signer := iam.Signer{Region: cfg.Region, Credentials: cfg.Credentials}
	return postgres.New(server, server, server, func(ctx context.Context, access sqldb.Access, _ bool) (string, string, error) {
		token, err := signer.Token(ctx, request(server.Host, access), d.Data.Now())
		return d.Spec.User(access).Name, token, err
	}), nil
}

// tokenTime is how long a token logs in.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/SECTION_authentication-token.html
const tokenTime = 15 * time.Minute

// request is for a token to log in to host.
func request(host string, access sqldb.Access) iam.TokenRequest {
	action := "DbConnect"
	if access == sqldb.Ownership {
		action = "DbConnectAdmin"
	}
	return iam.TokenRequest{Service: "dsql", Host: host, Query: url.Values{"Action": {action}}, Expires: tokenTime}
}
