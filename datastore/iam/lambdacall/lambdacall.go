// Package lambdacall calls functions of AWS Lambda.
//
//	func main() { run.Main(newApp, lambdacall.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The name of the function, which is what Ref answers of it
// in a template, or its ARN, both without a qualifier, is in the variable
// TIERKIT_CALL_<NAME>, which the generated template sets. Nothing is read and
// nothing is connected before the first operation.
//
// # Permissions
//
// Call and Start need lambda:InvokeFunction on the function, or on the one
// qualifier that is declared, and on nothing else.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
//
// # Limits
//
// Call sends and gets at most 6 MB, Start sends at most 1 MB.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
//
// # Time and faults
//
// Call waits as long as the context has time: a function may take 15 minutes. Give
// it less than the calling function has left, so that there is time to answer. What
// Lambda throttles did not run, and is called again within the deadline. A call
// whose answer was lost may have run: datastore.ErrUnknown, unless the function is
// declared call.Idempotent, which has it called again. The error of the SDK is found
// by errors.As.
package lambdacall

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Driver calls functions with the region and the credentials that Lambda puts into
// a function's environment, at the endpoint that AWS_ENDPOINT_URL_LAMBDA or
// AWS_ENDPOINT_URL names, if one is set.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("LAMBDA", newClient))

// With calls functions with cfg. Its retryer is not used: the retries of this
// package know the deadline. Its HTTPClient is used if it is set; one that waits for
// an answer only so long cuts off functions that take longer.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

func newClient(cfg aws.Config) *lambda.Client { return lambda.NewFromConfig(cfg) }

type driver struct {
	client *iam.Client[*lambda.Client]
	retry  *iam.Retry
}

var _ call.Driver = (*driver)(nil)

func newDriver(client *iam.Client[*lambda.Client]) *driver {
	patient := func() aws.HTTPClient { return iam.PatientHTTPClient() }
	return &driver{client.WithHTTPClient(patient), iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers
// they are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "call".
func (d *driver) Kind() string { return "call" }

// Name is "lambdacall".
func (d *driver) Name() string { return "lambdacall" }

// OpenCall implements [call.Driver]. It sends nothing.
func (d *driver) OpenCall(_ context.Context, data *datastore.Data, spec call.Spec) (call.Conn, error) {
	name, ok := data.Physical(spec)
	if !ok || name == "" {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf(
			"%s is not set; it holds the name of the Lambda function (the generated template sets it)", datastore.Variable(spec))}
	}
	client, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	return &conn{client: client, retry: d.retry, spec: spec, name: name}, nil
}
