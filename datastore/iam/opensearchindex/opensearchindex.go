// Package opensearchindex keeps search indices in Amazon OpenSearch Service: in
// domains and in serverless collections.
//
//	func main() { run.Main(newApp, opensearchindex.Driver) }
//
// [Driver] reads its configuration from the environment of a Lambda function; [With]
// takes any other. The variable TIERKIT_SEARCH_<NAME> holds the URL of the index,
// which is the endpoint of the domain or collection and the name of the index in it:
// "https://search-shop-abc.eu-west-1.es.amazonaws.com/products". Only on this machine
// it may be http. Nothing is read and nothing is connected before the first
// operation.
//
// Requests are plain HTTP, signed for the service "es" or "aoss".
//
// # Permissions
//
// In a domain, IAM asks for the method and the path of a request: Index needs
// es:ESHttpPut, Get es:ESHttpGet and Delete es:ESHttpDelete on INDEX/_doc/*, Search
// es:ESHttpGet on INDEX/_search, Bulk es:ESHttpPut on INDEX/_bulk, and Ensure
// es:ESHttpPut on INDEX and es:ESHttpGet and es:ESHttpPut on INDEX/_mapping. No request
// names another index in its body; a domain whose advanced option
// rest.action.multi.allow_explicit_index is "false" refuses those that do, and should
// be so. With fine-grained access control, the role must be mapped as well.
//
// In a collection a function needs aoss:APIAccessAll on it, and in a data access
// policy aoss:ReadDocument for Get and Search, aoss:WriteDocument for Index, Delete
// and Bulk, and aoss:CreateIndex, aoss:DescribeIndex and aoss:UpdateIndex for Ensure.
//
// See https://docs.aws.amazon.com/opensearch-service/latest/developerguide/ac.html
// and https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-data-access.html
//
// # The index
//
// Ensure makes it with a strict mapping of the declared fields, dates in
// milliseconds, and a field "_key", which the driver writes into each document: its
// id as a keyword, by which equal documents are ordered from page to page. Documents
// that others write should have it too.
//
// # Limits
//
// A request has at most 10 MiB on smaller instances, an answer 64 MiB here
// (datastore.ErrTooLarge). Writes are seen after the refresh interval of the index, 1
// second by default in a domain and up to a minute in a collection.
//
// See https://docs.aws.amazon.com/opensearch-service/latest/developerguide/limits.html
// and https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-limits.html
//
// # Time and faults
//
// All operations can be repeated without harm, and are, within the deadline of the
// context: what the index throttles (429), what fails inside it (5xx), what is lost on
// the way, and the changes of a Bulk that it was too busy for. A write that still
// failed after an answer was lost answers datastore.ErrUnknown. An answer that lacks a
// part of the index counts as a failure. What OpenSearch calls wrong (400) is
// datastore.ErrDeclaration: what an application's client can get wrong was refused
// before; with a raw query it is datastore.ErrInvalid. [Error] is found by errors.As.
package opensearchindex

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// Driver opens indices with the region and the credentials that Lambda puts into a
// function's environment. The SDK's variables for endpoints do not count: each index
// has its URL.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("OPENSEARCH", newClient))

// With opens indices with cfg. Its retryer is not used: the retries of this package
// know the deadline. Its HTTPClient is used if it is set. With
// [aws.AnonymousCredentials] requests are not signed.
func With(cfg aws.Config) datastore.Driver { return newDriver(iam.From(cfg, newClient)) }

// client sends signed requests.
type client struct {
	http        aws.HTTPClient
	anonymous   bool // does not sign
	credentials aws.CredentialsProvider
	region      string
	signer      *v4.Signer
}

func newClient(cfg aws.Config) *client {
	return &client{
		http:        cfg.HTTPClient,
		anonymous:   aws.IsCredentialsProvider(cfg.Credentials, aws.AnonymousCredentials{}),
		credentials: cfg.Credentials,
		region:      cfg.Region,
		signer:      v4.NewSigner(),
	}
}

type driver struct {
	client *iam.Client[*client]
	retry  *iam.Retry
}

var _ search.Driver = (*driver)(nil)

// newDriver is a driver that leaves it to the context how long a search takes.
func newDriver(c *iam.Client[*client]) *driver {
	return &driver{c.WithHTTPClient(func() aws.HTTPClient { return iam.PatientHTTPClient() }), iam.NewRetry(nil)}
}

// WithConfig is With, for tools that replace the configuration of the drivers they
// are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver { return With(cfg) }

// Kind is "search".
func (d *driver) Kind() string { return "search" }

// Name is "opensearchindex".
func (d *driver) Name() string { return "opensearchindex" }

// OpenIndex implements [search.Driver]. It sends nothing.
func (d *driver) OpenIndex(_ context.Context, data *datastore.Data, spec search.Spec) (search.Conn, error) {
	physical, ok := data.Physical(spec)
	if !ok || physical == "" {
		return nil, unavailable(fmt.Errorf(
			"%s is not set; it holds the URL of the index, such as https://ENDPOINT/%s (the generated template sets it)", datastore.Variable(spec), spec.Index()))
	}
	endpoint, err := parseEndpoint(physical)
	if err != nil {
		return nil, unavailable(fmt.Errorf("%s: %w", datastore.Variable(spec), err))
	}
	cl, err := d.client.For(data)
	if err != nil {
		return nil, err
	}
	if !cl.anonymous && (cl.credentials == nil || cl.region == "") {
		return nil, unavailable(fmt.Errorf("the configuration has no credentials or no region, so that requests cannot be signed"))
	}
	c := &conn{client: cl, retry: d.retry, spec: spec, endpoint: endpoint, service: "es"}
	if spec.Service == search.Serverless {
		c.service = "aoss"
	}
	return c, nil
}

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}

// parseEndpoint reads the URL of an index. What it holds is not in the error: it
// may have a password.
func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSuffix(text, "/"))
	if err != nil {
		return nil, fmt.Errorf("is no URL; write https://ENDPOINT/INDEX")
	}
	ip := net.ParseIP(u.Hostname())
	local := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	index := strings.TrimPrefix(u.Path, "/")
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || !local):
		return nil, fmt.Errorf("is no https URL; write https://ENDPOINT/INDEX")
	case u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.RawPath != "":
		return nil, fmt.Errorf("has more or less than a host and an index; write https://ENDPOINT/INDEX")
	case index == "" || strings.ContainsAny(index, "/*,") || strings.HasPrefix(index, "_"):
		return nil, fmt.Errorf("names no single index; write https://ENDPOINT/INDEX")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host, Path: "/" + index}, nil
}
