package valkeycache

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/seed-18e8afb5/tierkit/internal/socket"
)

// session is a client of valkey-go with its connections, from its making until
// something is wrong with one of them.
type session struct {
	client valkey.Client
	opened time.Time

	// Guarded by the mutex of the sessions.
	users   int
	dropped bool

	mu      sync.Mutex
	opening context.Context // of the operation that opens it: valkey.NewClient takes none
	conns   map[*tracked]struct{}
}

// tracked is a connection that the session knows while it lives.
type tracked struct {
	net.Conn
	session *session
	addr    string
}

// Close implements [net.Conn].
func (t *tracked) Close() error {
	t.session.mu.Lock()
	delete(t.session.conns, t)
	t.session.mu.Unlock()
	return t.Conn.Close()
}

// cut closes the connection at once: Close of a TLS connection would say good-bye
// first.
func (t *tracked) cut() { _ = t.raw().Close() }

// raw is the connection below TLS.
func (t *tracked) raw() net.Conn {
	if secure, ok := t.Conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return t.Conn
}

// unsent marks the errors of a connection that was not made: nothing was sent.
type unsent struct{ err error }

func (e *unsent) Error() string { return "connect: " + e.err.Error() }
func (e *unsent) Unwrap() error { return e.err }

// dialIn makes a connection of the session to the node at addr.
func (s *session) dialIn(ctx context.Context, addr string, dial func(context.Context, string) (net.Conn, error)) (net.Conn, error) {
	s.mu.Lock()
	if s.opening != nil {
		ctx = s.opening
	}
	s.mu.Unlock()
	conn, err := dial(ctx, addr)
	if err != nil {
		return nil, &unsent{err}
	}
	t := &tracked{conn, s, addr}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[t] = struct{}{}
	if s.opening != nil && s.opening.Err() != nil {
		t.cut()
	}
	return t, nil
}

// quiet reports whether no node has closed a connection, or sent anything, that the
// client has not heard of. It does not wait. It is for a session that nobody uses.
func (s *session) quiet() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.conns {
		if !socket.Quiet(t.raw()) {
			return false
		}
	}
	return true
}

// context is that of the operation that opens the session, for as long as it does.
func (s *session) context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.opening != nil {
		return s.opening
	}
	return context.Background()
}

// cutAll ends what the client does on its connections.
func (s *session) cutAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for t := range s.conns {
		t.cut()
	}
}

// close ends the session. Nobody uses it any more, so there is nothing to wait
// for.
func (s *session) close() {
	s.cutAll()
	s.client.Close()
}

// probeTimeout is how long a sign of life may take.
const probeTimeout = 250 * time.Millisecond

// alive reports whether every node that the session is connected to gives a sign
// of life. An answer is one, whatever it says.
func (s *session) alive(ctx context.Context, cluster bool) bool {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if !cluster {
		return ping(ctx, s.client)
	}
	nodes := s.client.Nodes()
	answers := make(chan bool, len(nodes))
	asked := 0
	for addr := range s.addresses() {
		if node := nodes[addr]; node != nil {
			asked++
			go func() { answers <- ping(ctx, node) }()
		}
	}
	all := true
	for range asked {
		all = <-answers && all
	}
	return all
}

func ping(ctx context.Context, client valkey.Client) bool {
	return client.Do(ctx, client.B().Ping().Build()).NonValkeyError() == nil
}

// addresses are the nodes that the session is connected to.
func (s *session) addresses() map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	addrs := map[string]bool{}
	for t := range s.conns {
		addrs[t.addr] = true
	}
	return addrs
}
