// Package ssmconfig reads configurations that are parameters of AWS Systems Manager
// (Parameter Store).
//
//	func main() { run.Main(newApp, dynamotable.Driver, ssmconfig.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function; [With]
// takes any other. The name of the parameter, or its ARN, is in the variable
// TIERKIT_CONFIG_<NAME>. A name in a hierarchy may be written with or without its first
// slash: "shop/limits". Nothing is sent before the first Get. It opens what is declared
// with config.Parameter.
//
// # Permissions
//
// ssm:GetParameter on the parameter and on nothing else. In the ARN the name has no
// slash before it: "parameter/shop/limits".
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
//
// # Limits
//
// A document has at most 4 KB, or 8 KB in an advanced parameter. A SecureString is not
// decrypted: see package ssmsecret. An account can read 40 parameters a second, unless
// it has higher throughput switched on.
//
// See https://docs.aws.amazon.com/general/latest/gr/ssm.html
//
// # Time and faults
//
// What is throttled, fails in the service or is lost on the way is repeated within the
// deadline of the context. A parameter that is not there answers
// datastore.ErrNotFound. The error of the SDK is found by errors.As.
package ssmconfig

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Driver reads parameters with the region and the credentials that Lambda puts into a
// function's environment, at the endpoint that AWS_ENDPOINT_URL_SSM or AWS_ENDPOINT_URL
// names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("SSM", newClient))

// With reads parameters with cfg. Its retryer is not used: the retries of this package
// know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *ssm.Client { return ssm.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*ssm.Client]
	retry  *iam.Retry
}

var (
	_ config.Driver     = (*driver)(nil)
	_ datastore.Chooser = (*driver)(nil)
)

func newDriver(client *iam.Client[*ssm.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers they are
// given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "config".
func (d *driver) Kind() string { return "config" }

// Name is "ssmconfig".
func (d *driver) Name() string { return "ssmconfig" }

// Opens reports whether the configuration is a parameter.
func (d *driver) Opens(spec datastore.Spec) bool {
	s, ok := spec.(config.Spec)
	return ok && s.Source == config.Parameter
}

// OpenConfig implements [config.Driver]. It sends nothing.
func (d *driver) OpenConfig(_ context.Context, data *datastore.Data, spec config.Spec) (config.Conn, error) {
	name, ok := data.Physical(spec)
	if !ok || name == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the name of the parameter", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &conn{client, d.retry, iam.ParameterName(name)}, nil
}

// conn is one parameter.
type conn struct {
	client *ssm.Client
	retry  *iam.Retry
	name   string // or its ARN
}

var _ config.Conn = (*conn)(nil)

var special = map[string]error{"ParameterNotFound": datastore.ErrNotFound}

// Read implements [config.Conn].
func (c *conn) Read(ctx context.Context) (config.Document, error) {
	in := &ssm.GetParameterInput{Name: &c.name}
	var out *ssm.GetParameterOutput
	err := c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) (err error) {
		out, err = c.client.GetParameter(ctx, in)
		return err
	})
	if err != nil {
		return config.Document{}, err
	}
	if out.Parameter == nil {
		return config.Document{}, &datastore.Error{Kind: datastore.ErrUnavailable, Err: errors.New("the answer has no parameter")}
	}
	return config.Document{Data: []byte(aws.ToString(out.Parameter.Value)), Version: strconv.FormatInt(out.Parameter.Version, 10)}, nil
}
