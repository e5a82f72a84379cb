package iam

import (
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Client makes the SDK client of one service that all stores of a Data share. It
// is safe for concurrent use.
type Client[C any] struct {
	configure func() (aws.Config, error)
	make      func(aws.Config) C
	transport func() aws.HTTPClient // where the configuration has none; nil for [HTTPClient]

	mu     sync.Mutex
	data   *datastore.Data // whose stores client serves
	client C
}

// FromEnvironment is a Client with the region and the credentials that Lambda puts
// into a function's environment, at the endpoint that AWS_ENDPOINT_URL_<SERVICE>
// or AWS_ENDPOINT_URL names; see [Config].
func FromEnvironment[C any](service string, make func(aws.Config) C) *Client[C] {
	return &Client[C]{make: make, configure: func() (aws.Config, error) { return Config(service, os.LookupEnv) }}
}

// From is a Client with cfg. Its retryer is not used: [Retry] knows the deadline.
// Its HTTPClient is used if it is set.
func From[C any](cfg aws.Config, make func(aws.Config) C) *Client[C] {
	return &Client[C]{make: make, configure: func() (aws.Config, error) { return cfg, nil }}
}

// WithHTTPClient has transport make the HTTP client where the configuration has
// none, in place of [HTTPClient]. It is for the constructor of a driver.
func (c *Client[C]) WithHTTPClient(transport func() aws.HTTPClient) *Client[C] {
	c.transport = transport
	return c
}

// For is the client for the stores of data. It sends nothing. Another Data, such
// as the next test's, has the configuration read again. Its error is of kind
// [datastore.ErrUnavailable].
func (c *Client[C]) For(data *datastore.Data) (C, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.data == data && data != nil {
		return c.client, nil
	}
	cfg, err := c.configure()
	if err != nil {
		var none C
		return none, &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	}
	switch {
	case cfg.HTTPClient != nil:
	case c.transport != nil:
		cfg.HTTPClient = c.transport()
	default:
		cfg.HTTPClient = HTTPClient()
	}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	c.data, c.client = data, c.make(cfg)
	return c.client, nil
}
