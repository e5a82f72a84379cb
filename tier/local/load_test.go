package local_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// loadRequests is how many requests the gateway answers in BenchmarkLoad.
const loadRequests = 1_000_000

// BenchmarkLoad sends a million requests of wrk to a gateway whose function does
// nothing, in slices that alternate with as long ones to a ServeMux whose handler
// does nothing. It reports how many requests a second the gateway reaches for
// each of the ServeMux, and by how many bytes the heap grew from the first tenth
// of the requests to the last. It fails if the heap grew by more than flat.
//
// It needs wrk (https://github.com/wg/wrk), which TIERKIT_TEST_WRK names, and
// takes about a minute whatever -benchtime is.
func BenchmarkLoad(b *testing.B) {
	wrk := os.Getenv("TIERKIT_TEST_WRK")
	if wrk == "" {
		if os.Getenv("TIERKIT_TEST_SERVERS") == "require" {
			b.Fatal("TIERKIT_TEST_WRK does not name wrk")
		}
		b.Skip("TIERKIT_TEST_WRK does not name wrk")
	}
	const flat = 1 << 20
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"7"}`)
	})
	gateway, err := local.NewGateway(declare(b, "GET /orders/{id}"), func(string) local.Function {
		return local.Function{Invoke: func(context.Context, []byte) ([]byte, error) {
			return []byte(`{"statusCode":200,"headers":{"Content-Type":"application/json"},"body":"{\"id\":\"7\"}"}`), nil
		}}
	}, nil)
	if err != nil {
		b.Fatal(err)
	}
	var answered atomic.Int64
	counted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gateway.ServeHTTP(w, r)
		answered.Add(1)
	})
	plainURL, gatewayURL := "http://"+serve(b, mux)+"/orders/7", "http://"+serve(b, counted)+"/orders/7"
	for b.Loop() {
		answered.Store(0)
		var ratios []float64
		early := uint64(0)
		for answered.Load() < loadRequests {
			plain := rate(b, wrk, plainURL, "1s")
			ratios = append(ratios, rate(b, wrk, gatewayURL, "2s")/plain)
			if early == 0 && answered.Load() >= loadRequests/10 {
				early = heap()
			}
		}
		growth := int64(heap()) - int64(early)
		b.ReportMetric(median(ratios), "of-ServeMux")
		b.ReportMetric(float64(growth), "heap-growth-B")
		b.ReportMetric(float64(answered.Load()), "requests")
		if growth > flat {
			b.Errorf("the heap grew by %d bytes over %d requests", growth, answered.Load())
		}
	}
}

// rate is how many requests a second wrk saw answered in the duration, all with
// status 200.
func rate(b *testing.B, wrk, url, duration string) float64 {
	b.Helper()
	out, err := exec.Command(wrk, "-t", "1", "-c", "16", "-d", duration, url).CombinedOutput()
	if err != nil {
		b.Fatalf("wrk: %v\n%s", err, out)
	}
	if strings.Contains(string(out), "Non-2xx") || strings.Contains(string(out), "Socket errors") {
		b.Fatalf("wrk saw errors:\n%s", out)
	}
	_, after, _ := strings.Cut(string(out), "Requests/sec:")
	perSecond, err := strconv.ParseFloat(strings.TrimSpace(strings.SplitN(after, "\n", 2)[0]), 64)
	if err != nil {
		b.Fatalf("wrk: %v\n%s", err, out)
	}
	return perSecond
}

// heap is what is in use after a collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // finalizers and pools of the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
