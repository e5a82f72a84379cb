package sigv4

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signer signs requests to one service in one Region. It is safe for concurrent
// use.
type Signer struct {
	service, region string
	now             func() time.Time
	derived         keyCache
}

// SignerOptions of a [Signer].
type SignerOptions struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// NewSigner signs for a service ("execute-api", "lambda", "s3") in a Region. Nil
// options mean the defaults.
func NewSigner(service, region string, opts *SignerOptions) *Signer {
	s := &Signer{service: service, region: region, now: time.Now}
	if opts != nil && opts.Now != nil {
		s.now = opts.Now
	}
	return s
}

// notSigned are the headers that the way to the server may add or change, and
// the signature itself.
var notSigned = []string{
	"accept-encoding", "authorization", "connection", "content-length", "expect", "forwarded", "keep-alive",
	"te", "traceparent", "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent", "via",
	"x-amzn-trace-id", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto",
}

// Sign puts the signature of a request into its Authorization header, beside
// X-Amz-Date, and X-Amz-Security-Token if the credentials have one. payloadHash
// is [Hash] of the body that will be sent, or [UnsignedPayload] for S3, which
// also gets it as X-Amz-Content-Sha256. A + in the query, which servers read in
// two ways, becomes %20. The request must not be changed afterwards, but for its
// User-Agent and what belongs to the connection.
func (s *Signer) Sign(r *http.Request, payloadHash string, c Credentials) error {
	if err := s.check(r, c); err != nil {
		return err
	}
	if payloadHash == UnsignedPayload && s.service != serviceS3 {
		return fmt.Errorf("sign %s: %s needs the hash of the payload; only s3 takes %s", r.URL.Host+r.URL.EscapedPath(), s.service, UnsignedPayload)
	}
	at := s.now().UTC()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Del("Authorization")
	r.Header.Set("X-Amz-Date", at.Format(timeLayout))
	r.Header.Del("X-Amz-Security-Token")
	if c.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", c.SessionToken)
	}
	if s.service == serviceS3 || r.Header.Get("X-Amz-Content-Sha256") != "" {
		r.Header.Set("X-Amz-Content-Sha256", payloadHash)
	}
	r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "+", "%20")
	scope := scope{day: at.Format(dayLayout), region: s.region, service: s.service}
	signed := signedHeaders(r.Header)
	signature := s.signature(r, signed, payloadHash, at, scope, c.Secret)
	r.Header.Set("Authorization", algorithm+" Credential="+c.AccessKey+"/"+scope.String()+
		", SignedHeaders="+strings.Join(signed, ";")+", Signature="+signature)
	return nil
}

// Presign returns the URL of a request with its signature, valid for the given
// time, one second to a week in whole seconds. Whoever has it may send the
// request once or often; headers that the request has must be sent with it. Its
// body is not signed for S3, and empty for other services.
func (s *Signer) Presign(r *http.Request, expires time.Duration, c Credentials) (*url.URL, error) {
	if err := s.check(r, c); err != nil {
		return nil, err
	}
	if expires < time.Second || expires > maxExpires || expires%time.Second != 0 {
		return nil, fmt.Errorf("presign %s: expires after %v; want whole seconds, at most 168h", r.URL.Host+r.URL.EscapedPath(), expires)
	}
	for _, name := range []string{"X-Amz-Security-Token", "X-Amz-Content-Sha256"} {
		if r.Header.Get(name) != "" {
			return nil, fmt.Errorf("presign %s: remove the header %s; what it says belongs into the query", r.URL.Host+r.URL.EscapedPath(), name)
		}
	}
	at := s.now().UTC()
	scope := scope{day: at.Format(dayLayout), region: s.region, service: s.service}
	signed := signedHeaders(r.Header)
	params := []pair{
		{paramAlgorithm, algorithm},
		{paramCredential, c.AccessKey + "/" + scope.String()},
		{paramDate, at.Format(timeLayout)},
		{paramExpires, strconv.Itoa(int(expires / time.Second))},
		{paramSignedHeaders, strings.Join(signed, ";")},
	}
	if c.SessionToken != "" {
		params = append(params, pair{paramToken, c.SessionToken})
	}
	presigned := *r.URL
	presigned.RawQuery = canonicalQuery(append(parseQuery(r.URL.RawQuery), params...), false)
	payload := Hash(nil)
	if s.service == serviceS3 {
		payload = UnsignedPayload
	}
	copied := *r
	copied.URL = &presigned
	presigned.RawQuery += "&" + paramSignature + "=" + s.signature(&copied, signed, payload, at, scope, c.Secret)
	return &presigned, nil
}

func (s *Signer) signature(r *http.Request, signed []string, payload string, at time.Time, scope scope, secret string) string {
	req := FromHTTP(r, nil)
	// A request that is sent on has the request line of its first journey.
	req.Path, req.Query = r.URL.EscapedPath(), r.URL.RawQuery
	canonical := canonicalRequest(s.service, req, parseQuery(req.Query), signed, payload, false)
	sum := sha256.Sum256([]byte(canonical))
	text := stringToSign(at.Format(timeLayout), scope, hex.EncodeToString(sum[:]))
	return hex.EncodeToString(mac(s.derived.key(secret, scope), text))
}

// check finds what would only be refused by the server.
func (s *Signer) check(r *http.Request, c Credentials) error {
	switch {
	case r.URL == nil || r.URL.Opaque != "" || r.Host == "" && r.URL.Host == "":
		return errors.New("sign request: its URL has no host")
	case c.AccessKey == "" || c.Secret == "":
		return fmt.Errorf("sign %s: the credentials have no access key or no secret", r.URL.Host+r.URL.EscapedPath())
	case !c.Expires.IsZero() && !s.now().Before(c.Expires):
		return fmt.Errorf("sign %s: the credentials ended at %s", r.URL.Host+r.URL.EscapedPath(), c.Expires.UTC().Format(time.RFC3339))
	}
	for _, p := range parseQuery(r.URL.RawQuery) {
		switch p.name {
		case paramAlgorithm, paramCredential, paramDate, paramExpires, paramSignedHeaders, paramSignature, paramToken, paramSHA256:
			return fmt.Errorf("sign request to %s: its query has %s already", cmp.Or(r.Host, r.URL.Host), p.name)
		}
	}
	return nil
}

// signedHeaders are host and all headers that stay as they are on the way.
func signedHeaders(h http.Header) []string {
	names := []string{"host"}
	for name := range h {
		lower := strings.ToLower(name)
		if lower != "host" && len(h[name]) > 0 && !slices.Contains(notSigned, lower) {
			names = append(names, lower)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
