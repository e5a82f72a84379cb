package customresource_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/customresource"
)

// stack awaits an answer, and takes it after some refusals.
type stack struct {
	*httptest.Server
	refusals []int // statuses
	requests atomic.Int64
	answer   map[string]string
	size     int
}

func newStack(t *testing.T, refusals ...int) *stack {
	t.Helper()
	slog.SetDefault(slog.New(slog.DiscardHandler))
	s := &stack{refusals: refusals}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		n := int(s.requests.Add(1))
		if n <= len(s.refusals) {
			w.WriteHeader(s.refusals[n-1])
			return
		}
		body, err := io.ReadAll(req.Body)
		if err == nil {
			err = json.Unmarshal(body, &s.answer)
		}
		if _, typed := req.Header["Content-Type"]; err != nil || typed || req.Method != "PUT" {
			t.Errorf("%s with %v: %v", req.Method, req.Header, err)
		}
		s.size = len(body)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *stack) event(request, id string) []byte {
	return fmt.Appendf(nil, `{"RequestType":%q,"ResponseURL":%q,"StackId":"stack","RequestId":"request","LogicalResourceId":"Mine","PhysicalResourceId":%q,"ResourceProperties":{"Version":"1"}}`,
		request, s.URL+"?signature", id)
}

func (s *stack) resource(apply func(context.Context, customresource.Event) error) customresource.Resource {
	return customresource.Resource{ID: "first", Client: s.Client(), Apply: apply}
}

// TestServe: each event is answered with what came of it, and the id never changes.
func TestServe(t *testing.T) {
	for _, tt := range []struct {
		name, request, id string
		fails             error
		applied           bool
		want              map[string]string
	}{
		{"create", "Create", "", nil, true, map[string]string{"Status": "SUCCESS", "PhysicalResourceId": "first"}},
		{"update", "Update", "older", nil, true, map[string]string{"Status": "SUCCESS", "PhysicalResourceId": "older"}},
		{"delete", "Delete", "older", errors.New("not called"), false, map[string]string{"Status": "SUCCESS", "PhysicalResourceId": "older"}},
		{"failed", "Create", "", errors.New("statement <1>"), true, map[string]string{"Status": "FAILED", "Reason": "statement <1>", "PhysicalResourceId": "first"}},
		{"unknown", "Rename", "", nil, false, map[string]string{"Status": "FAILED", "Reason": `there is no request "Rename"`, "PhysicalResourceId": "first"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStack(t)
			applied := false
			err := customresource.Serve(t.Context(), s.event(tt.request, tt.id), s.resource(func(_ context.Context, e customresource.Event) error {
				applied = true
				if string(e.ResourceProperties) != `{"Version":"1"}` {
					t.Errorf("properties %s", e.ResourceProperties)
				}
				return tt.fails
			}))
			tt.want["StackId"], tt.want["RequestId"], tt.want["LogicalResourceId"] = "stack", "request", "Mine"
			if d := cmp.Diff(tt.want, s.answer); d != "" || err != nil || applied != tt.applied {
				t.Errorf("Serve: %v, applied %v (-want +got):\n%s", err, applied, d)
			}
		})
	}
}

// TestServeInTime: a panic, and what does not end with its time, have an answer.
func TestServeInTime(t *testing.T) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for name, tt := range map[string]struct {
		apply func(context.Context, customresource.Event) error
		want  string
	}{
		"panic":   {func(context.Context, customresource.Event) error { panic("password 1234") }, "the function panicked; its log says where"},
		"obeys":   {func(ctx context.Context, _ customresource.Event) error { <-ctx.Done(); return errors.New("cut") }, "the time of the function was over: cut"},
		"ignores": {func(context.Context, customresource.Event) error { <-release; return nil }, "the time of the function was over, and it is still at work"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t)
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			if err := customresource.Serve(ctx, s.event("Create", ""), s.resource(tt.apply)); err != nil || ctx.Err() != nil {
				t.Fatalf("Serve: %v, %v", err, ctx.Err())
			}
			if s.answer["Status"] != "FAILED" || s.answer["Reason"] != tt.want {
				t.Errorf("answer %v, want %q", s.answer, tt.want)
			}
		})
	}
}

// TestLongReason: an answer has at most 4096 bytes, in whole letters.
func TestLongReason(t *testing.T) {
	for name, text := range map[string]string{
		"letters": strings.Repeat("a", 10_000), "of two bytes": strings.Repeat("é", 5_000), "quotes": strings.Repeat("\"\n", 5_000),
		"control": strings.Repeat("\x01", 5_000), "not UTF-8": strings.Repeat("\xffa", 5_000), "just too long": strings.Repeat("a", 4_000),
	} {
		s := newStack(t)
		err := customresource.Serve(t.Context(), s.event("Create", ""), s.resource(func(context.Context, customresource.Event) error { return errors.New(text) }))
		reason := s.answer["Reason"]
		if err != nil || s.size > 4096 || s.size < 3000 || !utf8.ValidString(reason) || !strings.HasSuffix(reason, "…") {
			t.Errorf("%s: %v, %d bytes, reason ends with %q", name, err, s.size, reason[max(0, len(reason)-10):])
		}
	}
}

// TestRefusedAnswers: an answer is sent again if that can help; that it was not taken is
// said without the address, which is as good as a password.
func TestRefusedAnswers(t *testing.T) {
	for name, tt := range map[string]struct {
		refusals []int
		requests int64
		want     error
	}{
		"once busy":   {[]int{503}, 2, nil},
		"throttled":   {[]int{429, 500}, 3, nil},
		"too late":    {[]int{403}, 1, datastore.ErrDenied},
		"always down": {[]int{500, 500, 500, 500, 500, 500, 500, 500, 500}, 8, datastore.ErrUnavailable},
	} {
		s := newStack(t, tt.refusals...)
		err := customresource.Serve(t.Context(), s.event("Create", ""), s.resource(func(context.Context, customresource.Event) error { return nil }))
		if !errors.Is(err, tt.want) || s.requests.Load() != tt.requests || err != nil && strings.Contains(err.Error(), "signature") {
			t.Errorf("%s: %v after %d requests, want %v after %d", name, err, s.requests.Load(), tt.want, tt.requests)
		}
	}
	s := newStack(t)
	s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	err := customresource.Serve(ctx, s.event("Create", ""), s.resource(func(context.Context, customresource.Event) error { return nil }))
	if err == nil || strings.Contains(err.Error(), "signature") {
		t.Errorf("nobody takes it: %v", err)
	}
}

// FuzzServe: whatever the payload is, only an event is applied and answered.
func FuzzServe(f *testing.F) {
	f.Add([]byte(`{"RequestType":"Create","ResponseURL":"https://127.0.0.1:1/x","StackId":"s","RequestId":"r","LogicalResourceId":"l"}`))
	f.Add([]byte(`{"foo":1}`))
	f.Add([]byte(`[`))
	f.Add([]byte(`{"RequestType":"Create","ResponseURL":"http://127.0.0.1/x","StackId":"s","RequestId":"r","LogicalResourceId":"l"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		slog.SetDefault(slog.New(slog.DiscardHandler))
		sent := 0
		client := &http.Client{Transport: roundTrip(func(req *http.Request) (*http.Response, error) {
			sent++
			body, err := io.ReadAll(req.Body)
			if err != nil || len(body) > 4096 || !json.Valid(body) || req.URL.Scheme != "https" {
				t.Errorf("%s: %s %v", req.URL, body, err)
			}
			return &http.Response{StatusCode: 200, Status: "200 OK", Body: http.NoBody}, nil
		})}
		applied := false
		err := customresource.Serve(t.Context(), payload, customresource.Resource{ID: "x", Client: client,
			Apply: func(context.Context, customresource.Event) error { applied = true; return nil }})
		if applied && sent == 0 && err == nil || err == nil && sent != 1 {
			t.Errorf("%q: applied %v, answered %d times, %v", payload, applied, sent, err)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// TestUntrusted: an answer that was never sent is not called one that may have come.
func TestUntrusted(t *testing.T) {
	s := newStack(t)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	r := s.resource(func(context.Context, customresource.Event) error { return nil })
	r.Client = &http.Client{} // which does not know the server's certificate
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	err := customresource.Serve(ctx, s.event("Create", ""), r)
	if !errors.Is(err, datastore.ErrUnavailable) || errors.Is(err, datastore.ErrUnknown) || s.requests.Load() != 0 {
		t.Errorf("%v after %d requests, want unavailable", err, s.requests.Load())
	}
}
