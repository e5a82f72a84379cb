package middleware

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// DecompressOptions changes what [Decompress] does. The zero value of each field is its
// default.
type DecompressOptions struct {
	// Encodings that are taken beside gzip: zstd.Encoding(nil) of package
	// middleware/zstd. Default none.
	Encodings []Encoding
}

// Decompress gives handlers the body of a compressed request as it was before it was
// compressed, without Content-Encoding. maxBytes is how large it may be then:
//
//	over maxBytes, compressed or not    413; no more than maxBytes and a little is kept
//	not compressed as it says           400
//	another coding, or several          415, with Accept-Encoding
//
// Without it a handler of this SDK answers a compressed body 415. What checks signatures
// of bodies belongs outside. Records pass. opts may be nil. Panics with a
// [*datastore.DeclarationError] if maxBytes is not positive.
//
// See https://www.rfc-editor.org/rfc/rfc9110#section-8.4
func Decompress(maxBytes int, opts *DecompressOptions) handler.Middleware {
	if maxBytes <= 0 {
		misdeclared("Decompress: maxBytes %d: write how many bytes a body may have", maxBytes)
	}
	d := &decompress{max: maxBytes}
	all := []Encoding{gzipEncoding(5)}
	if opts != nil {
		all = append(all, opts.Encodings...)
	}
	d.codings = codings("Decompress", all)
	names := make([]string, len(all))
	for i, e := range all {
		names[i] = e.Name
	}
	d.accept = strings.Join(names, ", ")
	return func(next handler.Handler) handler.Handler {
		return effective{func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			if datastore.RecordFrom(ctx) == nil && len(req.HeaderValues("Content-Encoding")) > 0 {
				var err error
				if req, err = d.plain(req); err != nil {
					return nil, err
				}
			}
			return next.Handle(ctx, req)
		}, answers(tooLarge(maxBytes), d.unsupported())}
	}
}

type decompress struct {
	max     int
	codings []*coding
	accept  string
}

func (d *decompress) plain(req *handler.Request) (*handler.Request, error) {
	c, err := d.coding(req.HeaderValues("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	body, err := req.Body()
	switch {
	case err != nil:
		return nil, err
	case len(body) > d.max:
		return nil, tooLarge(d.max)
	case c != nil:
		if body, err = d.read(c, body); err != nil {
			return nil, err
		}
	}
	h := req.Headers()
	h.Del("Content-Encoding")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	return req.WithHeaders(h).WithBody(body), nil
}

// coding is the one of a body, nil for none.
func (d *decompress) coding(lines []string) (c *coding, err error) {
	for _, line := range lines {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.ToLower(strings.TrimSpace(name))
			if name == "" || name == "identity" {
				continue
			}
			if name == "x-gzip" {
				name = "gzip"
			}
			if c != nil {
				return nil, d.unsupported()
			}
			for _, own := range d.codings {
				if own.Name == name {
					c = own
				}
			}
			if c == nil {
				return nil, d.unsupported()
			}
		}
	}
	return c, nil
}

func (d *decompress) unsupported() error {
	return &handler.Error{Status: http.StatusUnsupportedMediaType, Code: "content_encoding",
		Message: "the body is compressed in a way that is not supported", Header: http.Header{"Accept-Encoding": {d.accept}}}
}

func (d *decompress) read(c *coding, body []byte) ([]byte, error) {
	bad := func(err error) error {
		return &handler.Error{Status: http.StatusBadRequest, Code: "content_encoding", Message: "the body is not compressed as it says", Err: err}
	}
	r, err := c.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, bad(err)
	}
	defer r.Close()
	var plain bytes.Buffer
	plain.Grow(min(len(body)*2, d.max))
	switch _, err := io.Copy(&plain, io.LimitReader(r, int64(d.max)+1)); {
	case plain.Len() > d.max:
		return nil, tooLarge(d.max)
	case err != nil:
		return nil, bad(err)
	}
	return plain.Bytes(), nil
}
