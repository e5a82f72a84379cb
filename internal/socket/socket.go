// Package socket watches the TCP connections below protocol clients: whether the
// other side has closed one while nobody used it, and how to end one that is dead
// without the farewell that a client would wait for.
package socket

import (
	"context"
	"net"
	"sync"
	"time"
)

// Dialer dials connections and gives them to those who [Capture] them. The zero
// value is usable.
type Dialer struct {
	// Timeout of a dial; 0 means 2 seconds.
	Timeout time.Duration
}

const dialTimeout = 2 * time.Second

// DialContext is for a client's option of that name.
func (d Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	timeout := d.Timeout
	if timeout <= 0 {
		timeout = dialTimeout
	}
	dialer := net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}
	conn, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if s, ok := ctx.Value(captureKey{}).(*Socket); ok {
		s.set(conn)
	}
	return conn, nil
}

type captureKey struct{}

// Capture is a context by which the last connection that a [Dialer] dials for it
// becomes the Socket's.
func Capture(ctx context.Context) (context.Context, *Socket) {
	s := &Socket{}
	return context.WithValue(ctx, captureKey{}, s), s
}

// Socket is a connection below a client. It is safe for concurrent use.
type Socket struct {
	mu   sync.Mutex
	conn net.Conn
	peek *peeker // of conn; nil if nothing can be seen there
}

func (s *Socket) set(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn, s.peek = conn, newPeeker(conn)
}

func (s *Socket) get() net.Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn
}

// Alive reports whether the other side has neither closed the connection nor sent
// anything that nobody has asked for. It does not wait, and what was sent can
// still be read. A black hole looks alive.
func (s *Socket) Alive() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn != nil && (s.peek == nil || s.peek.quiet())
}

// Quiet reports whether the other side of a connection has neither closed it nor sent
// anything that nobody has read. It does not wait, and what was sent can still be
// read. Connections that are not the kernel's, such as those of TLS, look quiet.
func Quiet(conn net.Conn) bool { return quietNow(conn) }

// Cut closes the connection; the client above finds that out when it uses it.
func (s *Socket) Cut() {
	if conn := s.get(); conn != nil {
		_ = conn.Close() // there is nobody left to be told
	}
}
