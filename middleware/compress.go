package middleware

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// CompressOptions changes what [Compress] does. The zero value of each field is its
// default.
type CompressOptions struct {
	// MinBytes is how large a body must be. Default 1024. Streams are compressed of any
	// size.
	MinBytes int
	// Level of gzip, 1 (fastest) to 9 (smallest). Default 5.
	Level int
	// Encodings are preferred to gzip, the first most, where a client likes them as
	// much: zstd.Encoding(nil) of package middleware/zstd. Default none.
	Encodings []Encoding
	// Types reports whether bodies of a media type, in lower case and without
	// parameters, are worth it. Default: text, JSON, XML and what is made of them,
	// JavaScript, WebAssembly.
	Types func(mediaType string) bool
	// Skip reports whether an answer must not be compressed; see BREACH. Default: none.
	Skip func(req *handler.Request, resp *handler.Response) bool
}

// Compress compresses answers for clients that accept it, by quality values: gzip, and
// others that it is given. It leaves alone what is small, compressed already, a part
// (206), of another type, or says no-transform. A strong ETag becomes a weak one, because
// the bytes are others; Vary names Accept-Encoding in all answers that could have been
// compressed.
//
// A stream is compressed as it is written; what its handler flushes, as NDJSON and events
// do for each item, reaches the client at once.
//
// # BREACH
//
// How long a compressed answer is tells what is in it. An answer that has a secret (a CSRF
// token, another's data) and repeats what the request says lets an attacker who sends
// requests for the victim guess the secret, letter by letter. Leave such answers out by
// Skip, or keep secrets in headers, which are not compressed.
//
// # Order
//
// Outside of [Conditional] and [Cache]. Records pass. API Gateway compresses by itself
// where a REST API says minimumCompressionSize, CloudFront where a behaviour says so: one of
// them is enough. opts may be nil. Panics with a [*datastore.DeclarationError] if an option
// cannot be.
//
// See https://www.rfc-editor.org/rfc/rfc9110#section-8.4 and https://www.breachattack.com
func Compress(opts *CompressOptions) handler.Middleware {
	c := &compress{}
	if opts != nil {
		c.CompressOptions = *opts
	}
	if c.Level == 0 {
		c.Level = 5
	}
	if c.MinBytes == 0 {
		c.MinBytes = 1024
	}
	if c.Types == nil {
		c.Types = compressible
	}
	if c.Level < gzip.BestSpeed || c.Level > gzip.BestCompression || c.MinBytes < 0 {
		misdeclared("Compress: Level %d, MinBytes %d: write a level of 1 to 9 and no negative size", c.Level, c.MinBytes)
	}
	c.codings = codings("Compress", append(slices.Clone(c.Encodings), gzipEncoding(c.Level)))
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			resp, err := next.Handle(ctx, req)
			if err != nil || resp == nil || datastore.RecordFrom(ctx) != nil || !c.wants(req, resp) {
				return resp, err
			}
			varyOn(resp.Header, "Accept-Encoding")
			coding := accepted(req.HeaderValues("Accept-Encoding"), c.codings)
			if coding == nil {
				return resp, nil
			}
			if err := c.compress(coding, req, resp); err != nil {
				resp.Done(err) // nobody else sees it
				return nil, err
			}
			return resp, nil
		})
	}
}

type compress struct {
	codings []*coding
	CompressOptions
}

// wants reports whether an answer would be compressed for a client that takes it.
func (c *compress) wants(req *handler.Request, resp *handler.Response) bool {
	h, status := resp.Header, resp.StatusCode()
	switch {
	case h == nil || resp.Stream == nil && len(resp.Body) < c.MinBytes:
		return false
	case status == http.StatusNoContent || status == http.StatusNotModified || status == http.StatusPartialContent:
		return false
	case h.Get("Content-Encoding") != "" || h.Get("Content-Range") != "":
		return false
	}
	for _, name := range []string{"Content-Digest", "Repr-Digest", "Digest", "Content-Md5"} { // of other bytes
		if h.Get(name) != "" {
			return false
		}
	}
	for _, line := range h.Values("Cache-Control") {
		if strings.Contains(strings.ToLower(line), "no-transform") {
			return false
		}
	}
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return c.Types(strings.ToLower(strings.TrimSpace(media))) && (c.Skip == nil || !c.Skip(req, resp))
}

// compressible are the types that get smaller.
func compressible(media string) bool {
	kind, sub, _ := strings.Cut(media, "/")
	switch {
	case kind == "text":
		return true
	case strings.HasSuffix(sub, "+json") || strings.HasSuffix(sub, "+xml"):
		return true
	case kind == "application":
		switch sub {
		case "json", "x-ndjson", "ndjson", "jsonl", "xml", "javascript", "x-javascript", "yaml", "wasm", "graphql", "toml", "x-www-form-urlencoded":
			return true
		}
	}
	return false
}

func (c *compress) compress(coding *coding, req *handler.Request, resp *handler.Response) error {
	switch {
	case req.Method() == http.MethodHead: // as GET would answer, and nothing is sent
		resp.Body, resp.Stream = nil, nil
	case resp.Stream != nil:
		resp.Stream = coding.stream(resp.Stream)
	default:
		body, err := coding.bytes(resp.Body)
		if err != nil || len(body) >= len(resp.Body) {
			return err
		}
		resp.Body = body
	}
	h := resp.Header
	h.Set("Content-Encoding", coding.Name)
	delete(h, "Content-Length")
	delete(h, "Accept-Ranges")
	if tag := h.Get("ETag"); strings.HasPrefix(tag, `"`) {
		h.Set("ETag", "W/"+tag)
	}
	return nil
}

// bytes are body compressed.
func (c *coding) bytes(body []byte) ([]byte, error) {
	var b bytes.Buffer
	b.Grow(len(body)/3 + 64)
	z, err := c.writer(&b)
	if err != nil {
		return nil, err
	}
	defer c.free(z)
	if _, err := z.Write(body); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// stream compresses a stream. One that is cut off has no end that a reader would take for
// the end.
func (c *coding) stream(stream func(context.Context, io.Writer) error) func(context.Context, io.Writer) error {
	return func(ctx context.Context, w io.Writer) error {
		z, err := c.writer(w)
		if err != nil {
			return err
		}
		if err := stream(ctx, compressed{z, w}); err != nil {
			return err // the compressor may hold on to what is going on, and is not used again
		}
		defer c.free(z)
		return z.Close()
	}
}

// compressed is the writer of a compressed stream.
type compressed struct {
	z Compressor
	w io.Writer
}

// Write passes an empty write on: it asks for the header of the answer.
func (c compressed) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return c.w.Write(p)
	}
	return c.z.Write(p)
}

// Flush sends what was written. An error comes again with the next write.
func (c compressed) Flush() {
	if c.z.Flush() != nil {
		return
	}
	if f, ok := c.w.(http.Flusher); ok {
		f.Flush()
	}
}

// varyOn adds a name to Vary, unless it is there.
func varyOn(h http.Header, name string) {
	for _, line := range h.Values("Vary") {
		for n := range strings.SplitSeq(line, ",") {
			if n = strings.TrimSpace(n); n == "*" || strings.EqualFold(n, name) {
				return
			}
		}
	}
	h.Add("Vary", name)
}
