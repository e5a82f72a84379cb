//go:build !linux

package faults

// reserve leaves the choice of the port to the first listener. Elsewhere than on
// Linux a port cannot be kept: another process may be given it while the proxy
// refuses connections.
func reserve() (addr string, release func(), err error) {
	return "127.0.0.1:0", func() {}, nil
}
