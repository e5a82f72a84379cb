package opensearchindex

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// maxAnswer is how large an answer may be.
const maxAnswer = 64 << 20

// request is one HTTP request to an index.
type request struct {
	method string
	path   string // below the index, escaped: "/_doc/a%20b"
	id     string // what path has at its end, not escaped
	query  string // parameters
	lines  bool   // the body is lines of JSON and no JSON
	body   []byte // nil for none
}

// send sends a request once. The answer is one of status 2xx, or of 404 if missing
// is set. Other answers are an error.
func (c *conn) send(ctx context.Context, r request) (status int, answer []byte, err error) {
	req, err := c.request(ctx, r)
	if err != nil {
		return 0, nil, err
	}
	resp, err := c.client.http.Do(req)
	if err != nil {
		return 0, nil, withoutURL(err)
	}
	defer resp.Body.Close()
	answer, err = read(resp)
	if err != nil {
		return 0, nil, err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return resp.StatusCode, answer, errorOf(resp.StatusCode, answer)
	}
	return resp.StatusCode, answer, nil
}

// request makes the HTTP request, and signs it.
func (c *conn) request(ctx context.Context, r request) (*http.Request, error) {
	u := *c.endpoint
	u.RawQuery = r.query
	u.Path, u.RawPath = u.Path+r.path+r.id, u.Path+r.path+escape(r.id)
	req := (&http.Request{Method: r.method, URL: &u, Host: u.Host, Header: make(http.Header, 8), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	switch {
	case r.lines:
		req.Header["Content-Type"] = []string{"application/x-ndjson"}
	case r.body != nil:
		req.Header["Content-Type"] = []string{"application/json"}
	}
	if err := c.sign(ctx, req, r.body); err != nil {
		return nil, err
	}
	if r.body != nil {
		// Only now: a collection refuses a signature over the length.
		req.ContentLength = int64(len(r.body))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(r.body)), nil }
		req.Body, _ = req.GetBody()
	}
	return req, nil
}

// sign signs a request, to a collection with the header that it requires.
//
// See https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-clients.html
func (c *conn) sign(ctx context.Context, req *http.Request, body []byte) error {
	if c.client.anonymous {
		return nil
	}
	keys, err := c.client.credentials.Retrieve(ctx)
	if err != nil {
		return &v4.SigningError{Err: fmt.Errorf("get credentials: %w", err)}
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if c.spec.Service == search.Serverless {
		req.Header["X-Amz-Content-Sha256"] = []string{hash}
	}
	return c.client.signer.SignHTTP(ctx, keys, req, hash, c.service, c.client.region, time.Now())
}

func read(resp *http.Response) ([]byte, error) {
	if resp.ContentLength > maxAnswer {
		return nil, errAnswer
	}
	if resp.ContentLength > 0 { // net/http gives the end with the last byte
		body := make([]byte, resp.ContentLength)
		if _, err := io.ReadFull(resp.Body, body); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		return body, nil
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(io.LimitReader(resp.Body, maxAnswer+1)); err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	if b.Len() > maxAnswer {
		return nil, errAnswer
	}
	return b.Bytes(), nil
}

// largeError is an answer that is not read to its end.
type largeError struct{}

var errAnswer error = largeError{}

func (largeError) Error() string {
	return fmt.Sprintf("the answer has over %d MiB; ask for fewer documents", maxAnswer>>20)
}

func (largeError) Unwrap() error { return &datastore.Error{Kind: datastore.ErrTooLarge} }

// withoutURL takes the URL, in which the id of a document stands, out of an error of
// the HTTP client.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return err
}

const hexDigits = "0123456789ABCDEF"

// escape escapes everything in a segment of a path that has a meaning somewhere.
func escape(id string) string {
	if !strings.ContainsFunc(id, special) {
		return id
	}
	b := make([]byte, 0, len(id)+16)
	for i := range len(id) {
		if c := id[i]; special(rune(c)) {
			b = append(b, '%', hexDigits[c>>4], hexDigits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

func special(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' && c != '~'
}
