package valkeycache

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
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
	if cfg.Credentials == nil {
		return nil, unavailable(errors.New("the configuration has no credentials to sign with"))
	}
	signer, request := iam.Signer{Region: cfg.Region, Credentials: cfg.Credentials}, tokenRequest(to)
	return func(ctx context.Context, _ bool) (string, string, error) {
		password, err := signer.Token(ctx, request, data.Now())
		return to.user, password, err
	}, nil
}

// tokenRequest is what a token is for: to connect the user to the cache. It is
// good for 15 minutes.
//
// See https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html#auth-iam-Connecting
func tokenRequest(to endpoint) iam.TokenRequest {
	query := url.Values{"Action": {"connect"}, "User": {to.user}}
	if to.serverless {
		query.Set("ResourceType", "ServerlessCache")
	}
	// The name of a cache has small letters alone in tokens.
	return iam.TokenRequest{Service: "elasticache", Host: strings.ToLower(to.iam), Query: query, Expires: 15 * time.Minute}
}
