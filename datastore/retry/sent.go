package retry

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/socket"
)

// Sending watches whether the requests of one attempt got a connection. Without
// one, be it for want of an address, an open port, a proxy or a TLS handshake,
// no byte of a request went out.
//
// A connection that the server has closed while it was idle is none: it is ended
// before anything is sent on it, and the transport takes another one. The transport
// alone sees that only once its reader has run, which just after a freeze it may not
// have, and what became of a request that it sends meanwhile is not known.
type Sending struct {
	wanted, got atomic.Bool
	trace       httptrace.ClientTrace
}

// Watch is the context for the attempt.
func (s *Sending) Watch(ctx context.Context) context.Context {
	s.trace.GetConn = func(string) { s.wanted.Store(true) }
	s.trace.GotConn = func(info httptrace.GotConnInfo) {
		if !info.WasIdle || !endIfClosed(info.Conn) {
			s.got.Store(true)
		}
	}
	return httptrace.WithClientTrace(ctx, &s.trace)
}

// endIfClosed ends an idle connection that the server has closed, and reports
// whether it did.
func endIfClosed(conn net.Conn) bool {
	raw := conn
	secure, isTLS := conn.(*tls.Conn)
	if isTLS {
		raw = secure.NetConn()
	}
	if socket.Quiet(raw) {
		return false
	}
	if isTLS && secure.ConnectionState().NegotiatedProtocol == "h2" { // which has messages at any time
		return false
	}
	_ = raw.Close() // there is nobody left to be told
	return true
}

// None reports whether it is certain that no request went out: the transport
// asked for a connection in vain, or err says so. Clients that are not the
// standard library's may ask for none.
func (s *Sending) None(err error) bool {
	if s.got.Load() {
		return false
	}
	var op *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	return s.wanted.Load() ||
		errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") ||
		errors.As(err, &dns) || errors.As(err, &cert)
}

// Asked reports whether the transport asked for a connection or got one. The
// standard library's sends nothing before.
func (s *Sending) Asked() bool { return s.wanted.Load() || s.got.Load() }
