package filebucket

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// signer has what signing needs: where requests are served, and the secret.
type signer struct {
	mu     sync.Mutex
	base   *url.URL // nil until there is a server
	secret string
}

const secretName = ".blob-secret"

// ready is the base URL and the secret.
func (d *Driver) ready() (*url.URL, string, error) {
	d.signer.mu.Lock()
	defer d.signer.mu.Unlock()
	if d.signer.base == nil {
		return nil, "", unavailable(errors.New("there is no server for signed requests; run the program by its command serve, or call filebucket's Driver.Handler"))
	}
	if d.signer.secret == "" {
		secret, err := d.readSecret()
		if err != nil {
			return nil, "", unavailable(fmt.Errorf("the secret for signing: %w", err))
		}
		d.signer.secret = secret
	}
	return d.signer.base, d.signer.secret, nil
}

// readSecret reads the secret of the folder, or makes it. Of processes that make
// it at once one wins: a link does not replace.
func (d *Driver) readSecret() (string, error) {
	if d.dir == "" {
		return rand.Text(), nil
	}
	path := filepath.Join(d.dir, secretName)
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return "", err
	}
	draft := path + "-" + rand.Text()
	if err := os.WriteFile(draft, []byte(rand.Text()), 0o600); err != nil {
		return "", err
	}
	defer os.Remove(draft)
	if err := os.Link(draft, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	secret, err := os.ReadFile(path)
	if err == nil && len(secret) < 16 {
		err = fmt.Errorf("%s is too short; delete it", path)
	}
	return string(secret), err
}

// Sign implements [blob.Conn].
func (b *bucket) Sign(ctx context.Context, key string, s blob.Signing) (blob.Signed, error) {
	if err := b.usable(ctx); err != nil {
		return blob.Signed{}, err
	}
	base, secret, err := b.driver.ready()
	if err != nil {
		return blob.Signed{}, err
	}
	at := b.data.Now().UTC().Truncate(time.Second)
	place := base.Path + "/" + b.place()
	if s.Op == "SignPost" {
		return b.signPost(base, place, key, secret, at, s)
	}
	signed := blob.Signed{Method: "GET", Expires: at.Add(s.TTL)}
	query := url.Values{
		"X-Amz-Algorithm":  {algorithm},
		"X-Amz-Credential": {credential(at)},
		"X-Amz-Date":       {at.Format(timeFormat)},
		"X-Amz-Expires":    {strconv.FormatInt(int64(s.TTL/time.Second), 10)},
	}
	headers := map[string]string{}
	if s.Op == "SignPut" {
		signed.Method = "PUT"
		headers = pinned(s)
	} else {
		for _, o := range overrides {
			if v := *o.of(&s.Attributes); v != "" {
				query.Set(o.parameter, v)
			}
		}
	}
	if len(headers) > 0 {
		signed.Headers = map[string]string{}
	}
	names := []string{"host"}
	for name, value := range headers {
		signed.Headers[name] = value
		names = append(names, strings.ToLower(name))
	}
	query.Set("X-Amz-SignedHeaders", sorted(names))
	lower := map[string]string{"host": base.Host}
	for name, value := range headers {
		lower[strings.ToLower(name)] = value
	}
	path := place + "/" + key
	query.Set("X-Amz-Signature", signature{signed.Method, path, query, lower, at}.sum(secret))
	signed.URL = base.Scheme + "://" + base.Host + encode(path, true) + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
	return signed, nil
}

// place is what names the bucket in a path and in a policy: of all Apps, whose
// buckets share the driver's secret.
func (b *bucket) place() string { return b.data.Namespace() + ":" + b.spec.Logical }

// header is an attribute, its header, and the parameter that overrides it.
type header struct {
	name, parameter string
	of              func(*blob.Attributes) *string
}

var overrides = []header{
	{"Content-Type", "response-content-type", func(a *blob.Attributes) *string { return &a.ContentType }},
	{"Cache-Control", "response-cache-control", func(a *blob.Attributes) *string { return &a.CacheControl }},
	{"Content-Disposition", "response-content-disposition", func(a *blob.Attributes) *string { return &a.ContentDisposition }},
	{"Content-Encoding", "response-content-encoding", func(a *blob.Attributes) *string { return &a.ContentEncoding }},
	{"Content-Language", "response-content-language", func(a *blob.Attributes) *string { return &a.ContentLanguage }},
}

const metaPrefix = "X-Amz-Meta-"

// pinned are the headers that a signed PUT must have.
func pinned(s blob.Signing) map[string]string {
	headers := map[string]string{}
	for _, o := range overrides {
		if v := *o.of(&s.Attributes); v != "" {
			headers[o.name] = v
		}
	}
	for name, v := range s.Metadata {
		headers[metaPrefix+name] = v
	}
	if s.Length >= 0 {
		headers["Content-Length"] = strconv.FormatInt(s.Length, 10)
	}
	switch {
	case s.If.Absent:
		headers["If-None-Match"] = "*"
	case s.If.ETag != "":
		headers["If-Match"] = s.If.ETag
	}
	return headers
}
