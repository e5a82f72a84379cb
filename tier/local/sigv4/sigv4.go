// Package sigv4 is AWS Signature Version 4 from both ends: a [Verifier] that
// answers whether a request was signed by who it says, as API Gateway, Lambda
// and S3 do, and a [Signer] for clients.
//
//	verifier := sigv4.NewVerifier("execute-api", "us-east-1", sigv4.Static(credentials), nil)
//	signature, err := verifier.Verify(ctx, sigv4.FromHTTP(r, body))
//	var refusal *sigv4.Refusal
//	if errors.As(err, &refusal) {
//		// refusal.Code is what AWS says in x-amzn-ErrorType.
//	}
//
// Both forms are verified: the Authorization header, and a presigned URL.
//
//	part of the request   how it is signed
//	path                  redundant slashes and dot segments removed, then encoded as sent, so %20 is %2520; for s3 decoded and encoded once, nothing removed
//	query                 decoded, where + is a space, encoded strictly and sorted; a name without value is "name="; a repeated name is kept
//	headers               each signed one, values trimmed, inner white space one space, repeated ones joined by commas in order of arrival
//	host                  as sent, without the default port of its scheme
//	body                  its SHA-256, which X-Amz-Content-Sha256 must equal if it was sent
//
// The asymmetric form for several Regions (SigV4a) and the chunked bodies of S3
// are recognised and refused.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
package sigv4

import (
	"context"
	"errors"
	"time"
)

// Credentials are an access key and what belongs to it.
type Credentials struct {
	// AccessKey is the access key id: "AKIA…", or "ASIA…" for temporary ones.
	AccessKey string
	// Secret is the secret access key.
	Secret string
	// SessionToken of temporary credentials; "" for the lasting ones of a user.
	SessionToken string
	// Expires is when they end; zero means never.
	Expires time.Time
}

// ErrUnknownKey is what [Keys] say of an access key that does not exist or is
// not active.
var ErrUnknownKey = errors.New("unknown access key")

// Keys knows access keys. It must be safe for concurrent use.
type Keys interface {
	// Key returns the credentials with this access key id, or [ErrUnknownKey].
	// Any other error ends the verification without a verdict.
	Key(ctx context.Context, accessKey string) (Credentials, error)
}

// KeysFunc is a function as [Keys].
type KeysFunc func(ctx context.Context, accessKey string) (Credentials, error)

var _ Keys = KeysFunc(nil)

// Key calls f.
func (f KeysFunc) Key(ctx context.Context, accessKey string) (Credentials, error) {
	return f(ctx, accessKey)
}

// Static is [Keys] that never change. Of two with the same access key the last
// one counts.
func Static(all ...Credentials) Keys {
	known := make(map[string]Credentials, len(all))
	for _, c := range all {
		known[c.AccessKey] = c
	}
	return KeysFunc(func(_ context.Context, accessKey string) (Credentials, error) {
		c, ok := known[accessKey]
		if !ok {
			return Credentials{}, ErrUnknownKey
		}
		return c, nil
	})
}

const (
	algorithm     = "AWS4-HMAC-SHA256"
	multiRegion   = "AWS4-ECDSA-P256-SHA256" // SigV4a
	terminator    = "aws4_request"
	timeLayout    = "20060102T150405Z"
	dayLayout     = "20060102"
	serviceS3     = "s3"
	maxExpires    = 7 * 24 * time.Hour
	defaultSkew   = 5 * time.Minute
	defaultSkewS3 = 15 * time.Minute
)

// Names of headers, as they are signed, and of query parameters.
const (
	headerDate   = "x-amz-date"
	headerToken  = "x-amz-security-token"
	headerSHA256 = "x-amz-content-sha256"

	paramAlgorithm     = "X-Amz-Algorithm"
	paramCredential    = "X-Amz-Credential"
	paramDate          = "X-Amz-Date"
	paramExpires       = "X-Amz-Expires"
	paramSignedHeaders = "X-Amz-SignedHeaders"
	paramSignature     = "X-Amz-Signature"
	paramToken         = "X-Amz-Security-Token"
	paramSHA256        = "X-Amz-Content-Sha256"
)
