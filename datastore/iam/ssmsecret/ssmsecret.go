// Package ssmsecret reads secrets that are parameters of AWS Systems Manager
// (Parameter Store).
//
//	func main() { run.Main(newApp, dynamotable.Driver, ssmsecret.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The name of the parameter, or its ARN, is in the variable
// TIERKIT_SECRET_<NAME>, which the generated template sets. A name in a hierarchy
// may be written with or without its first slash: "shop/stripe". Nothing is read
// and nothing is connected before the first operation. It opens the secrets that are
// declared with secret.Parameter.
//
// The client of Systems Manager is the largest that a driver of Tierkit links (1.5
// MB are allocated when a process starts): where the price of Secrets Manager does
// not matter, package smsecret starts faster.
//
// # Permissions
//
// Every operation needs ssm:GetParameter on the parameter and on nothing else, and
// a SecureString with a customer managed key kms:Decrypt on that key, through
// Systems Manager. In the ARN the name has no slash before it:
// "parameter/shop/stripe".
//
// See https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html
//
// # Versions
//
// Get and Fresh read the newest version. Previous reads the newest one first and
// then the one with the number before, of which Parameter Store keeps the last 100.
//
// See https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-versions.html
//
// # Limits
//
// A value is text of at most 4 KB, or 8 KB of an advanced parameter. An account can
// read 40 parameters a second, unless it has higher throughput switched on.
// CloudFormation makes no SecureString: one is made before, and its name is given
// to the stack.
//
// See https://docs.aws.amazon.com/general/latest/gr/ssm.html
//
// # Time and faults
//
// What is throttled, fails in the service or is lost on the way is repeated within
// the deadline of the context. A parameter or version that is not there answers
// datastore.ErrNotFound. The error of the SDK is found by errors.As, except one about
// an answer that could not be read, which has a part of it.
package ssmsecret

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
)

// Driver reads parameters with the region and the credentials that Lambda puts into
// a function's environment, at the endpoint that AWS_ENDPOINT_URL_SSM or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("SSM", newClient))

// With reads parameters with cfg. Its retryer is not used: the retries of this
// package know the deadline. Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *ssm.Client { return ssm.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*ssm.Client]
	retry  *iam.Retry
}

var (
	_ secret.Driver     = (*driver)(nil)
	_ datastore.Chooser = (*driver)(nil)
)

func newDriver(client *iam.Client[*ssm.Client]) *driver {
	return &driver{client, iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers they
// are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "secret".
func (d *driver) Kind() string { return "secret" }

// Name is "ssmsecret".
func (d *driver) Name() string { return "ssmsecret" }

// Opens reports whether the secret is a parameter.
func (d *driver) Opens(spec datastore.Spec) bool {
	s, ok := spec.(secret.Spec)
	return ok && s.Source == secret.Parameter
}

// OpenSecret implements [secret.Driver]. It sends nothing.
func (d *driver) OpenSecret(_ context.Context, data *datastore.Data, spec secret.Spec) (secret.Conn, error) {
	name, ok := data.Physical(spec)
	if !ok || name == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the name of the parameter (the generated template sets it)", datastore.Variable(spec))}
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

var _ secret.Conn = (*conn)(nil)

var special = map[string]error{
	"ParameterNotFound":        datastore.ErrNotFound,
	"ParameterVersionNotFound": datastore.ErrNotFound,
}

// Read implements [secret.Conn].
func (c *conn) Read(ctx context.Context, stage secret.Stage) (secret.Value, error) {
	newest, number, err := c.read(ctx, c.name)
	if err != nil || stage == secret.Current {
		return newest, err
	}
	if number <= 1 {
		return secret.Value{}, &datastore.Error{Kind: datastore.ErrNotFound, Err: fmt.Errorf("it has had one value only")}
	}
	before, _, err := c.read(ctx, c.name+":"+strconv.FormatInt(number-1, 10))
	return before, err
}

func (c *conn) read(ctx context.Context, name string) (secret.Value, int64, error) {
	in := &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)}
	var out *ssm.GetParameterOutput
	err := c.retry.Do(ctx, iam.Call{Special: special}, func(ctx context.Context) (err error) {
		out, err = c.client.GetParameter(ctx, in)
		return err
	})
	if err != nil {
		return secret.Value{}, 0, err
	}
	if out.Parameter == nil {
		return secret.Value{}, 0, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("the answer has no parameter")}
	}
	p := out.Parameter
	return secret.Value{Data: []byte(aws.ToString(p.Value)), Version: strconv.FormatInt(p.Version, 10)}, p.Version, nil
}
