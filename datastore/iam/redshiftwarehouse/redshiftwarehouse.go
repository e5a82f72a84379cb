// Package redshiftwarehouse runs statements on Amazon Redshift by its Data API:
// over HTTPS, outside of the private network and without connections.
//
//	func main() { run.Main(newApp, redshiftwarehouse.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The name of the workgroup or the identifier of the
// cluster is in the variable TIERKIT_WAREHOUSE_<NAME>, and the ARN of a secret in
// that of the secret, which the generated template sets. Nothing is read and
// nothing is connected before the first operation.
//
// # Permissions
//
// redshift-data:ExecuteStatement or BatchExecuteStatement on the workgroup or the
// cluster; DescribeStatement, GetStatementResult and CancelStatement for statements
// of the function's own. Further, by how the warehouse is declared:
// secretsmanager:GetSecretValue on the secrets, redshift:GetClusterCredentials on
// the database users, or redshift-serverless:GetCredentials on the workgroup.
// Package warehouse says who may read and write by each.
//
// See https://docs.aws.amazon.com/redshift/latest/mgmt/data-api-access.html
//
// # Limits
//
// They are the constants of package warehouse. An account starts 30 statements and
// asks for the state of 100 in a second. Results come in pages of about 1 MB.
//
// See https://docs.aws.amazon.com/general/latest/gr/redshift-service.html
//
// # Time and faults
//
// A call that was throttled, failed in the service or was lost on its way is
// repeated within the deadline of the context: each statement has a key, so that it
// runs once. While a statement runs, it is asked for after 0.1 s and then less and
// less often, every 3 s in the end. The error of the SDK is found by errors.As,
// but for one about an answer that could not be read, which has a part of it.
package redshiftwarehouse

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/redshiftdata"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// Driver runs statements with the region and the credentials that Lambda puts into
// a function's environment, at the endpoint that AWS_ENDPOINT_URL_REDSHIFT_DATA or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("REDSHIFT_DATA", newClient))

// With runs statements with cfg. Its retryer is not used: the retries of this
// package know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *redshiftdata.Client { return redshiftdata.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*redshiftdata.Client]
	retry  *iam.Retry
}

var (
	_ warehouse.Driver  = (*driver)(nil)
	_ datastore.Chooser = (*driver)(nil)
)

func newDriver(client *iam.Client[*redshiftdata.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers they
// are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "warehouse".
func (d *driver) Kind() string { return "warehouse" }

// Name is "redshiftwarehouse".
func (d *driver) Name() string { return "redshiftwarehouse" }

// Opens reports whether it is reached by the Data API.
func (d *driver) Opens(spec datastore.Spec) bool {
	s, ok := spec.(warehouse.Spec)
	return ok && !s.Wire
}

// OpenWarehouse implements [warehouse.Driver]. It sends nothing.
func (d *driver) OpenWarehouse(_ context.Context, data *datastore.Data, spec warehouse.Spec) (warehouse.Conn, error) {
	name, ok := data.Physical(spec)
	if !ok || name == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the name of the workgroup or of the cluster (the generated template sets it)", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &conn{client: client, retry: d.retry, data: data, spec: spec, name: name}, nil
}

// conn is one warehouse.
type conn struct {
	client *redshiftdata.Client
	retry  *iam.Retry
	data   *datastore.Data
	spec   warehouse.Spec
	name   string // of the workgroup or the cluster
}

var _ warehouse.Conn = (*conn)(nil)

// target says where statements run, and as whom.
type target struct{ workgroup, cluster, secret, user *string }

func (c *conn) target(access warehouse.Access) (t target, err error) {
	u := c.spec.User(access)
	if c.spec.Product == warehouse.Provisioned {
		t.cluster = &c.name
	} else {
		t.workgroup = &c.name
	}
	switch {
	case u.Login != nil:
		arn, ok := c.data.Physical(u.Login.Spec())
		if !ok || arn == "" {
			return t, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
				"%s is not set; it holds the ARN of the secret (the generated template sets it)", datastore.Variable(u.Login.Spec()))}
		}
		t.secret = &arn
	case c.spec.Product == warehouse.Provisioned:
		t.user = &u.Name
	}
	return t, nil
}
