package iam_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// smithyBody is a body as the SDK's is when the answer came quickly: closed when
// net/http looks for more than the announced length.
type smithyBody struct {
	*strings.Reader
	over bool
}

func (b *smithyBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.over = b.over || b.Len() == 0
	return n, err
}

func (b *smithyBody) WriteTo(w io.Writer) (int64, error) {
	if b.over {
		return 0, io.EOF
	}
	return b.Reader.WriteTo(w)
}

func (b *smithyBody) Close() error { return nil }

// TestConnectionIsKept: however quick the answer, its connection is used again.
func TestConnectionIsKept(t *testing.T) {
	t.Parallel()
	for name, length := range map[string]int{"short": 10, "long": 100_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var connections atomic.Int32
			text := strings.Repeat("x", length)
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if got, err := io.ReadAll(r.Body); err != nil || string(got) != text || r.ContentLength != int64(length) {
					t.Errorf("the server reads %d bytes of %d, %v, want all of %d", len(got), r.ContentLength, err, length)
				}
			}))
			server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateNew {
					connections.Add(1)
				}
			}
			server.Start()
			defer server.Close()
			client := iam.HTTPClient()
			defer client.CloseIdleConnections()
			for range 3 {
				req, err := http.NewRequestWithContext(t.Context(), "POST", server.URL, &smithyBody{Reader: strings.NewReader(text)})
				if err != nil {
					t.Fatal(err)
				}
				req.ContentLength = int64(length)
				resp, err := client.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Error(err)
				}
				resp.Body.Close()
			}
			if got := connections.Load(); got != 1 {
				t.Errorf("3 requests took %d connections, want 1", got)
			}
		})
	}
}

var errBody = errors.New("the body cannot be read")

type brokenBody struct{ smithyBody }

func (brokenBody) Read([]byte) (int, error) { return 0, errBody }

func TestBrokenBody(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://127.0.0.1:1", &brokenBody{})
	if err != nil {
		t.Fatal(err)
	}
	req.ContentLength = 10
	if resp, err := iam.HTTPClient().Do(req); !errors.Is(err, errBody) {
		if err == nil {
			resp.Body.Close()
		}
		t.Errorf("Do = %v, want %v", err, errBody)
	}
}
