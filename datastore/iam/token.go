package iam

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Signer signs tokens by which a role logs in to a database or a cache.
type Signer struct {
	Region      string
	Credentials aws.CredentialsProvider
}

// TokenRequest says what a token is for.
type TokenRequest struct {
	Service string // that is logged in to: "rds-db"
	Host    string // with the port, where the service's tokens have one
	Path    string // "/" if it is ""
	Query   url.Values
	Expires time.Duration
}

// emptyBody is the hash of no bytes.
const emptyBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// Token is a presigned URL without its scheme. It is made here, and nothing is
// sent.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
func (s Signer) Token(ctx context.Context, r TokenRequest, now time.Time) (string, error) {
	keys, err := s.Credentials.Retrieve(ctx)
	if err != nil {
		return "", &datastore.Error{Kind: datastore.ErrDenied, Err: fmt.Errorf("credentials of the role: %w", err)}
	}
	query := url.Values{"X-Amz-Expires": {strconv.Itoa(int(r.Expires / time.Second))}}
	for key, values := range r.Query {
		query[key] = values
	}
	path := r.Path
	if path == "" {
		path = "/"
	}
	u := url.URL{Scheme: "https", Host: r.Host, Path: path, RawQuery: query.Encode()}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", &datastore.Error{Kind: datastore.ErrDeclaration, Err: err}
	}
	signed, _, err := v4.NewSigner().PresignHTTP(ctx, keys, req, emptyBody, r.Service, s.Region, now.UTC())
	if err != nil {
		return "", &datastore.Error{Kind: datastore.ErrDenied, Err: fmt.Errorf("sign the token: %w", err)}
	}
	return strings.TrimPrefix(signed, "https://"), nil
}
