//go:build unix

package socket

import (
	"net"
	"sync"
	"syscall"
)

// Quiet reports whether the other side of a connection has neither closed it nor sent
// anything that nobody has read. It does not wait, and what was sent can still be
// read. Connections that are not the kernel's, such as those of TLS, look quiet.
func Quiet(conn net.Conn) bool {
	sc, ok := conn.(syscall.Conn)
	if !ok {
		return true
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	p := peeks.Get().(*peek)
	defer peeks.Put(p)
	p.quiet = false
	err = raw.Control(p.at)
	return err == nil && p.quiet
}

// peek looks at a socket. They are kept, because one is needed for each request.
type peek struct {
	at    func(fd uintptr) // look
	quiet bool
	seen  [1]byte
}

var peeks = sync.Pool{New: func() any {
	p := &peek{}
	p.at = p.look
	return p
}}

func (p *peek) look(fd uintptr) {
	_, _, err := syscall.Recvfrom(int(fd), p.seen[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	p.quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
}
