package local

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"strconv"
	"sync"
)

// net/http forgets how a client spelled its headers; API Gateway does not. A
// spellingListener listens in on its connections: it follows the framing of
// HTTP/1.1 and notes the header names of each request in turn. Where it loses
// track it gives up on the connection, whose names then come in canonical
// spelling: it can miss a spelling, not invent a header.
type spellingListener struct{ net.Listener }

// Accept wraps the connection.
func (l spellingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &spellingConn{Conn: c}, nil
}

type spellingConn struct {
	net.Conn
	mu    sync.Mutex
	scan  headScanner
	heads []map[string]string // of requests that are not handled yet
	now   map[string]string   // of the request being handled
}

// Read reads and listens in.
func (c *spellingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.mu.Lock()
		c.heads = c.scan.feed(p[:n], c.heads)
		c.mu.Unlock()
	}
	return n, err
}

// CloseWrite ends the sending half, which net/http asks for so that a client
// that still sends can read the answer.
func (c *spellingConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Conn.Close()
}

// next goes on to the next request.
func (c *spellingConn) next() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = nil
	if len(c.heads) > 0 {
		c.now, c.heads = c.heads[0], c.heads[1:]
	}
}

func (c *spellingConn) current() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

type spellingKey struct{}

// withSpelling puts the connection into the context of its requests.
func withSpelling(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, spellingKey{}, c)
}

// countRequests keeps the connections in step with h, one request after the
// other, as HTTP/1.1 has it.
func countRequests(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(spellingKey{}).(*spellingConn); ok {
			c.next()
		}
		h.ServeHTTP(w, r)
	})
}

// spelling maps canonical header names to those that the client of the request
// wrote, where they differ.
func spelling(ctx context.Context) map[string]string {
	if c, ok := ctx.Value(spellingKey{}).(*spellingConn); ok {
		return c.current()
	}
	return nil
}

// headScanner follows the requests of one connection. The zero value stands at
// the start of the first.
type headScanner struct {
	state   scanState
	line    []byte // the part of a line that has arrived
	left    int64  // bytes of the body or chunk to pass over
	length  int64  // Content-Length
	chunked bool
	started bool // the request line was read
	names   map[string]string
}

type scanState uint8

const (
	inHead      scanState = iota
	inBody                // left bytes, then the next head
	inChunkSize           // a line
	inChunk               // left bytes, then the next chunk size
	inTrailer             // lines up to an empty one
	lost                  // not HTTP as net/http reads it
)

// feed follows the bytes of p and appends the names of each head that ends in
// them.
func (s *headScanner) feed(p []byte, heads []map[string]string) []map[string]string {
	for len(p) > 0 && s.state != lost {
		if s.state == inBody || s.state == inChunk {
			n := min(s.left, int64(len(p)))
			p, s.left = p[n:], s.left-n
			if s.left == 0 {
				s.passed()
			}
			continue
		}
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			s.keep(p)
			return heads
		}
		s.keep(p[:end])
		p = p[end+1:]
		line := bytes.TrimSuffix(s.line, []byte("\r"))
		if s.readLine(line) {
			heads = append(heads, s.names)
			s.names = nil
		}
		s.line = s.line[:0]
	}
	return heads
}

// keep adds to the line, which is no longer than a whole head may be.
func (s *headScanner) keep(p []byte) {
	if len(s.line)+len(p) > maxHeader+4096 {
		s.state = lost
		return
	}
	s.line = append(s.line, p...)
}

// passed is what follows a body or a chunk.
func (s *headScanner) passed() {
	if s.state == inChunk {
		s.state = inChunkSize
		return
	}
	s.state = inHead
}

// readLine takes one line and reports whether it ends a head.
func (s *headScanner) readLine(line []byte) bool {
	switch s.state {
	case inHead:
		return s.readHead(line)
	case inChunkSize:
		s.readChunkSize(line)
	case inTrailer:
		if len(line) == 0 {
			s.state = inHead
		}
	}
	return false
}

func (s *headScanner) readHead(line []byte) bool {
	switch {
	case !s.started:
		s.started = len(line) > 0 // an empty line before a request is nothing
		return false
	case len(line) > 0:
		s.readField(line)
		return false
	}
	switch {
	case s.chunked:
		s.state = inChunkSize
	case s.length > 0:
		s.state, s.left = inBody, s.length
	}
	s.started, s.chunked, s.length = false, false, 0
	return true
}

// readField notes a header name and what frames the body.
func (s *headScanner) readField(line []byte) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		s.state = lost
		return
	}
	name, value := string(line[:colon]), bytes.TrimSpace(line[colon+1:])
	canonical := http.CanonicalHeaderKey(name)
	if canonical != name {
		if s.names == nil {
			s.names = map[string]string{}
		}
		s.names[canonical] = name
	}
	switch canonical {
	case "Transfer-Encoding":
		s.chunked = true
	case "Content-Length":
		n, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || n < 0 {
			s.state = lost
			return
		}
		s.length = n
	}
}

// readChunkSize reads "1f;extension". A chunk is followed by an empty line,
// which counts as its last two bytes.
func (s *headScanner) readChunkSize(line []byte) {
	if i := bytes.IndexByte(line, ';'); i >= 0 {
		line = line[:i]
	}
	n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 63)
	switch {
	case err != nil || n < 0 || n > 1<<60:
		s.state = lost
	case n == 0:
		s.state = inTrailer
	default:
		s.state, s.left = inChunk, n+2
	}
}
