package middleware_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// TestHostileHeaders: no value of a header takes more than time in proportion to its
// length. What took the square of it would take minutes.
func TestHostileHeaders(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	h := handler.Chain(textHandler(long, http.Header{"Content-Type": {"text/plain"}, "Etag": {`"a"`}}),
		middleware.Compress(nil), middleware.Conditional(nil),
		middleware.Cache(k.answers, time.Minute, &middleware.CacheOptions{Headers: []string{"Accept"}}))
	const n = 1 << 20
	begin := time.Now()
	for _, piece := range []string{",", `"`, `"a`, `"a",`, `W/`, `W/"`, "=", ";", " ", "a=", `a="`, `\\`, "max-age=", "gzip;q=", "gzip,", "\x00", "q=0.", "*,"} {
		value := strings.Repeat(piece, n/len(piece))
		for _, name := range []string{"Accept-Encoding", "If-None-Match", "If-Match", "Cache-Control", "If-Modified-Since", "Pragma", "Accept"} {
			if a := do(t, h, get("/").WithHeader(name, value)); a.Status >= 500 {
				t.Errorf("%s: %s...: %d", name, piece, a.Status)
			}
		}
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

// TestAnswersAreNotSplit: what a client sends does not come back in a header.
func TestAnswersAreNotSplit(t *testing.T) {
	t.Parallel()
	k := newKitchen(t)
	h := handler.Chain(k, middleware.SecurityHeaders(nil),
		middleware.RateLimit(bucketsIn(k.data), middleware.Rate{Limit: 1, Per: time.Minute}, nil), middleware.Compress(nil),
		middleware.Conditional(&middleware.ConditionalOptions{Require: true}), middleware.Cache(k.answers, time.Minute, nil))
	const evil = "evil\r\nSet-Cookie: a=b"
	for range 2 {
		req := get("/", as(evil))
		for _, name := range []string{"Accept-Encoding", "If-None-Match", "If-Match", "Cache-Control", "X-Forwarded-For", "Origin", "Host"} {
			req = req.WithHeader(name, evil)
		}
		for name, values := range do(t, h, req).Header {
			if strings.Contains(name+strings.Join(values, ""), "evil") {
				t.Errorf("%s: %q", name, values)
			}
		}
	}
}
