// Package servicetest is the conformance suite of package service: what every
// driver must do, one case a rule. The reference is the driver
// datastore/embedded/localservice.
//
//	func TestConformance(t *testing.T) {
//		servicetest.Run(t, func(t testing.TB, spec service.Spec, h http.Handler) *datastore.Data {
//			...
//		})
//	}
package servicetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

// Open has h serve the service of spec for one case, and returns the Data on which
// the case declares it. It is called from several tests at once.
type Open func(t testing.TB, spec service.Spec, h http.Handler) *datastore.Data

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, open Open)
}

// Run runs the suite on the services that open prepares.
func Run(t *testing.T, open Open) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the rule: %s", r.why)
				}
			})
			r.run(t, open)
		})
	}
}

var rules = []rule{
	{"request", "method, path, query, header and body arrive as they are", request},
	{"response", "status, header and body come back as they are, also those of errors", response},
	{"redirect", "redirects are not followed", redirect},
	{"json", "Call sends and reads JSON", call},
	{"statuses", "Call answers a status that is not 2xx by the kind that fits, with what came, and not in its text", statuses},
	{"repeated", "requests are sent again where that is safe and helps, and no others", repeated},
	{"broken", "a connection that breaks is repeated where that is safe, else it is unknown what was done", broken},
	{"slow", "a call ends when its time does, and the service is told how long that is", slow},
	{"large", "what is over the limit is an error, and never a short body", large},
	{"late", "a call after the deadline is not sent", late},
}

type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// policy tries quickly and leaves nothing alone.
func policy() *service.Policy {
	return &service.Policy{Attempts: 3, Breaker: service.Breaker{Off: true}}
}

// start is a handle on a service that h serves.
func start(t testing.TB, open Open, p *service.Policy, h http.HandlerFunc) service.Caller {
	t.Helper()
	spec, _ := service.New(datastore.New(nil, nil), "suite", p).Spec().(service.Spec)
	data := open(t, spec, h)
	c := datastore.Use[service.Caller](function{}, service.New(data, "suite", p))
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return c
}

func newRequest(t testing.TB, method, path, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func do(t testing.TB, c service.Caller, req *http.Request) (status int, header http.Header, body string) {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		t.Fatalf("Do: %v", err)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("read the body: %v", err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

func wantError(t testing.TB, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", call, err, want)
	}
}

func request(t *testing.T, open Open) {
	c := start(t, open, policy(), func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %s %v", r.Method, r.RequestURI, r.Header["X-Custom"], body, err)
	})
	for _, tt := range []struct{ method, path, body string }{
		{"GET", "/", ""}, {"POST", "/a/b?x=1&y=%20z&x=2", "body"}, {"PATCH", "/a%2Fb/%C3%A9", "\x00\xff"}, {"DELETE", "//a//", ""},
	} {
		req := newRequest(t, tt.method, "/", tt.body)
		u, err := url.ParseRequestURI("http://service" + tt.path)
		if err != nil {
			t.Fatal(err)
		}
		u.Scheme, u.Host = "", ""
		req.URL = u
		req.Header["X-Custom"] = []string{"a", "b"}
		_, _, got := do(t, c, req)
		if want := tt.method + " " + tt.path + " [a b] " + tt.body + " <nil>"; got != want {
			t.Errorf("%s %s arrived as %q, want %q", tt.method, tt.path, got, want)
		}
	}
}

func response(t *testing.T, open Open) {
	c := start(t, open, policy(), func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.URL.Path[1:])
		w.Header()["X-Custom"] = []string{"a", "b"}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "body")
	})
	for _, want := range []int{200, 202, 400, 404, 418, 501} {
		status, header, body := do(t, c, newRequest(t, "GET", "/"+strconv.Itoa(want), ""))
		if d := cmp.Diff([]string{"a", "b"}, header["X-Custom"]); status != want || body != "body" || d != "" {
			t.Errorf("Do = %d, %q, want %d, header (-want +got):\n%s", status, body, want, d)
		}
	}
}

func redirect(t *testing.T, open Open) {
	c := start(t, open, policy(), func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			t.Errorf("%s was asked for", r.URL.Path)
		}
		http.Redirect(w, r, "/other", http.StatusFound)
	})
	if status, _, _ := do(t, c, newRequest(t, "GET", "/", "")); status != http.StatusFound {
		t.Errorf("status %d, want 302", status)
	}
	_, err := service.Call[struct{}](t.Context(), c, "GET", "/", nil)
	wantError(t, "Call that is redirected", err, datastore.ErrDeclaration)
}

type note struct {
	Text string `json:"text"`
}

func call(t *testing.T, open Open) {
	c := start(t, open, policy(), func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/echo":
			if r.Header.Get("Content-Type") != "application/json" {
				t.Errorf("Content-Type %q", r.Header.Get("Content-Type"))
			}
			_, _ = w.Write(body)
		case "/none":
			if len(body) > 0 {
				t.Errorf("the body is %q", body)
			}
			w.WriteHeader(http.StatusNoContent)
		case "/html":
			_, _ = io.WriteString(w, "<secret>")
		}
	})
	got, err := service.Call[note](t.Context(), c, "POST", "/echo", note{"<é>"})
	if err != nil || got.Text != "<é>" {
		t.Errorf("Call = %v, %v", got, err)
	}
	if _, err := service.Call[struct{}](t.Context(), c, "DELETE", "/none", nil); err != nil {
		t.Errorf("Call without anything: %v", err)
	}
	_, err = service.Call[note](t.Context(), c, "GET", "/html", nil)
	wantError(t, "Call that is not answered in JSON", err, datastore.ErrCorrupt)
	if err != nil && strings.Contains(err.Error(), "secret") {
		t.Errorf("the error tells the response: %v", err)
	}
	_, err = service.Call[note](t.Context(), c, "GET", "/html", func() {})
	wantError(t, "Call with what has no JSON", err, datastore.ErrDeclaration)
	_, err = service.Call[note](t.Context(), c, "NOT A METHOD", "/", nil)
	wantError(t, "Call with no method", err, datastore.ErrInvalid)
}

func statuses(t *testing.T, open Open) {
	p := policy()
	p.Attempts = 1
	c := start(t, open, p, func(w http.ResponseWriter, r *http.Request) {
		status, _ := strconv.Atoi(r.URL.Path[1:])
		w.Header().Set("X-Reason", "r")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"detail":"secret"}`)
	})
	for status, want := range map[int]error{
		400: datastore.ErrInvalid, 401: datastore.ErrDenied, 403: datastore.ErrDenied, 404: datastore.ErrNotFound, 409: datastore.ErrConflict,
		410: datastore.ErrNotFound, 412: datastore.ErrConflict, 413: datastore.ErrTooLarge, 418: datastore.ErrDeclaration,
		422: datastore.ErrInvalid, 429: datastore.ErrThrottled, 500: datastore.ErrUnavailable, 503: datastore.ErrUnavailable,
	} {
		_, err := service.Call[note](t.Context(), c, "GET", "/"+strconv.Itoa(status), nil)
		wantError(t, "GET "+strconv.Itoa(status), err, want)
		var e *service.StatusError
		if !errors.As(err, &e) || e.Status != status || e.Header.Get("X-Reason") != "r" || string(e.Body) != `{"detail":"secret"}` || strings.Contains(err.Error(), "secret") {
			t.Errorf("GET %d: error = %v, with %+v", status, err, e)
		}
	}
	_, err := service.Call[note](t.Context(), c, "POST", "/500", nil)
	wantError(t, "POST 500", err, datastore.ErrUnknown)
}

func repeated(t *testing.T, open Open) {
	for _, tt := range []struct {
		method, key string
		status      int
		want        int32 // attempts
	}{
		{"GET", "", 503, 2}, {"HEAD", "", 500, 2}, {"PUT", "", 502, 2}, {"DELETE", "", 504, 2}, {"GET", "", 429, 2},
		{"POST", "", 503, 1}, {"PATCH", "", 500, 1}, {"POST", "", 429, 2}, {"POST", "k", 503, 2},
		{"GET", "", 501, 1}, {"GET", "", 404, 1},
	} {
		var n atomic.Int32
		c := start(t, open, policy(), func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if string(body) != "body" && r.Method != "GET" && r.Method != "HEAD" {
				t.Errorf("attempt %d has the body %q", n.Load()+1, body)
			}
			if n.Add(1) == 1 {
				w.WriteHeader(tt.status)
			}
		})
		body := "body"
		if tt.method == "GET" || tt.method == "HEAD" {
			body = ""
		}
		req := newRequest(t, tt.method, "/", body)
		if tt.key != "" {
			req.Header.Set("Idempotency-Key", tt.key)
		}
		status, _, _ := do(t, c, req)
		wantStatus := 200
		if tt.want == 1 {
			wantStatus = tt.status
		}
		if n.Load() != tt.want || status != wantStatus {
			t.Errorf("%s (key %q) after %d: %d attempts, status %d, want %d, %d", tt.method, tt.key, tt.status, n.Load(), status, tt.want, wantStatus)
		}
	}
}

func broken(t *testing.T, open Open) {
	for _, tt := range []struct {
		method string
		want   int32 // attempts
		err    error
	}{{"GET", 2, nil}, {"PUT", 2, nil}, {"POST", 1, datastore.ErrUnknown}} {
		var n atomic.Int32
		c := start(t, open, policy(), func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1) == 1 {
				panic(http.ErrAbortHandler)
			}
		})
		_, err := c.Do(newRequest(t, tt.method, "/", ""))
		wantError(t, tt.method, err, tt.err)
		if n.Load() != tt.want {
			t.Errorf("%s: %d attempts, want %d", tt.method, n.Load(), tt.want)
		}
	}
}

func slow(t *testing.T, open Open) {
	p := policy()
	p.Timeout, p.AttemptTimeout = 250*time.Millisecond, 100*time.Millisecond
	c := start(t, open, p, func(w http.ResponseWriter, r *http.Request) {
		ms, err := strconv.Atoi(r.Header.Get(service.BudgetHeader))
		if err != nil || ms < 1 || ms > 100 {
			t.Errorf("%s: %q, want 1 to 100", service.BudgetHeader, r.Header.Get(service.BudgetHeader))
		}
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	})
	for method, want := range map[string]error{"GET": datastore.ErrUnavailable, "POST": datastore.ErrUnknown} {
		begun := time.Now()
		_, err := c.Do(newRequest(t, method, "/", "x"))
		wantError(t, method, err, want)
		if took := time.Since(begun); took > 500*time.Millisecond {
			t.Errorf("%s took %v of 250 ms", method, took)
		}
	}
}

func large(t *testing.T, open Open) {
	p := policy()
	p.MaxBytes = 1000
	c := start(t, open, p, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
		_, _ = io.WriteString(w, strings.Repeat("x", 500))
	})
	if _, _, body := do(t, c, newRequest(t, "PUT", "/", strings.Repeat("y", 500))); len(body) != 1000 {
		t.Errorf("the body has %d bytes, want 1000", len(body))
	}
	_, err := c.Do(newRequest(t, "GET", "/", strings.Repeat("y", 501)))
	wantError(t, "a response over the limit", err, datastore.ErrTooLarge)
	_, err = c.Do(newRequest(t, "POST", "/", strings.Repeat("y", 1001)))
	wantError(t, "a request over the limit", err, datastore.ErrTooLarge)
}

func late(t *testing.T, open Open) {
	c := start(t, open, policy(), func(http.ResponseWriter, *http.Request) { t.Error("it was sent") })
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	_, err := service.Call[note](ctx, c, "GET", "/", nil)
	wantError(t, "Call after the deadline", err, datastore.ErrNoBudget)
}
