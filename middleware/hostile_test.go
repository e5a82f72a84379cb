package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// inProportion runs work on texts of n and of 16 n bytes and holds the times against each
// other: 16 would be in proportion, and 256 what takes the square. The least of several
// runs counts, so that what else the machine does does not.
func inProportion(t *testing.T, name string, work func(n int)) {
	t.Helper()
	const n, times, most = 4 << 10, 16, 100
	least := func(n int) time.Duration {
		best := time.Hour
		for range 5 {
			begin := time.Now()
			work(n)
			best = min(best, time.Since(begin))
		}
		return best
	}
	var short, long time.Duration
	for range 3 {
		short, long = least(n), least(times*n)
		if long < most*max(short, 10*time.Microsecond) {
			return
		}
	}
	t.Errorf("%s: %v for %d bytes, %v for %d: not in proportion", name, short, n, long, times*n)
}

// fill is piece again and again, n bytes of it.
func fill(piece string, n int) string { return strings.Repeat(piece, n/len(piece)+1)[:n] }

// hostile are pieces that texts of headers are made of.
var hostile = []string{",", `"`, `"a`, `"a",`, `W/`, `W/"`, "=", ";", " ", "a=", `a="`, `\\`, "max-age=", "gzip;q=", "gzip,", "\x00", "q=0.", "*,",
	".", "a.", "e30.", "eyJhIjox", "v1=00,", "t=1,", "v1,", "v1,a ", "[redacted]", "personal", "\n", "\u2028", "%0a", "-", "00-0", "{", `{"`, "\xff"}

// TestHostileHeaders: no value of a header that middleware reads takes more than time in
// proportion to its length.
func TestHostileHeaders(t *testing.T) {
	k := newKitchen(t)
	issuer := newIssuer("home")
	_, apiKey := middleware.NewAPIKey("acme")
	logs, _ := newLogs(func(o *middleware.LogOptions) { o.Handler = slog.NewJSONHandler(io.Discard, nil) })
	flags := flagsOf(ruled("f", `(or (contains $q "ab") (or (begins_with $q "b") (or (ends_with $q "ba") (split pct::10 by::$q))))`))
	flag := middleware.NewFlag(flags, "f", false)
	told := handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		q := req.Header("X-H")
		flag.Get(ctx, slog.String("q", q))
		middleware.Note(ctx, slog.String("q", q))
		logs.Logger().InfoContext(ctx, q, "p", struct {
			Q string
			S string `redact:"secret"`
		}{q, q}, q, 1)
		return nil, fmt.Errorf("%s: %w", q, errors.New(q))
	})
	answering := textHandler(long, http.Header{"Content-Type": {"text/plain"}, "Etag": {`"a"`}})
	signed := func(scheme middleware.SignatureScheme) handler.Handler {
		return middleware.Signed(scheme, middleware.StaticSigningSecrets("a secret"), &middleware.SignedOptions{Now: authClock})(answering)
	}
	for name, test := range map[string]struct {
		h       handler.Handler
		headers []string
	}{
		"answers": {handler.Chain(answering, middleware.Compress(nil), middleware.Conditional(nil),
			middleware.Cache(k.answers, time.Minute, &middleware.CacheOptions{Headers: []string{"Accept"}})),
			[]string{"Accept-Encoding", "If-None-Match", "If-Match", "Cache-Control", "If-Modified-Since", "Pragma", "Accept"}},
		"who":    {handler.Chain(answering, middleware.RequestID(&middleware.RequestIDOptions{Accept: "traceparent"}), middleware.JWT(issuer.settings(t), nil)), []string{"Authorization", "traceparent"}},
		"keys":   {handler.Chain(answering, middleware.RequestID(&middleware.RequestIDOptions{Accept: "X-Id"}), middleware.APIKeys(middleware.StaticAPIKeys(apiKey), nil)), []string{"X-Api-Key", "X-Id"}},
		"tenant": {middleware.Tenant(middleware.TenantHeader("X-Tenant"), nil)(answering), []string{"X-Tenant"}},
		"bodies": {middleware.Decompress(1<<10, nil)(answering), []string{"Content-Encoding"}},
		"told":   {logs.Middleware()(told), []string{"X-H"}},
		"GitHub": {signed(middleware.GitHub()), []string{"X-Hub-Signature-256"}},
		"Slack":  {signed(middleware.Slack()), []string{"X-Slack-Signature", "X-Slack-Request-Timestamp"}},
		"Stripe": {signed(middleware.Stripe()), []string{"Stripe-Signature"}},
	} {
		for _, piece := range hostile {
			for _, header := range test.headers {
				inProportion(t, fmt.Sprintf("%s: %s: %q", name, header, piece), func(n int) {
					if a, _ := handlertest.Do(t.Context(), test.h, get("/").WithHeader(header, fill(piece, n))); a.Status >= 500 && name != "told" {
						t.Errorf("%s: %s...: %d", header, piece, a.Status)
					}
				})
			}
		}
	}
	inProportion(t, "members of a token", func(n int) {
		var b strings.Builder
		for i := 0; b.Len() < n/8; i++ { // all of a token is at most 16 KB
			fmt.Fprintf(&b, `"%d":1,`, i)
		}
		token := b64([]byte(`{"alg":"EdDSA","kid":"k1"}`)) + "." + b64([]byte("{"+b.String()+`"z":1}`)) + ".AAAA"
		wantAnswer(t, middleware.JWT(issuer.settings(t), nil), authGet(bearer(token)), http.StatusUnauthorized, "invalid_token")
	})
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
