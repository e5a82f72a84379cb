//go:build unix

package socket

import (
	"net"
	"sync"
	"syscall"
)

// peeker looks at a socket without taking anything from it.
type peeker struct {
	raw  syscall.RawConn
	look func(fd uintptr) // made once, as it is called for each use of a connection
	idle bool
	b    [1]byte
}

func newLook() *peeker {
	p := &peeker{}
	p.look = func(fd uintptr) {
		_, _, err := syscall.Recvfrom(int(fd), p.b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		p.idle = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
	}
	return p
}

// newPeeker is nil for what is no socket.
func newPeeker(conn net.Conn) *peeker {
	raw, ok := rawOf(conn)
	if !ok {
		return nil
	}
	p := newLook()
	p.raw = raw
	return p
}

// rawOf is the socket of a connection, if it is one.
func rawOf(conn net.Conn) (syscall.RawConn, bool) {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return nil, false
	}
	raw, err := sc.SyscallConn()
	return raw, err == nil
}

// quiet reports whether there is nothing to read. It is used by one at a time.
func (p *peeker) quiet() bool {
	p.idle = false
	return p.raw.Control(p.look) == nil && p.idle
}

// peekers are kept for single looks, of which each request has one.
var peekers = sync.Pool{New: func() any { return newLook() }}

// quietNow reports whether there is nothing to read from a connection. What is no
// socket is quiet.
func quietNow(conn net.Conn) bool {
	raw, ok := rawOf(conn)
	if !ok {
		return true
	}
	p := peekers.Get().(*peeker)
	defer peekers.Put(p)
	p.raw = raw
	defer func() { p.raw = nil }()
	return p.quiet()
}
