package jwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// The limits of a fetch, those of API Gateway's JWT authorizers.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
// and https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
const (
	fetchTimeout = 1500 * time.Millisecond
	maxFetch     = 150_000
)

// source is where keys come from; it has neither URL nor issuer if they are
// embedded only.
type source struct {
	url, issuer string
	client      *http.Client
}

func (s source) exists() bool { return s.url != "" || s.issuer != "" }

// fetch reads the key set, after the discovery document if there is only an
// issuer.
func (s source) fetch(ctx context.Context) (map[string][]*key, error) {
	place := s.url
	if place == "" {
		var err error
		if place, err = s.discover(ctx); err != nil {
			return nil, err
		}
	}
	data, err := s.get(ctx, place)
	if err != nil {
		return nil, err
	}
	keys, err := parseKeys(data)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", place, err)
	}
	return keys, nil
}

// discover asks the issuer for the URL of its key set.
//
// See https://openid.net/specs/openid-connect-discovery-1_0.html
func (s source) discover(ctx context.Context) (string, error) {
	place := strings.TrimSuffix(s.issuer, "/") + "/.well-known/openid-configuration"
	data, err := s.get(ctx, place)
	if err != nil {
		return "", err
	}
	document, err := parseObject(string(data))
	if err != nil {
		return "", fmt.Errorf("get %s: the document %w", place, err)
	}
	if issuer, _ := document.textOf("issuer"); issuer != s.issuer {
		return "", fmt.Errorf("get %s: it is the document of issuer %s", place, quote(issuer))
	}
	uri, _ := document.textOf("jwks_uri")
	if err := checkURL(uri); err != nil {
		return "", fmt.Errorf("get %s: jwks_uri: %w", place, err)
	}
	if strings.HasPrefix(s.issuer, "https:") && !strings.HasPrefix(uri, "https:") {
		return "", fmt.Errorf("get %s: jwks_uri %s is not https", place, quote(uri))
	}
	return uri, nil
}

// get reads one document.
func (s source) get(ctx context.Context, place string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, place, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	req.Close = true // no connection, and no goroutine that keeps it, stays behind
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err // names the method and the URL
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("get %s: status %d, not 200", place, resp.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxFetch+1))
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", place, err)
	}
	if len(data) > maxFetch {
		return nil, fmt.Errorf("get %s: more than %d bytes", place, maxFetch)
	}
	return data, nil
}

// newClient is c that stays at the URL it was given: what a redirect leads to
// is not what was configured.
func newClient(c *http.Client) *http.Client {
	if c == nil {
		c = &http.Client{}
	}
	if c.CheckRedirect != nil {
		return c
	}
	stay := *c
	stay.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &stay
}

// checkURL wants https: who can change the keys on their way can sign tokens.
// On a loopback address, where emulators and tests are, it may be http.
func checkURL(place string) error {
	u, err := url.Parse(place)
	if err != nil || u.Host == "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("%s is not a URL such as https://issuer.example/keys.json", quote(place))
	}
	switch {
	case u.Scheme == "https", u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return fmt.Errorf("%s is not https", quote(place))
	}
	return errors.New(quote(place) + " is neither https nor http on a loopback address")
}

func loopback(host string) bool {
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(host).IsLoopback()
}
