//go:build unix

package socket

import (
	"net"
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
	idle := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		idle = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
	})
	return err == nil && idle
}
