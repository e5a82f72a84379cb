// Package socketconnection reaches the connections of a WebSocket API of Amazon
// API Gateway.
//
//	func main() { run.Main(newApp, dynamotable.Driver, socketconnection.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function;
// [With] takes any other. The endpoint of the API, "https://…/live" or that of a
// custom domain with its mapping, is in the variable TIERKIT_CONNECTION_<NAME>,
// which the generated template sets; the SDK's own endpoint variables are not
// used. Nothing is read and nothing is connected before the first operation.
//
// # Permissions
//
// Send, State and Close need execute-api:ManageConnections on
// API/live/POST/@connections/*, …/GET/@connections/* and …/DELETE/@connections/*,
// each on its own and on nothing else.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-control-access-iam.html
//
// # Limits
//
// A message has at most 128 KB.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
//
// # Time and faults
//
// What is throttled is repeated within the deadline of the context. A message is
// not repeated once it may have gone out: datastore.ErrUnknown. Reading a state
// and closing have the same effect if they are done twice, and are repeated. A
// connection that has ended, and one whose handshake has not, is
// datastore.ErrNotFound. The error of the SDK is found by errors.As,
// but for one about an answer that could not be read, which has a part of it.
package socketconnection

import (
	"context"
	"fmt"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// Driver reaches connections with the region and the credentials that Lambda
// puts into a function's environment.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("APIGATEWAYMANAGEMENTAPI", itself))

// With reaches connections with cfg. Its retryer and its endpoint are not used.
// Its HTTPClient is used if it is set.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, itself)) }

// itself is the configuration as the client: each WebSocket API has an endpoint,
// and so a client, of its own.
func itself(cfg aws.Config) aws.Config { return cfg }

type driver struct {
	config *iam.Client[aws.Config]
	retry  *iam.Retry
}

var _ connection.Driver = (*driver)(nil)

func newDriver(config *iam.Client[aws.Config]) *driver { return &driver{config, iam.NewRetry(nil)} }

// WithConfig is With, for tools that replace the configuration of the drivers
// they are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "connection".
func (d *driver) Kind() string { return "connection" }

// Name is "socketconnection".
func (d *driver) Name() string { return "socketconnection" }

// OpenConnections implements [connection.Driver]. It sends nothing.
func (d *driver) OpenConnections(_ context.Context, data *datastore.Data, spec connection.Spec) (connection.Conn, error) {
	endpoint, ok := data.Physical(spec)
	if !ok || endpoint == "" {
		return nil, unavailable(fmt.Errorf("%s is not set; it holds the https endpoint of the WebSocket API (the generated template sets it)",
			datastore.Variable(spec)))
	}
	if u, err := url.Parse(endpoint); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return nil, unavailable(fmt.Errorf("%s is no endpoint; write https://HOST/STAGE", datastore.Variable(spec)))
	}
	cfg, err := d.config.For(data)
	if err != nil {
		return nil, err
	}
	client := apigatewaymanagementapi.NewFromConfig(cfg, func(o *apigatewaymanagementapi.Options) {
		o.BaseEndpoint = &endpoint
	})
	return &conn{client: client, retry: d.retry}, nil
}

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}
