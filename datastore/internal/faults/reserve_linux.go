package faults

import (
	"net"
	"strconv"
	"syscall"
)

// reserve keeps a free port for the proxy while it refuses connections, so that
// nothing else is given it: a socket that is bound and does not listen leaves
// the port to others that ask for it by its number.
func reserve() (addr string, release func(), err error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", nil, err
	}
	release = func() { _ = syscall.Close(fd) }
	defer func() {
		if err != nil {
			release()
		}
	}()
	if err = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return "", nil, err
	}
	if err = syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return "", nil, err
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		return "", nil, err
	}
	port := strconv.Itoa(name.(*syscall.SockaddrInet4).Port)
	return net.JoinHostPort("127.0.0.1", port), release, nil
}
