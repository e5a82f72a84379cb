// Package dsqlsql opens databases of Amazon Aurora DSQL.
//
//	func main() { run.Main(newApp, dsqlsql.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The variable TIERKIT_SQLDB_<NAME> holds the identifier of
// the cluster, which the generated template sets; its endpoint is that of the
// function's region, unless the configuration names another. Nothing is read and
// nothing is connected before the first statement.
//
// # Permissions
//
// Read, Write and Tx need dsql:DbConnect on the cluster, Own needs
// dsql:DbConnectAdmin, and nothing else. As whom a role may log in is said in the
// database, by the admin:
//
//	CREATE ROLE main_reader WITH LOGIN;
//	AWS IAM GRANT main_reader TO 'arn:aws:iam::111122223333:role/orders';
//	GRANT SELECT ON ALL TABLES IN SCHEMA public TO main_reader;
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/authentication-authorization.html
//
// # Consistency
//
// All reads are strongly consistent. Transactions are snapshots (REPEATABLE READ,
// the only isolation there is) and take no locks: of two that change the same row
// the second one fails when it commits. [sqldb.Transactor] runs it again.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-concurrency-control.html
//
// # Limits
//
// A transaction changes at most 3,000 rows and 10 MB and lasts at most 5 minutes,
// with one statement that changes a table at most, and none beside it. A
// connection lasts at most an hour. There are no foreign keys and no sequences of
// the older kind.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/CHAP_quotas.html
//
// # Time and faults
//
// As those of datastore/vpc/rdspostgres. Tokens are signed in the function, one for
// each new connection.
package dsqlsql

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/postgres"
)

// Driver opens databases with the region and the credentials that Lambda puts into
// a function's environment, at the endpoint that AWS_ENDPOINT_URL_DSQL or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = &driver{func() (aws.Config, error) { return iam.Config("DSQL", os.LookupEnv) }}

// With opens databases with cfg. Of an endpoint in it host and port are used.
func With(cfg aws.Config) datastore.Driver {
	return &driver{func() (aws.Config, error) { return cfg, nil }}
}

type driver struct {
	configure func() (aws.Config, error)
}

var (
	_ sqldb.Driver      = (*driver)(nil)
	_ datastore.Chooser = (*driver)(nil)
)

// WithConfig is With, for tools that replace the configuration of the drivers
// they are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "sqldb".
func (d *driver) Kind() string { return "sqldb" }

// Name is "dsqlsql".
func (d *driver) Name() string { return "dsqlsql" }

// Opens reports whether it is a database of Aurora DSQL.
func (d *driver) Opens(spec datastore.Spec) bool {
	s, ok := spec.(sqldb.Spec)
	return ok && s.Engine == sqldb.DSQL
}

// OpenDatabase implements [sqldb.Driver]. It connects to nothing.
func (d *driver) OpenDatabase(_ context.Context, data *datastore.Data, spec sqldb.Spec) (sqldb.Connector, error) {
	cluster, ok := data.Physical(spec)
	if !ok || cluster == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the identifier of the cluster (the generated template sets it)", datastore.Variable(spec))}
	}
	cfg, err := d.configure()
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	}
	at, err := serverOf(cluster, cfg)
	if err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("%s: %w", datastore.Variable(spec), err)}
	}
	return postgres.New(at, at, func(ctx context.Context, access sqldb.Access, _ bool) (string, string, error) {
		user := spec.User(access).Name
		token, err := iam.Signer{Region: cfg.Region, Credentials: cfg.Credentials}.Token(ctx, tokenFor(at.Host, access), data.Now())
		return user, token, err
	}), nil
}

// tokenTime is how long a token logs in. Connections that were made with it live
// on.
const tokenTime = 15 * time.Minute

// tokenFor is the token of an access: the owner is the admin.
//
// See https://docs.aws.amazon.com/aurora-dsql/latest/userguide/SECTION_authentication-token.html
func tokenFor(host string, access sqldb.Access) iam.TokenRequest {
	action := "DbConnect"
	if access == sqldb.Ownership {
		action = "DbConnectAdmin"
	}
	return iam.TokenRequest{Service: "dsql", Host: host, Query: url.Values{"Action": {action}}, Expires: tokenTime}
}

var identifier = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

// serverOf is the cluster's endpoint. There is one database, called postgres.
func serverOf(cluster string, cfg aws.Config) (postgres.Server, error) {
	at := postgres.Server{Host: cluster + ".dsql." + cfg.Region + ".on.aws", Port: 5432, Database: "postgres"}
	if !identifier.MatchString(cluster) {
		return at, fmt.Errorf("%q is no identifier of a cluster of Aurora DSQL", cluster)
	}
	if cfg.BaseEndpoint == nil {
		at.TLS = &tls.Config{ServerName: at.Host, MinVersion: tls.VersionTLS12, RootCAs: iam.Roots()}
		return at, nil
	}
	u, err := url.Parse(*cfg.BaseEndpoint)
	if err != nil || u.Hostname() == "" {
		return at, fmt.Errorf("the endpoint of the configuration is no URL")
	}
	at.Host, at.TLS = u.Hostname(), &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	if u.Port() != "" {
		port, err := strconv.ParseUint(u.Port(), 10, 16)
		if err != nil {
			return at, fmt.Errorf("the endpoint of the configuration: %w", err)
		}
		at.Port = uint16(port)
	}
	return at, nil
}
