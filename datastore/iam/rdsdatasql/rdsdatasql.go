// Package rdsdatasql reaches clusters of Amazon Aurora by the RDS Data API: over
// HTTPS, outside of the private network and without connections. It opens databases
// that are declared with [sqldb.DataAPI].
//
//	func main() { run.Main(newApp, rdsdatasql.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The ARN of the cluster and the name of the database are in
// the variable TIERKIT_SQLDB_<NAME>, "arn:aws:rds:…:cluster:main/shop", and the ARN
// of a secret in that of the secret, which the generated template sets. Nothing is
// read and nothing is connected before the first statement.
//
// # Permissions
//
// rds-data:ExecuteStatement, BeginTransaction, CommitTransaction and
// RollbackTransaction on the cluster, and secretsmanager:GetSecretValue on the secrets
// of the users that the function logs in as: it is the service that reads them, with
// the function's permissions.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.access.html
//
// # Values
//
// Parameters are written as in the database's own dialect, $1 or ?. The Data API
// sends text as text: PostgreSQL takes it for another type only with a cast,
// "$1::uuid", or with a [Hinted] argument. A [time.Time] is sent as a TIMESTAMP in
// UTC, to the millisecond. Dates and timestamps are read as time.Time, decimals as
// text, arrays as text in PostgreSQL's notation, "{1,2}".
//
// # Limits
//
// A statement answers at most 1 MiB, 64 KB a row, or [datastore.ErrTooLarge], and
// takes at most 45 seconds. A transaction ends by itself when no statement came for
// three minutes, and after a day. With MySQL a transaction has the isolation of the
// server, and a read-only one is not kept from writing but by the reader's
// permissions.
//
// See https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.limitations.html
// and https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/data-api.troubleshooting.html
//
// # Time and faults
//
// A statement takes as long as the context says. What certainly was not carried out
// is sent again: also to a cluster that was paused, which takes about 15 seconds to
// resume. A write whose answer was lost answers [datastore.ErrUnknown]. The error of
// the SDK is found by errors.As; its text is not shown, because it may quote values.
package rdsdatasql

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rdsdata"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

// Driver reaches clusters with the region and the credentials that Lambda puts into
// a function's environment, at the endpoint that AWS_ENDPOINT_URL_RDS_DATA or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("RDS_DATA", newClient))

// With reaches clusters with cfg. Its retryer is not used: the retries of this
// package know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *rdsdata.Client { return rdsdata.NewFromConfig(cfg) }

// dataAPI is the driver.
type dataAPI struct {
	client *iam.Client[*rdsdata.Client]
	retry  *iam.Retry
}

var (
	_ sqldb.Driver      = (*dataAPI)(nil)
	_ datastore.Chooser = (*dataAPI)(nil)
)

func newDriver(client *iam.Client[*rdsdata.Client]) *dataAPI {
	patient := func() aws.HTTPClient { return iam.PatientHTTPClient() }
	return &dataAPI{client.WithHTTPClient(patient), iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers they
// are given.
func (d *dataAPI) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "sqldb".
func (d *dataAPI) Kind() string { return "sqldb" }

// Name is "rdsdatasql".
func (d *dataAPI) Name() string { return "rdsdatasql" }

// Opens reports whether it is declared with [sqldb.DataAPI].
func (d *dataAPI) Opens(spec datastore.Spec) bool {
	s, ok := spec.(sqldb.Spec)
	return ok && s.DataAPI
}

// OpenDatabase implements [sqldb.Driver]. It sends nothing.
func (d *dataAPI) OpenDatabase(_ context.Context, data *datastore.Data, spec sqldb.Spec) (sqldb.Connector, error) {
	text, ok := data.Physical(spec)
	if !ok || text == "" {
		return nil, unset(spec, "the ARN of the cluster and the name of the database")
	}
	cluster, database, ok := strings.Cut(text, "/")
	if !ok || !strings.HasPrefix(cluster, "arn:") || database == "" {
		return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf(
			"%s has not the form arn:aws:rds:REGION:ACCOUNT:cluster:CLUSTER/DATABASE", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &connector{client: client, retry: d.retry, data: data, spec: spec, cluster: cluster, database: database}, nil
}

func unset(spec datastore.Spec, what string) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
		"%s is not set; it holds %s (the generated template sets it)", datastore.Variable(spec), what)}
}

// connector is one database.
type connector struct {
	client   *rdsdata.Client
	retry    *iam.Retry
	data     *datastore.Data
	spec     sqldb.Spec
	cluster  string
	database string
}

var _ sqldb.Connector = (*connector)(nil)

// Connect implements [sqldb.Connector]. It connects to nothing: there are no
// connections.
func (c *connector) Connect(_ context.Context, access sqldb.Access) (sqldb.Session, error) {
	login := c.spec.User(access).Login
	if login == nil {
		return sqldb.Session{}, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf(
			"the Data API logs in with secrets, and the %s has none; add sqldb.OwnerSecret", access)}
	}
	secret, ok := c.data.Physical(login.Spec())
	if !ok || secret == "" {
		return sqldb.Session{}, unset(login.Spec(), "the ARN of the secret")
	}
	return sqldb.Session{Conn: &conn{connector: c, secret: secret, write: access != sqldb.ReadOnly}}, nil
}
