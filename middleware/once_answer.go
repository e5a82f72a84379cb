package middleware

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// maxAnswer is how much of an answer is stored: an item has 400 KB, of which some is
// the rest of the mark.
const maxAnswer = 384 << 10

// replayed is the header of answers that are given again.
const replayed = "Idempotent-Replayed"

// answer is the stored answer as a new response.
func (m *Mark) answer() *handler.Response {
	resp := &handler.Response{Status: m.Status, Header: m.Header, Body: m.Body}
	resp.SetHeader(replayed, "true")
	return resp
}

// keep puts the answer into the mark, if there is room for it.
func (m *Mark) keep(resp *handler.Response, body []byte) {
	header, size := storable(resp.Header)
	if size+len(body) > maxAnswer {
		return
	}
	m.Answered, m.Status, m.Header, m.Body = true, resp.StatusCode(), header, body
}

func (m *Mark) forget() { m.Answered, m.Status, m.Header, m.Body = false, 0, nil, nil }

// storable are the headers that are stored, and their size.
func storable(all http.Header) (kept http.Header, size int) {
	for name, values := range all {
		if !isStored(name) {
			continue
		}
		if kept == nil {
			kept = make(http.Header, len(all))
		}
		kept[name] = values
		size += len(name) + 8
		for _, v := range values {
			size += len(v) + 8
		}
	}
	return kept, size
}

// isStored leaves out what is a secret of a session, what belongs to a connection, and
// what was true of the first request only.
func isStored(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Set-Cookie", "Set-Cookie2", "Www-Authenticate", "Authentication-Info", "Proxy-Authenticate",
		"Connection", "Keep-Alive", "Transfer-Encoding", "Trailer", "Upgrade", "Content-Length",
		"Date", "Age", "Server-Timing", "X-Request-Id", "Traceparent", "Tracestate", "X-Amzn-Trace-Id", replayed:
		return false
	}
	return !hasPrefixFold(name, "Access-Control-") && !hasPrefixFold(name, "RateLimit")
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// follow marks the key when the stream of a response has ended: as done if it came to
// its end.
func (c *claim) follow(ctx context.Context, resp *handler.Response) {
	var kept *copied // what the stream has written, nil for a record
	if stream := resp.Stream; !c.record {
		kept = &copied{}
		resp.Stream = func(ctx context.Context, w io.Writer) error {
			kept.Writer = w
			return stream(ctx, kept)
		}
	}
	status, header := resp.StatusCode(), resp.Header
	resp.OnDone(func(err error) {
		switch {
		case err != nil:
			c.fail(ctx)
		case kept == nil || kept.over:
			c.done(ctx, nil, nil)
		default:
			c.done(ctx, &handler.Response{Status: status, Header: header}, kept.body)
		}
	})
}

// copied is a writer that remembers what was written, up to what can be stored.
type copied struct {
	io.Writer
	body []byte
	over bool
}

func (c *copied) Write(p []byte) (int, error) {
	if len(c.body)+len(p) > maxAnswer {
		c.over, c.body = true, nil
	}
	if !c.over {
		c.body = append(c.body, p...)
	}
	return c.Writer.Write(p)
}

// Flush sends what was written, if the front door can.
func (c *copied) Flush() {
	if f, ok := c.Writer.(http.Flusher); ok {
		f.Flush()
	}
}
