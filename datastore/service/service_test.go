package service_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localservice"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

// clock is moved by hand.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time         { return time.Unix(1_000_000, c.ns.Load()) }
func (c *clock) elapse(d time.Duration) { c.ns.Add(int64(d)) }

func start(now func() time.Time, p *service.Policy, h http.HandlerFunc) (*datastore.Data, *service.Service) {
	data := datastore.New([]datastore.Driver{localservice.New(map[string]http.Handler{"billing": h})}, &datastore.Options{Now: now})
	return data, service.New(data, "billing", p)
}

func get(t testing.TB, c service.Caller, path string) error {
	t.Helper()
	_, err := service.Call[struct{}](t.Context(), c, "GET", path, nil)
	return err
}

// TestRoute: a narrowed handle has the requests of its pattern and no others.
func TestRoute(t *testing.T) {
	t.Parallel()
	_, billing := start(nil, nil, func(http.ResponseWriter, *http.Request) {})
	for _, tt := range []struct {
		pattern, method, path string
		want                  error
	}{
		{"GET /invoices/{id}", "GET", "/invoices/42?x=/y", nil},
		{"GET /invoices/{id}", "POST", "/invoices/42", datastore.ErrDenied},
		{"GET /invoices/{id}", "GET", "/invoices/", datastore.ErrDenied},
		{"GET /invoices/{id}", "GET", "/invoices", datastore.ErrDenied},
		{"GET /invoices/{id}", "GET", "/invoices/42/lines", datastore.ErrDenied},
		{"GET /invoices/{id}", "GET", "/invoices/a%2Fb", nil},
		{"/files/{path...}", "PUT", "/files/a/b/", nil},
		{"/files/{path...}", "GET", "/files/", datastore.ErrDenied},
		{"/files/{path...}", "GET", "/files/../invoices/1", datastore.ErrInvalid},
		{"/files/{path...}", "GET", "/files/%2E%2e/invoices", datastore.ErrInvalid},
		{"GET /files/{name}", "GET", "/files/..%2Finvoices", datastore.ErrInvalid}, // a name that a server decodes
		{"GET /files/{name}", "GET", "/files/a%2f%2e%2E%2f..%2Finvoices", datastore.ErrInvalid},
		{"GET /files/{name}", "GET", "/files/..%5Cinvoices", datastore.ErrInvalid},
		{"GET /files/{name}", "GET", "/files/a%2Fb..c%2F...", nil},
		{"/files/{path...}", "GET", "//files/a", datastore.ErrInvalid}, // files is a host
		{"POST /", "POST", "/", nil},
		{"POST /", "POST", "/a", datastore.ErrDenied},
		{"GET /a", "GET", "http://other/a", datastore.ErrInvalid},
		{"GET /a", "GET", "a", datastore.ErrInvalid},
	} {
		c := datastore.Use[service.Caller](function("f"), billing.Route(tt.pattern))
		if _, err := service.Call[struct{}](t.Context(), c, tt.method, tt.path, nil); !errors.Is(err, tt.want) {
			t.Errorf("%s %s, granted %s: error = %v, want %v", tt.method, tt.path, tt.pattern, err, tt.want)
		}
	}
	for _, pattern := range []string{"", "GET", "GET invoices", "get /a", "GET /{}", "GET /a{b}", "GET /{a...}/b", "GET /{a", "GET /*", "GET  /a"} {
		data := datastore.New(nil, nil)
		c := datastore.Use[service.Caller](function("f"), service.New(data, "billing", nil).Route(pattern))
		errs := data.Errs()
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), "service_test.go:") {
			t.Errorf("Route(%q): declaration errors %v, want one with a line of this file", pattern, errs)
		}
		if _, err := service.Call[struct{}](t.Context(), c, "GET", "/a", nil); !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("Route(%q): a call = %v, want %v", pattern, err, datastore.ErrDeclaration)
		}
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	invoke := func(resource string) []datastore.Need {
		return []datastore.Need{{Service: "execute-api", Actions: []string{"Invoke"}, Resource: "{name}/live/" + resource, Port: 443}}
	}
	data := datastore.New(nil, nil)
	signed := service.New(data, "billing", &service.Policy{Network: service.Network{Signed: true}})
	for _, tt := range []struct {
		spec datastore.Spec
		want []datastore.Need
	}{
		{signed.Spec(), invoke("*/*")},
		{signed.Route("GET /invoices/{id}/lines").Spec(), invoke("GET/invoices/*/lines")},
		{signed.Route("/files/{path...}").Spec(), invoke("*/files/*")},
		{service.New(data, "plain", &service.Policy{Network: service.Network{Port: 8080}}).Spec(), []datastore.Need{{Service: "execute-api", Port: 8080}}},
	} {
		if d := cmp.Diff(tt.want, tt.spec.Needs([]string{"Do"})); d != "" {
			t.Errorf("Needs of %+v (-want +got):\n%s", tt.spec, d)
		}
	}
	if needs := signed.Spec().Needs(nil); needs != nil {
		t.Errorf("Needs of nothing = %v", needs)
	}
}

// TestMistakes: a wrong policy is a declaration error.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]service.Policy{
		"Timeout is negative": {Timeout: -1}, "Attempts is negative": {Attempts: -1}, "MaxBytes is negative": {MaxBytes: -1},
		"Ratio is not between": {Breaker: service.Breaker{Ratio: 1.5}}, "70000 is no port": {Network: service.Network{Port: 70000}},
	} {
		data := datastore.New(nil, nil)
		c := datastore.Use[service.Caller](function("f"), service.New(data, "billing", &p))
		if errs := data.Errs(); len(errs) != 1 || !strings.Contains(errs[0].Error(), want) {
			t.Errorf("Errs = %v, want one with %q", errs, want)
		}
		if err := get(t, c, "/"); !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("Call: error = %v, want ErrDeclaration", err)
		}
	}
}

// TestBreaker: a service that fails too often is left alone, then tried by one
// request, and used again when that succeeds.
func TestBreaker(t *testing.T) {
	t.Parallel()
	c, status, calls := &clock{}, 200, 0
	_, billing := start(c.now, &service.Policy{
		Attempts: 1, Breaker: service.Breaker{Calls: 4, Ratio: 0.5, Window: 10 * time.Second, Pause: 5 * time.Second},
	}, func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.WriteHeader(status)
	})
	caller := datastore.Use[service.Caller](function("f"), billing)
	step := func(name string, wait time.Duration, answer, wantCalls int, want error) {
		t.Helper()
		c.elapse(wait)
		status = answer
		before := calls
		if err := get(t, caller, "/"); !errors.Is(err, want) || calls-before != wantCalls {
			t.Errorf("%s: error = %v after %d calls, want %v after %d", name, err, calls-before, want, wantCalls)
		}
	}
	down := datastore.ErrUnavailable
	step("one failure", 0, 500, 1, down)
	step("a success", 0, 200, 1, nil)
	step("no failure of the service", 0, 404, 1, datastore.ErrNotFound)
	step("the first has left the window", 10*time.Second, 500, 1, down)
	step("of which one", time.Second, 200, 1, nil)
	step("of which two", 0, 200, 1, nil)
	step("half of four", 0, 500, 1, down)
	step("open", 0, 200, 0, down)
	step("still open", 4*time.Second, 200, 0, down)
	step("the probe fails", time.Second, 503, 1, down)
	step("open again", 4*time.Second, 200, 0, down)
	step("the probe succeeds", time.Second, 200, 1, nil)
	step("closed", 0, 500, 1, down)
	step("closed, and counting from the start", 0, 200, 1, nil)
}

// TestBreakerHurried: callers who wait less than an attempt may take say nothing about
// the service; those who wait that long do.
func TestBreakerHurried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		_, billing := start(nil, &service.Policy{
			Attempts: 1, AttemptTimeout: time.Second, Timeout: 5 * time.Second,
			Breaker: service.Breaker{Calls: 4, Window: time.Hour, Pause: time.Hour},
		}, func(_ http.ResponseWriter, r *http.Request) {
			calls++
			<-r.Context().Done()
		})
		caller := datastore.Use[service.Caller](function("f"), billing)
		for _, tt := range []struct {
			name  string
			limit time.Duration // of a caller
			calls int           // of 10, that are sent
		}{
			{"a tenth of a second", 100 * time.Millisecond, 10},
			{"less than an attempt has", 2 * time.Second, 10},
			{"as long as an attempt", 4 * time.Second, 4},
			{"open now", time.Minute, 0},
		} {
			before := calls
			for range 10 {
				ctx, cancel := context.WithTimeout(t.Context(), tt.limit)
				_, err := service.Call[struct{}](ctx, caller, "GET", "/", nil)
				cancel()
				if !errors.Is(err, datastore.ErrUnavailable) {
					t.Errorf("%s: error = %v, want %v", tt.name, err, datastore.ErrUnavailable)
				}
			}
			if calls-before != tt.calls {
				t.Errorf("%s: %d of 10 calls were sent, want %d", tt.name, calls-before, tt.calls)
			}
		}
	})
}

// TestBreakerProbesOnce: while one request tries the service, others are refused.
func TestBreakerProbesOnce(t *testing.T) {
	t.Parallel()
	c, inner := &clock{}, error(nil)
	var caller service.Caller
	fail, nested := true, false
	_, billing := start(c.now, &service.Policy{Attempts: 1, Breaker: service.Breaker{Calls: 1}}, func(w http.ResponseWriter, _ *http.Request) {
		if fail {
			w.WriteHeader(500)
			return
		}
		if !nested {
			nested = true
			inner = get(t, caller, "/")
		}
	})
	caller = datastore.Use[service.Caller](function("f"), billing)
	if err := get(t, caller, "/"); err == nil {
		t.Fatal("no failure")
	}
	c.elapse(5 * time.Second)
	fail = false
	if err := get(t, caller, "/"); err != nil || !errors.Is(inner, datastore.ErrUnavailable) {
		t.Errorf("the probe: %v, another call meanwhile: %v, want ErrUnavailable", err, inner)
	}
	if err := get(t, caller, "/"); err != nil {
		t.Errorf("after the probe: %v", err)
	}
}

// TestMaxInFlight: calls wait for their turn, and for no longer than their time.
func TestMaxInFlight(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	_, billing := start(nil, &service.Policy{MaxInFlight: 1, Timeout: 30 * time.Millisecond, Attempts: 1}, func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-release
	})
	caller := datastore.Use[service.Caller](function("f"), billing)
	done := make(chan error, 1)
	go func() { done <- get(t, caller, "/") }()
	<-entered
	if err := get(t, caller, "/"); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "MaxInFlight") {
		t.Errorf("a call too many: error = %v, want ErrUnavailable that names MaxInFlight", err)
	}
	close(release)
	<-done
}

// TestRetryAfter: what a service asks to wait is waited, and not beyond the time
// there is.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for after, want := range map[string]int{"0": 2, "3600": 1, "x": 2, "-5": 2, "Fri, 31 Dec 9999 23:59:59 GMT": 1, "Sat, 01 Jan 2000 00:00:00 GMT": 2} {
		calls := 0
		_, billing := start(nil, &service.Policy{Attempts: 2}, func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.Header().Set("Retry-After", after)
			w.WriteHeader(http.StatusTooManyRequests)
		})
		err := get(t, datastore.Use[service.Caller](function("f"), billing), "/")
		if !errors.Is(err, datastore.ErrThrottled) || calls != want {
			t.Errorf("Retry-After %q: error = %v after %d calls, want ErrThrottled after %d", after, err, calls, want)
		}
	}
}

// TestHonour: the time that a caller has is that of the handler.
func TestHonour(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{"5000": true, "": false, "0": false, "-1": false, "x": false, "99999999999": false} {
		r := httptest.NewRequestWithContext(context.Background(), "GET", "/", nil)
		r.Header.Set(service.BudgetHeader, header)
		service.Honour(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			deadline, ok := r.Context().Deadline()
			if ok != want || ok && time.Until(deadline) > 5*time.Second {
				t.Errorf("%s %q: the deadline is %v, %t", service.BudgetHeader, header, deadline, ok)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}

// TestClient: packages that want a *http.Client get one, with the rights of the
// handle.
func TestClient(t *testing.T) {
	t.Parallel()
	_, billing := start(nil, nil, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redirect" {
			http.Redirect(w, r, "/a", http.StatusFound)
		}
		_, _ = io.WriteString(w, r.URL.RequestURI()+" "+strconv.FormatInt(r.ContentLength, 10))
	})
	client := service.Client(datastore.Use[service.Caller](function("f"), billing.Route("POST /{any}")))
	resp, err := client.Post("http://service/a?b=c", "text/plain", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || string(body) != "/a?b=c 4" {
		t.Errorf("the body is %q, %v", body, err)
	}
	redirected, err := client.Post("http://service/redirect", "text/plain", nil)
	if err != nil || redirected.StatusCode != http.StatusFound {
		t.Errorf("a redirect = %v, %v, want the 302 itself", redirected, err)
	} else {
		redirected.Body.Close()
	}
	for url, want := range map[string]error{"http://service/a": datastore.ErrDenied, "http://other/a": datastore.ErrInvalid} {
		resp, err := client.Get(url)
		if !errors.Is(err, want) {
			t.Errorf("GET %s: error = %v, want %v", url, err, want)
		}
		if err == nil {
			resp.Body.Close()
		}
	}
}

// FuzzRoute: no path that leads out of a granted one is let through.
func FuzzRoute(f *testing.F) {
	for _, path := range []string{"/files/a", "/files/../a", "/files/%2e%2e/a", "/files/.%2E", "//files", "/files%2f..%2fa", "/files/a?b", "/%"} {
		f.Add(path)
	}
	seen := ""
	_, billing := start(nil, nil, func(_ http.ResponseWriter, r *http.Request) { seen = r.URL.EscapedPath() })
	c := datastore.Use[service.Caller](function("f"), billing.Route("GET /files/{path...}"))
	f.Fuzz(func(t *testing.T, path string) {
		seen = ""
		_, err := service.Call[struct{}](t.Context(), c, "GET", path, nil)
		if err == nil && (!strings.HasPrefix(seen, "/files/") || strings.Contains(seen, "/../") || strings.HasSuffix(seen, "/..")) {
			t.Errorf("%q was let through as %q", path, seen)
		}
	})
}
