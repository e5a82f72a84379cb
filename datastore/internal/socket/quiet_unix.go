//go:build unix

package socket

import (
	"net"
	"syscall"
)

// peeker looks at a socket without taking anything from it.
type peeker struct {
	raw  syscall.RawConn
	look func(fd uintptr)
	idle bool
	b    [1]byte
}

// newPeeker is nil for what is no socket.
func newPeeker(conn net.Conn) *peeker {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	p := &peeker{raw: raw}
	p.look = func(fd uintptr) { // made once, as it is called for each use of the connection
		_, _, err := syscall.Recvfrom(int(fd), p.b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		p.idle = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
	}
	return p
}

// quiet reports whether there is nothing to read. It is used by one at a time.
func (p *peeker) quiet() bool {
	p.idle = false
	return p.raw.Control(p.look) == nil && p.idle
}
