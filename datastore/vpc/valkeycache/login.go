package valkeycache

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
)

// login gives the user and the password of a new connection; both "" for none.
// fresh says that those before were refused.
type login func(ctx context.Context, fresh bool) (user, password string, err error)

func (d *driver) login(data *datastore.Data, spec cache.Spec, to endpoint) (login, error) {
	switch {
	case spec.Login != nil:
		return spec.Login.Credentials, nil
	case to.iam == "":
		return func(context.Context, bool) (string, string, error) { return to.user, to.password, nil }, nil
	}
	cfg, err := d.config.For(data)
	if err != nil {
		return nil, err
	}
	t := token{cfg: cfg, cache: to.iam, user: to.user, serverless: to.serverless}
	return func(ctx context.Context, _ bool) (string, string, error) {
		password, err := t.sign(ctx, data.Now())
		return to.user, password, err
	}, nil
}

// token is a password that IAM vouches for: a signed request that is not sent.
//
// See https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html#auth-iam-Connecting
type token struct {
	cfg         aws.Config
	cache, user string
	serverless  bool
}

const (
	tokenSeconds = "900"
	emptyBody    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // its SHA-256
)

func (t token) sign(ctx context.Context, now time.Time) (string, error) {
	if t.cfg.Credentials == nil {
		return "", fmt.Errorf("the configuration has no credentials to sign with")
	}
	keys, err := t.cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return "", fmt.Errorf("get credentials: %w", err)
	}
	query := url.Values{"Action": {"connect"}, "User": {t.user}, "X-Amz-Expires": {tokenSeconds}}
	if t.serverless {
		query.Set("ResourceType", "ServerlessCache")
	}
	// The name of a cache has small letters alone in tokens.
	req, err := http.NewRequest(http.MethodGet, "http://"+strings.ToLower(t.cache)+"/?"+query.Encode(), nil)
	if err != nil {
		return "", fmt.Errorf("the parameter iam is no name of a cache")
	}
	signed, _, err := v4.NewSigner().PresignHTTP(ctx, keys, req, emptyBody, "elasticache", t.cfg.Region, now)
	if err != nil {
		return "", fmt.Errorf("sign the token: %w", err)
	}
	return strings.TrimPrefix(signed, "http://"), nil
}
