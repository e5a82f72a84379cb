package local_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestDoorTimeouts: how long each front door waits, and what it says then.
func TestDoorTimeouts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		door              local.Door
		function, timeout time.Duration
		status            int
		after             time.Duration
		why               string
	}{
		{local.HTTP{}, 40 * time.Second, 0, 503, 30 * time.Second, "HTP-36, HTP-37"},
		{local.HTTP{}, 40 * time.Second, time.Second, 503, time.Second, "HTP-36: a shorter one"},
		{local.HTTP{}, 3 * time.Second, 0, 500, 3 * time.Second, "HTP-35: the function's own is a function error"},
		{local.URL{}, 15 * time.Minute, 0, 502, 15 * time.Minute, "FUR-12: a URL waits as long as the function may run"},
		{local.ALB{}, 15 * time.Minute, 0, 502, 15 * time.Minute, "ALB-09"},
	} {
		t.Run(fmt.Sprint(tt.door, tt.function, tt.timeout), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				g, err := local.NewGateway(declare(t, "GET /x"), func(string) local.Function {
					return local.Function{Timeout: tt.function, Invoke: func(context.Context, []byte) ([]byte, error) {
						<-release
						return []byte(`{}`), nil
					}}
				}, &local.Options{Door: tt.door, Timeout: tt.timeout, Random: sequence{}})
				if err != nil {
					t.Fatal(err)
				}
				start := time.Now()
				resp := do(t, g, httptest.NewRequest("GET", "/x", nil))
				if took := time.Since(start); resp.StatusCode != tt.status || took != tt.after {
					t.Errorf("%d after %v, want %d after %v\n%s", resp.StatusCode, took, tt.status, tt.after, tt.why)
				}
				time.Sleep(tt.function) // the bubble's clock: an abandoned invocation ends at its own timeout
			})
		})
	}
}

func TestDoorNotInvoked(t *testing.T) {
	t.Parallel()
	const forbidden = `{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html"}`
	for _, tt := range []struct {
		door   local.Door
		err    error
		status int
		body   string // "" for whatever
		why    string
	}{
		{local.REST{}, local.ErrThrottled, 500, failedBody, "RST-55"},
		{local.HTTP{}, local.ErrNotInvoked, 500, httpFailedBody, "HTP-35: no permission"},
		{local.HTTP{}, local.ErrThrottled, 503, "", "HTP-36"},
		{local.URL{}, local.ErrNotInvoked, 403, forbidden, "FUR-13"},
		{local.URL{}, local.ErrThrottled, 429, "", "throttled"},
		{local.ALB{}, local.ErrThrottled, 502, "", "ALB-09"},
	} {
		g := newGateway(t, declare(t, "GET /x"), &local.Options{Door: tt.door}, func(context.Context, []byte) ([]byte, error) {
			return nil, fmt.Errorf("concurrency 10: %w", tt.err)
		})
		resp := do(t, g, httptest.NewRequest("GET", "/x", nil))
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != tt.status || tt.body != "" && string(body) != tt.body {
			t.Errorf("%s: %v = %d %s, want %d %s\n%s", tt.door, tt.err, resp.StatusCode, body, tt.status, tt.body, tt.why)
		}
	}
}

func TestDoorLimits(t *testing.T) {
	t.Parallel()
	const mb = 1 << 20
	large := strings.Repeat("a", 10_241)
	for _, tt := range []struct {
		door         local.Door
		target       string
		header, body int
		status       int
		why          string
	}{
		{local.HTTP{}, "/x", 10_000, 0, 200, "HTP-37: within"},
		{local.HTTP{}, "/x", 10_240, 0, 431, "HTP-37: request line and headers"},
		{local.HTTP{}, "/x?" + large, 0, 0, 431, "HTP-37: request line and headers"},
		{local.HTTP{}, "/x", 0, 10*mb + 1, 413, "HTP-37: the body"},
		{local.HTTP{}, "/x", 0, 7 * mb, 413, "LMB-04: the event"},
		{local.HTTP{}, "/x", 0, 4 * mb, 200, "LMB-04: within"},
		{local.URL{}, "/x?" + large, 10_240, 0, 200, "no limit is documented"},
		{local.URL{}, "/x", 0, 6*mb + 1, 413, "LMB-04: the body"},
		{local.URL{}, "/x", 0, 5 * mb, 413, "LMB-04: the event, in base64"},
		{local.URL{}, "/x", 0, 4 * mb, 200, "LMB-04: within"},
	} {
		invoked := false
		g := newGateway(t, declare(t, "/x"), &local.Options{Door: tt.door}, func(context.Context, []byte) ([]byte, error) {
			invoked = true
			return []byte(`{"statusCode":200}`), nil
		})
		r := httptest.NewRequest("POST", tt.target, strings.NewReader(strings.Repeat("a", tt.body)))
		r.Header.Set("X-Large", strings.Repeat("a", tt.header))
		resp := do(t, g, r)
		if resp.StatusCode != tt.status || invoked != (tt.status == 200) {
			t.Errorf("%s, header %d, body %d: %d, invoked %v; want %d\n%s", tt.door, tt.header, tt.body, resp.StatusCode, invoked, tt.status, tt.why)
		}
	}
	for _, tt := range []struct {
		door local.Door
		want int
	}{{local.HTTP{}, 500}, {local.URL{}, 502}} {
		g := newGateway(t, declare(t, "/x"), &local.Options{Door: tt.door}, answering(`"`+strings.Repeat("a", 6_291_556)+`"`))
		if got := do(t, g, httptest.NewRequest("GET", "/x", nil)).StatusCode; got != tt.want {
			t.Errorf("%s: an answer over 6 MB: %d, want %d: RST-53, HTP-35, FUR-12", tt.door, got, tt.want)
		}
	}
}

func TestDoorRefusesBrokenBody(t *testing.T) {
	t.Parallel()
	for name, door := range doors {
		g := newGateway(t, declare(t, "/x"), &local.Options{Door: door}, func(context.Context, []byte) ([]byte, error) {
			t.Errorf("%s: the function was invoked", name)
			return []byte(`{"statusCode":200,"body":""}`), nil
		})
		r := httptest.NewRequest("POST", "/x", io.MultiReader(strings.NewReader("a"), brokenReader{}))
		if status := do(t, g, r).StatusCode; status < 400 || status > 499 {
			t.Errorf("%s: status %d, want one of the client's faults", name, status)
		}
	}
}

// TestDoorLog: the line of a request has the id that the client was told, and
// says why a request failed, which the client is not.
func TestDoorLog(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]string{"http": "ICEiIyQlJicoKSo=", "url": "10111213-1415-4617-9819-1a1b1c1d1e1f", "alb": "10111213-1415-4617-9819-1a1b1c1d1e1f"} {
		var log bytes.Buffer
		g := newGateway(t, declare(t, "/x"), &local.Options{Door: doors[name], Log: slog.New(slog.NewTextHandler(&log, nil))}, answering(`nonsense`))
		resp := do(t, g, httptest.NewRequest("GET", "/x", nil))
		body, _ := io.ReadAll(resp.Body)
		for _, want := range []string{"level=ERROR", "request=" + id, "function orders: malformed answer", "function=orders"} {
			if !strings.Contains(strings.ReplaceAll(log.String(), `"`, ""), want) {
				t.Errorf("%s: no %s in %s", name, want, log.String())
			}
		}
		if strings.Contains(string(body), "malformed") {
			t.Errorf("%s: the client is told %s", name, body)
		}
	}
}

func TestDoorOptions(t *testing.T) {
	t.Parallel()
	good := func(string) local.Function { return local.Function{Invoke: answering(`{}`)} }
	for _, tt := range []struct {
		opts local.Options
		want string
	}{
		{local.Options{Door: local.HTTP{Stage: "$live"}}, `stage "$live"`},
		{local.Options{Door: local.HTTP{Stage: strings.Repeat("a", 129)}}, "up to 128 letters"},
		{local.Options{Door: local.HTTP{}, Timeout: 31 * time.Second}, "HTTP API: timeout 31s: write 30s or less"},
		{local.Options{Door: local.HTTP{}, Timeout: time.Millisecond}, "write 50ms or more"},
		{local.Options{Door: local.URL{}, Timeout: time.Second}, "function URL has no timeout of its own"},
		{local.Options{Door: local.ALB{}, Timeout: time.Second}, "load balancer has no timeout of its own"},
	} {
		if g, err := local.NewGateway(declare(t, "GET /x"), good, &tt.opts); g != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("NewGateway = %v, %v; want an error with %q", g, err, tt.want)
		}
	}
	for _, door := range []local.Door{local.HTTP{Stage: "$default"}, local.HTTP{Stage: "dev-1_x"}, local.REST{Stage: "v1"}} {
		if _, err := local.NewGateway(declare(t, "GET /x"), good, &local.Options{Door: door}); err != nil {
			t.Errorf("NewGateway(%+v) = %v", door, err)
		}
	}
}
