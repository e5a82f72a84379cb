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
	owners    func() (aws.Config, error) // for the service that gives owners' credentials
	make      func(aws.Config) C
	transport func() aws.HTTPClient // where the configuration has none; nil for [HTTPClient]

	mu     sync.Mutex
	data   *datastore.Data // whose stores client serves
	client C
	own    map[datastore.Owner]C // with owners' credentials
}

// FromEnvironment is a Client with the region and the credentials that Lambda puts
// into a function's environment, at the endpoint that AWS_ENDPOINT_URL_<SERVICE>
// or AWS_ENDPOINT_URL names; see [Config].
func FromEnvironment[C any](service string, make func(aws.Config) C) *Client[C] {
	return &Client[C]{
		make:      make,
		configure: func() (aws.Config, error) { return Config(service, os.LookupEnv) },
		owners:    func() (aws.Config, error) { return Config("STS", os.LookupEnv) },
	}
}

// From is a Client with cfg. Its retryer is not used: [Retry] knows the deadline.
// Its HTTPClient is used if it is set.
func From[C any](cfg aws.Config, make func(aws.Config) C) *Client[C] {
	given := func() (aws.Config, error) { return cfg, nil }
	return &Client[C]{make: make, configure: given, owners: given}
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
	return c.whole(data)
}

func (c *Client[C]) whole(data *datastore.Data) (C, error) {
	if c.data == data && data != nil {
		return c.client, nil
	}
	cfg, err := configured(c.configure, c.transport)
	if err != nil {
		var none C
		return none, err
	}
	c.data, c.client, c.own = data, c.make(cfg), nil
	return c.client, nil
}

// ForOwner is the client for the stores of data that are narrowed to what belongs to an
// owner: each of its requests has the credentials of the owner in its context ([Owners]),
// of the role that [datastore.CallerRole] names. Without that variable, and for the whole
// store, it is For.
func (c *Client[C]) ForOwner(data *datastore.Data, owner datastore.Owner) (C, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	whole, err := c.whole(data)
	if err != nil || owner == 0 {
		return whole, err
	}
	role, ok := data.Lookup(datastore.CallerRole)
	if !ok || role == "" {
		return whole, nil
	}
	if own, ok := c.own[owner]; ok {
		return own, nil
	}
	cfg, err := configured(c.configure, c.transport)
	if err != nil {
		return whole, err
	}
	owners, err := configured(c.owners, nil)
	if err != nil {
		return whole, err
	}
	cfg.Credentials = NewOwners(owners, role, owner, data.Now)
	own := c.make(cfg)
	if c.own == nil {
		c.own = map[datastore.Owner]C{}
	}
	c.own[owner] = own
	return own, nil
}

// configured is a configuration with an HTTP client, that of transport unless it is
// nil, and without the retries of the SDK.
func configured(configure func() (aws.Config, error), transport func() aws.HTTPClient) (aws.Config, error) {
	cfg, err := configure()
	if err != nil {
		return cfg, &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
	}
	switch {
	case cfg.HTTPClient != nil:
	case transport != nil:
		cfg.HTTPClient = transport()
	default:
		cfg.HTTPClient = HTTPClient()
	}
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	return cfg, nil
}
