package retry_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/socket"
	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// deaf is a connection whose reader hears nothing once it is frozen, until the
// connection is closed.
type deaf struct {
	*net.TCPConn
	frozen *atomic.Bool
	closed chan struct{}
	once   sync.Once
}

func (d *deaf) Read(b []byte) (int, error) {
	n, err := d.TCPConn.Read(b)
	if d.frozen.Load() {
		<-d.closed
	}
	return n, err
}

func (d *deaf) Close() error {
	d.once.Do(func() { close(d.closed) })
	return d.TCPConn.Close()
}

// TestClosedWhileIdle: what cannot be sent twice is not sent on a connection that the
// server has closed without the transport's knowledge.
func TestClosedWhileIdle(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(http.Handler) *httptest.Server{"plain": httptest.NewServer, "TLS": httptest.NewTLSServer} {
		for body, rewinds := range map[string]bool{"a body that rewinds": true, "a body that does not": false} {
			t.Run(name+", "+body, func(t *testing.T) {
				t.Parallel()
				var arrived atomic.Int64
				server := start(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { arrived.Add(1) }))
				t.Cleanup(server.Close)
				var frozen atomic.Bool
				var first *deaf
				transport := server.Client().Transport.(*http.Transport)
				transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
					conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
					if err != nil || first != nil {
						return conn, err
					}
					first = &deaf{TCPConn: conn.(*net.TCPConn), frozen: &frozen, closed: make(chan struct{})}
					return first, nil
				}
				post := func() (*retry.Sending, error) {
					var sent retry.Sending
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					req, err := http.NewRequestWithContext(sent.Watch(ctx), http.MethodPost, server.URL, strings.NewReader("x"))
					if err != nil {
						t.Fatal(err)
					}
					if !rewinds {
						req.Body, req.GetBody = io.NopCloser(req.Body), nil
					}
					resp, err := server.Client().Do(req)
					if err == nil {
						resp.Body.Close()
					}
					return &sent, err
				}
				if _, err := post(); err != nil {
					t.Fatal(err)
				}
				frozen.Store(true)
				server.CloseClientConnections()
				for deadline := time.Now().Add(5 * time.Second); socket.Quiet(first.TCPConn) && time.Now().Before(deadline); {
				}
				sent, err := post()
				// A transport whose reader has seen the end in the meantime leaves it to
				// its caller to send the request again.
				again := rewinds && err == nil && arrived.Load() == 2
				refused := err != nil && sent.None(err) && arrived.Load() == 1
				if !again && !refused {
					t.Errorf("error = %v, %d arrived; want 2 without an error, or 1 and that it certainly was not sent", err, arrived.Load())
				}
			})
		}
	}
}
