package sigv4

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Options of a [Verifier].
type Options struct {
	// MaxSkew is how far the time of a signature in the header may be from now,
	// in both directions. Zero means 5 minutes, and 15 for s3.
	MaxSkew time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Verifier verifies signatures for one service in one Region. It is safe for
// concurrent use.
type Verifier struct {
	service, region string
	keys            Keys
	maxSkew         time.Duration
	now             func() time.Time
	derived         keyCache
}

// NewVerifier verifies what is signed for a service ("execute-api", "lambda",
// "s3") in a Region with one of the keys. Nil options mean the defaults.
func NewVerifier(service, region string, keys Keys, opts *Options) *Verifier {
	v := &Verifier{service: service, region: region, keys: keys, maxSkew: defaultSkew, now: time.Now}
	if service == serviceS3 {
		v.maxSkew = defaultSkewS3
	}
	if opts != nil && opts.MaxSkew > 0 {
		v.maxSkew = opts.MaxSkew
	}
	if opts != nil && opts.Now != nil {
		v.now = opts.Now
	}
	return v
}

// Signature is a signature that is right.
type Signature struct {
	// AccessKey is who signed.
	AccessKey string
	// Presigned says that the signature was in the URL, not in a header.
	Presigned bool
	// At is when it was signed.
	At time.Time
	// Expires is when it stops to be valid.
	Expires time.Time
	// SignedHeaders are the headers that it covers, in lower case, sorted. What
	// is in other headers, nobody vouches for.
	SignedHeaders []string
	// PayloadSigned says that it covers the body.
	PayloadSigned bool
}

// Verify returns the signature of a request, or a [*Refusal]. Another error is
// one of the [Keys] or of the context, and no verdict.
//
// A presigned URL without X-Amz-Expires, which S3 refuses, is valid within the
// skew like a signature in the header.
func (v *Verifier) Verify(ctx context.Context, r *Request) (*Signature, error) {
	query := parseQuery(r.Query)
	c, err := readClaim(r, query)
	if err != nil {
		return nil, err
	}
	if err := v.checkScope(c); err != nil {
		return nil, err
	}
	expires, err := v.checkTime(c)
	if err != nil {
		return nil, err
	}
	if err := checkHeaders(c, r); err != nil {
		return nil, err
	}
	credentials, err := v.credentials(ctx, c)
	if err != nil {
		return nil, err
	}
	payload, err := v.payload(c, r)
	if err != nil {
		return nil, err
	}
	if err := v.checkSignature(c, r, query, payload, credentials.Secret); err != nil {
		return nil, err
	}
	return &Signature{
		AccessKey: c.accessKey, Presigned: c.presigned, At: c.at, Expires: expires,
		SignedHeaders: c.signedHeaders, PayloadSigned: payload != UnsignedPayload,
	}, nil
}

func (v *Verifier) checkScope(c *claim) error {
	switch {
	case c.scope.day != c.at.Format(dayLayout):
		return refuse(InvalidSignature, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP.")
	case c.scope.region != v.region:
		return refuse(InvalidSignature, "Credential should be scoped to a valid Region, here '"+v.region+"'.")
	case c.scope.service != v.service:
		return refuse(InvalidSignature, "Credential should be scoped to correct service: '"+v.service+"'.")
	}
	return nil
}

// checkTime returns when the signature ends.
func (v *Verifier) checkTime(c *claim) (time.Time, error) {
	now := v.now().UTC()
	if c.presigned && c.expires == 0 && v.service == serviceS3 {
		return time.Time{}, refuse(IncompleteSignature, noQueryExpires)
	}
	notBefore, notAfter := c.at.Add(-v.maxSkew), c.at.Add(v.maxSkew)
	if c.expires > 0 {
		// The clock of a signature has whole seconds.
		notBefore, notAfter = c.at, c.at.Add(c.expires)
	}
	at, stamp := c.at.Format(timeLayout), now.Format(timeLayout)
	minutes := strconv.FormatFloat(v.maxSkew.Minutes(), 'f', -1, 64)
	switch {
	case now.Before(notBefore) && c.expires > 0:
		return notAfter, refuse(InvalidSignature, "Signature not yet current: "+at+" is still later than "+stamp)
	case now.Before(notBefore):
		return notAfter, refuse(InvalidSignature, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %s min.)", at, now.Add(v.maxSkew).Format(timeLayout), stamp, minutes))
	case now.After(notAfter) && c.expires > 0:
		return notAfter, refuse(InvalidSignature, "Signature expired: "+notAfter.Format(timeLayout)+" is now earlier than "+stamp)
	case now.After(notAfter):
		return notAfter, refuse(InvalidSignature, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %s min.)", at, now.Add(-v.maxSkew).Format(timeLayout), stamp, minutes))
	}
	return notAfter, nil
}

// checkHeaders wants host and all of x-amz-* signed, and nothing that is not there.
func checkHeaders(c *claim, r *Request) error {
	if !slices.Contains(c.signedHeaders, "host") {
		return refuse(InvalidSignature, hostUnsigned)
	}
	for name, values := range r.Header {
		lower := strings.ToLower(name)
		if len(values) > 0 && strings.HasPrefix(lower, "x-amz-") && !slices.Contains(c.signedHeaders, lower) {
			return refuse(InvalidSignature, "'"+lower+"' must be a 'SignedHeader' in the AWS Authorization.")
		}
	}
	for _, name := range c.signedHeaders {
		if len(r.values(name)) == 0 {
			return refuse(InvalidSignature, "The signed header '"+name+"' is not in the request.")
		}
	}
	return nil
}

// credentials looks the access key up and compares the session token.
func (v *Verifier) credentials(ctx context.Context, c *claim) (Credentials, error) {
	credentials, err := v.keys.Key(ctx, c.accessKey)
	switch {
	case errors.Is(err, ErrUnknownKey):
		return Credentials{}, refuse(UnrecognizedClient, invalidToken)
	case err != nil:
		return Credentials{}, fmt.Errorf("look up access key: %w", err)
	case subtle.ConstantTimeCompare([]byte(credentials.SessionToken), []byte(c.token)) != 1:
		return Credentials{}, refuse(UnrecognizedClient, invalidToken)
	case !credentials.Expires.IsZero() && !v.now().Before(credentials.Expires):
		return Credentials{}, refuse(ExpiredToken, expiredToken)
	}
	return credentials, nil
}

// payload is the last line of the canonical request.
func (v *Verifier) payload(c *claim, r *Request) (string, error) {
	s3 := v.service == serviceS3
	switch {
	case c.sha256 == "" && s3 && c.presigned:
		return UnsignedPayload, nil
	case c.sha256 == "" && s3:
		return "", refuse(InvalidSignature, shaMissing)
	case c.sha256 == UnsignedPayload && !s3 && !c.presigned:
		return "", refuse(InvalidSignature, noUnsigned)
	case c.sha256 == UnsignedPayload:
		return UnsignedPayload, nil
	case strings.HasPrefix(c.sha256, "STREAMING-"):
		return "", refuse(InvalidSignature, noChunked)
	}
	hash := r.BodyHash
	if hash == "" {
		hash = Hash(r.Body)
	}
	if c.sha256 != "" && c.sha256 != hash {
		return "", refuse(InvalidSignature, shaMismatch)
	}
	return hash, nil
}

func (v *Verifier) checkSignature(c *claim, r *Request, query []pair, payload, secret string) error {
	canonical := canonicalRequest(v.service, r, query, c.signedHeaders, payload, false)
	sum := sha256.Sum256([]byte(canonical))
	text := stringToSign(c.at.Format(timeLayout), c.scope, hex.EncodeToString(sum[:]))
	want := hex.EncodeToString(mac(v.derived.key(secret, c.scope), text))
	if hmac.Equal([]byte(want), []byte(c.signature)) {
		return nil
	}
	return &Refusal{
		Code: InvalidSignature, Message: mismatch, StringToSign: text,
		CanonicalRequest: canonicalRequest(v.service, r, query, c.signedHeaders, payload, true),
	}
}
