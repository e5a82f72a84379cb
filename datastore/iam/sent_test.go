package iam_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// listen gives what each connection does to a server, and is its address.
func listen(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener.Addr().String()
}

// TestNothingSent: a write that got no connection certainly was not carried out,
// whatever kept it from one; a write that got one may have been.
func TestNothingSent(t *testing.T) {
	t.Parallel()
	hangUp := listen(t, func(conn net.Conn) {
		conn.Read(make([]byte, 4096))
		conn.Close()
	})
	gibberish := listen(t, func(conn net.Conn) {
		conn.Read(make([]byte, 4096))
		conn.Write([]byte("this is no TLS, nor HTTP\r\n\r\n"))
		conn.Close()
	})
	silent := listen(t, func(conn net.Conn) {
		conn.Read(make([]byte, 4096))
		time.AfterFunc(time.Minute, func() { conn.Close() })
	})
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	tunnel := listen(t, func(conn net.Conn) {
		conn.Read(make([]byte, 4096))
		conn.Write([]byte("HTTP/1.1 200 OK\r\n\r\n"))
		conn.Read(make([]byte, 4096))
		conn.Close()
	})
	proxied := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: tunnel})}}
	trusting := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: x509.NewCertPool()}}}
	own := iam.HTTPClient()
	for _, c := range []struct {
		name   string
		client *http.Client
		url    string
		want   error
	}{
		{"handshake hung up", own, "https://" + hangUp, datastore.ErrUnavailable},
		{"handshake answered by something else", own, "https://" + gibberish, datastore.ErrUnavailable},
		{"handshake not answered", own, "https://" + silent, datastore.ErrUnavailable},
		{"certificate not trusted", trusting, untrusted.URL, datastore.ErrUnavailable},
		{"handshake hung up through a proxy", proxied, "https://dynamodb.invalid", datastore.ErrUnavailable},
		{"handshake hung up, the standard client", &http.Client{Transport: &http.Transport{}}, "https://" + hangUp, datastore.ErrUnavailable},
		{"no such host", own, "https://dynamodb.invalid", datastore.ErrUnavailable},
		{"request hung up", own, "http://" + hangUp, datastore.ErrUnknown},
		{"request answered by something else", own, "http://" + gibberish, datastore.ErrUnknown},
		{"request not answered", own, "http://" + silent, datastore.ErrUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			attempts := 0
			err := iam.NewRetry(nil).Do(ctx, iam.Call{Write: true}, func(ctx context.Context) error {
				attempts++
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, strings.NewReader("{}"))
				if err != nil {
					return err
				}
				resp, err := c.client.Do(req)
				if err == nil {
					resp.Body.Close()
				}
				return err
			})
			if !errors.Is(err, c.want) {
				t.Errorf("Do = %v, want %v", err, c.want)
			}
			if c.url == untrusted.URL && attempts != 1 {
				t.Errorf("a certificate that is not trusted was looked at %d times, want once", attempts)
			}
		})
	}
}
