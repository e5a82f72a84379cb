// Package webservice calls private web services, and APIs of API Gateway that take
// IAM signatures.
//
//	func main() { run.Main(newApp, webservice.Driver) }
//
// The variable TIERKIT_SERVICE_<NAME> holds the URL, "https://billing.internal" or
// "https://API.execute-api.REGION.amazonaws.com/live", whose path goes before that
// of each request. Nothing is read and nothing is connected before the first
// operation.
//
// [Driver] takes region and credentials for signatures from the environment of a
// Lambda function; [With] takes any others, and another HTTP client. The usual one
// trusts Amazon's root certificates first, and if that fails the system's, which
// for a private authority are those of the file in SSL_CERT_FILE. It makes a new
// connection after 20 seconds of idleness, because a sandbox is frozen between
// invocations, and honours HTTPS_PROXY.
//
// # Permissions
//
// A service that is signed to needs execute-api:Invoke on the routes that are
// called; others need none.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
package webservice

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

// Driver calls services, and signs as the function's role.
var Driver datastore.Driver = newDriver(iam.FromEnvironment("EXECUTEAPI", itself), nil)

// With calls services, and signs with the region and the credentials of cfg. Its
// HTTPClient is used if it is set; it must not follow redirects.
func With(cfg aws.Config) datastore.Driver {
	return newDriver(iam.From(cfg, itself), cfg.HTTPClient)
}

func itself(cfg aws.Config) aws.Config { return cfg }

type driver struct {
	config    *iam.Client[aws.Config]
	transport func() http.RoundTripper
}

// own is the transport of an application's own client.
type own struct{ client aws.HTTPClient }

// RoundTrip implements [http.RoundTripper].
func (o own) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := o.client.Do(req)
	if u, ok := errors.AsType[*url.Error](err); ok { // which tells the query
		return nil, u.Err
	}
	return resp, err
}

var _ service.Driver = (*driver)(nil)

func newDriver(config *iam.Client[aws.Config], client aws.HTTPClient) *driver {
	d := &driver{config: config, transport: sync.OnceValue(func() http.RoundTripper { return iam.PatientHTTPClient().Transport })}
	if client != nil {
		d.transport = func() http.RoundTripper { return own{client} }
	}
	return d
}

// WithConfig is With but for the HTTP client, for tools that replace the
// configuration of the drivers they are given.
func (d *driver) WithConfig(cfg aws.Config) datastore.Driver {
	return newDriver(iam.From(cfg, itself), nil)
}

// Kind is "service".
func (d *driver) Kind() string { return "service" }

// Name is "webservice".
func (d *driver) Name() string { return "webservice" }

// OpenService implements [service.Driver]. It sends nothing.
func (d *driver) OpenService(_ context.Context, data *datastore.Data, spec service.Spec) (service.Conn, error) {
	variable := datastore.Variable(spec)
	text, ok := data.Physical(spec)
	if !ok || text == "" {
		return nil, unavailable(fmt.Errorf("%s is not set; it holds the URL of the service", variable))
	}
	base, err := url.Parse(text)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" || base.RawQuery != "" || base.Fragment != "" || base.User != nil {
		return nil, unavailable(fmt.Errorf("%s is no URL of a service; write https://HOST/PATH", variable))
	}
	c := &conn{base: base, transport: d.transport(), now: data.Now}
	if spec.Signed {
		cfg, err := d.config.For(data)
		if err != nil {
			return nil, err
		}
		c.signer, c.cfg = v4.NewSigner(), cfg
	}
	return c, nil
}

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}

// conn is one service.
type conn struct {
	base      *url.URL
	transport http.RoundTripper
	signer    *v4.Signer // nil for services without signatures
	cfg       aws.Config
	now       func() time.Time
}

var _ service.Conn = (*conn)(nil)

// RoundTrip implements [service.Conn].
func (c *conn) RoundTrip(req *http.Request) (*http.Response, error) {
	c.address(req)
	if c.signer != nil {
		if err := c.sign(req); err != nil {
			return nil, &datastore.Error{Kind: datastore.ErrDenied, Err: fmt.Errorf("sign the request: %w", err)}
		}
	}
	return c.transport.RoundTrip(req)
}

// address completes the URL, and leaves its escapes as they are.
func (c *conn) address(req *http.Request) {
	u := req.URL // of this request alone, as the whole of it
	u.Scheme, u.Host = c.base.Scheme, c.base.Host
	before, escaped := trimSlash(c.base.Path), trimSlash(c.base.EscapedPath())
	u.RawPath = escaped + u.EscapedPath()
	u.Path = before + u.Path
}

func trimSlash(path string) string {
	if n := len(path); n > 0 && path[n-1] == '/' {
		return path[:n-1]
	}
	return path
}

func (c *conn) sign(req *http.Request) error {
	if c.cfg.Credentials == nil {
		return fmt.Errorf("the configuration has no credentials")
	}
	keys, err := c.cfg.Credentials.Retrieve(req.Context())
	if err != nil {
		return err
	}
	hash := sha256.New()
	if req.GetBody != nil {
		body, err := req.GetBody()
		if err != nil {
			return err
		}
		if _, err := io.Copy(hash, body); err != nil {
			return err
		}
	}
	return c.signer.SignHTTP(req.Context(), keys, req, hex.EncodeToString(hash.Sum(nil)), "execute-api", c.cfg.Region, c.now())
}
