package valkeycache

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// endpoint is what the URL of a cache says.
type endpoint struct {
	addr           string // host:port
	tls            bool
	ca             string // a file in PEM, "" for the usual ones
	user, password string
	iam            string // the cache to log in to with IAM, "" for none
	serverless     bool
	cluster        bool
}

var errURL = errors.New("it is no URL of a cache; write rediss://HOST:PORT, as package valkeycache says")

// parseEndpoint reads the URL. Its errors do not tell it: it may hold a password.
func parseEndpoint(text string, spec cache.Spec) (endpoint, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.Fragment != "" || u.Opaque != "" {
		return endpoint{}, errURL
	}
	e := endpoint{serverless: spec.Serverless, cluster: spec.Serverless, user: u.User.Username()}
	e.password, _ = u.User.Password()
	switch u.Scheme {
	case "rediss", "valkeys":
		e.tls = true
	case "redis", "valkey":
	default:
		return endpoint{}, errURL
	}
	port := u.Port()
	if port == "" {
		port = strconv.Itoa(cache.Port)
	}
	e.addr = net.JoinHostPort(u.Hostname(), port)
	if err := e.parameters(u.RawQuery); err != nil {
		return endpoint{}, err
	}
	return e, e.check(spec)
}

func (e *endpoint) parameters(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return errURL
	}
	for name, list := range values {
		value := list[len(list)-1]
		switch name {
		case "ca":
			e.ca = value
		case "iam":
			e.iam = value
		case "cluster":
			if e.cluster, err = strconv.ParseBool(value); err != nil {
				return errors.New("the parameter cluster is neither 0 nor 1")
			}
		default:
			return fmt.Errorf("it has no parameter %q; there are cluster, iam and ca", name)
		}
	}
	return nil
}

// check refuses what cannot work together.
func (e *endpoint) check(spec cache.Spec) error {
	switch {
	case e.ca != "" && !e.tls:
		return errors.New("the parameter ca needs the scheme rediss")
	case e.iam != "" && (!e.tls || e.user == "" || e.password != ""):
		return errors.New("an IAM login needs the scheme rediss and a user without a password")
	case spec.Login != nil && (e.iam != "" || e.user != "" || e.password != ""):
		return errors.New("the cache is declared with cache.WithLogin, so the URL has no user and no iam")
	}
	return nil
}

// connectTimeout is the time of a connection with its TLS handshake.
const connectTimeout = time.Second

// dialer makes connections to the nodes of the cache.
func (e *endpoint) dialer() (func(ctx context.Context, addr string) (net.Conn, error), error) {
	dialer := &net.Dialer{Timeout: connectTimeout, KeepAlive: 15 * time.Second}
	dial := dialer.DialContext
	switch {
	case e.ca != "":
		pem, err := os.ReadFile(e.ca)
		if err != nil {
			return nil, fmt.Errorf("read the certificates: %w", err)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, errors.New("the file of the parameter ca has no certificates in PEM")
		}
		dial = (&tls.Dialer{NetDialer: dialer, Config: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: pool}}).DialContext
	case e.tls:
		dial = iam.DialTLS(dialer)
	}
	return func(ctx context.Context, addr string) (net.Conn, error) { return dial(ctx, "tcp", addr) }, nil
}
