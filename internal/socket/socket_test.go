package socket_test

import (
	"net"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/internal/socket"
)

// pair is a captured connection and its other side.
func pair(t *testing.T) (*socket.Socket, net.Conn, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	ctx, captured := socket.Capture(t.Context())
	client, err := socket.Dialer{}.DialContext(ctx, "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return captured, client, server.(*net.TCPConn)
}

// TestAlive: what the other side did meanwhile is seen without reading.
func TestAlive(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(*net.TCPConn) error
		want bool
	}{
		{"nothing happened", func(*net.TCPConn) error { return nil }, true},
		{"closed", func(c *net.TCPConn) error { return c.Close() }, false},
		{"reset", func(c *net.TCPConn) error {
			if err := c.SetLinger(0); err != nil {
				return err
			}
			return c.Close()
		}, false},
		{"spoke unasked", func(c *net.TCPConn) error {
			_, err := c.Write([]byte("bye"))
			return err
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			captured, client, server := pair(t)
			if err := tt.do(server); err != nil {
				t.Fatal(err)
			}
			if !tt.want { // wait until it has arrived, and leave it there
				deadline := time.Now().Add(5 * time.Second)
				for captured.Alive() && time.Now().Before(deadline) {
				}
			}
			if got := captured.Alive(); got != tt.want {
				t.Errorf("Alive() = %v, want %v", got, tt.want)
			}
			if tt.name == "spoke unasked" {
				b := make([]byte, 8)
				if n, err := client.Read(b); err != nil || string(b[:n]) != "bye" {
					t.Errorf("Read after Alive = %q, %v, want what was sent", b[:n], err)
				}
			}
		})
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	captured, client, _ := pair(t)
	captured.Cut()
	if _, err := client.Write([]byte("x")); err == nil {
		t.Error("Write after Cut: no error")
	}
	if captured.Alive() {
		t.Error("Alive() after Cut = true")
	}
	var none socket.Socket
	none.Cut()
	if none.Alive() {
		t.Error("Alive() without a connection = true")
	}
}
