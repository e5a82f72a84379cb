package local_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// BenchmarkGateway compares a gateway whose function does nothing with a
// ServeMux whose handler does nothing, in alternating slices over 16 loopback
// connections each, and reports how many requests a second the gateway reaches
// for each of the ServeMux. One operation is a slice of both.
func BenchmarkGateway(b *testing.B) {
	for _, bc := range []struct{ name, request string }{
		{"GET", "GET /orders/7?expand=lines HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench/1\r\nAccept: */*\r\n\r\n"},
		{"POST", "POST /orders/7 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench/1\r\nContent-Type: application/json\r\nContent-Length: 1024\r\n\r\n" + strings.Repeat("a", 1024)},
	} {
		b.Run(bc.name, func(b *testing.B) {
			mux := http.NewServeMux()
			mux.HandleFunc("/orders/{id}", func(w http.ResponseWriter, r *http.Request) {
				if _, err := io.Copy(io.Discard, r.Body); err != nil {
					b.Error(err)
				}
				w.Header().Set("Content-Type", "application/json")
				_, _ = io.WriteString(w, `{"id":"7"}`)
			})
			gateway, err := local.NewGateway(declare(b, "/orders/{id}"), func(string) local.Function {
				return local.Function{Invoke: func(context.Context, []byte) ([]byte, error) {
					return []byte(`{"statusCode":200,"multiValueHeaders":{"Content-Type":["application/json"]},"body":"{\"id\":\"7\"}"}`), nil
				}}
			}, nil)
			if err != nil {
				b.Fatal(err)
			}
			compare(b, dial(b, serve(b, mux)), dial(b, serve(b, gateway)), bc.request)
		})
	}
}

// compare alternates slices of requests to both and reports the median of the
// ratios, which a busy machine disturbs least.
func compare(b *testing.B, plain, gateway []*client, request string) {
	var ratios, rates []float64
	for b.Loop() {
		plainTime := slice(b, plain, request).Seconds()
		gatewayTime := slice(b, gateway, request).Seconds()
		ratios = append(ratios, plainTime/gatewayTime)
		rates = append(rates, float64(sliceSize*len(gateway))/gatewayTime)
	}
	b.ReportMetric(median(ratios), "of-ServeMux")
	b.ReportMetric(median(rates), "gateway-req/s")
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

const sliceSize = 20 // requests a connection

// slice lets every client ask, and is the time until all are answered.
func slice(b *testing.B, clients []*client, request string) time.Duration {
	start := time.Now()
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() {
			for range sliceSize {
				if err := c.ask(request); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

// client is one connection that asks and waits.
type client struct {
	conn    net.Conn
	answers *bufio.Reader
}

func dial(b *testing.B, address string) []*client {
	var clients []*client
	for range 16 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		clients = append(clients, &client{conn, bufio.NewReader(conn)})
	}
	return clients
}

func (c *client) ask(request string) error {
	if _, err := io.WriteString(c.conn, request); err != nil {
		return err
	}
	for {
		line, err := c.answers.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == len("\r\n") {
			break
		}
	}
	// Every answer of both ends with the same body.
	_, err := c.answers.Discard(len(`{"id":"7"}`))
	return err
}

// BenchmarkServeHTTP is the gateway's own work on one request, without a
// connection.
func BenchmarkServeHTTP(b *testing.B) {
	g := newGateway(b, declare(b, "GET /orders/{id}"), nil, answering(`{"statusCode":200,"body":"{}"}`))
	r, err := http.NewRequest("GET", "/orders/7?expand=lines", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.RemoteAddr = "127.0.0.1:1"
	r.Header.Set("User-Agent", "bench/1")
	b.ReportAllocs()
	for b.Loop() {
		g.ServeHTTP(&discard{header: http.Header{}}, r)
	}
}

type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}
