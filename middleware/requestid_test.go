package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// TestRequestID: which id a request has, inside, in its answer and in its notes.
func TestRequestID(t *testing.T) {
	t.Parallel()
	const own, trace = "test-request", "4bf92f3577b34da6a3ce929d0e0e4736"
	accept := &middleware.RequestIDOptions{Accept: "x-request-id"}
	parent := &middleware.RequestIDOptions{Accept: "Traceparent"}
	for _, tt := range []struct {
		name string
		opts *middleware.RequestIDOptions
		sent []string
		want string
	}{
		{"the front door's", nil, nil, own},
		{"not asked for", nil, []string{"client-1234"}, own},
		{"taken over", accept, []string{"client-1234"}, "client-1234"},
		{"taken over, longest", accept, []string{strings.Repeat("x", 128)}, strings.Repeat("x", 128)},
		{"none", accept, nil, own},
		{"two", accept, []string{"client-1234", "client-5678"}, own},
		{"too short", accept, []string{"client"}, own},
		{"too long", accept, []string{strings.Repeat("x", 129)}, own},
		{"a line break", accept, []string{"client-1234\nlevel=ERROR"}, own},
		{"a space", accept, []string{"client 1234"}, own},
		{"a quote", accept, []string{`client-"1234`}, own},
		{"not ASCII", accept, []string{"clientä1234"}, own},
		{"a rule of one's own", &middleware.RequestIDOptions{Accept: "X-Request-Id", Valid: func(id string) bool { return id == "7" }}, []string{"7"}, "7"},
		{"a rule that lets line breaks pass", &middleware.RequestIDOptions{Accept: "X-Request-Id", Valid: func(string) bool { return true }}, []string{"a\nb"}, own},
		{"traceparent", parent, []string{"00-" + trace + "-00f067aa0ba902b7-01"}, trace},
		{"traceparent of a later version", parent, []string{"01-" + trace + "-00f067aa0ba902b7-01-more"}, trace},
		{"traceparent, longer", parent, []string{"00-" + trace + "-00f067aa0ba902b7-01-more"}, own},
		{"traceparent, version ff", parent, []string{"ff-" + trace + "-00f067aa0ba902b7-01"}, own},
		{"traceparent, zeros", parent, []string{"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01"}, own},
		{"traceparent, no parent", parent, []string{"00-" + trace + "-0000000000000000-01"}, own},
		{"traceparent, upper case", parent, []string{"00-" + strings.ToUpper(trace) + "-00f067aa0ba902b7-01"}, own},
		{"traceparent, cut", parent, []string{"00-" + trace}, own},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			name := "X-Request-Id"
			if strings.HasPrefix(tt.name, "traceparent") {
				name = "Traceparent"
			}
			var noted, delivery string
			inside := handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				noted = middleware.RequestIDFrom(ctx)
				for _, n := range notesOf(ctx) {
					delivery += n + " "
				}
				return nil, handler.Errorf(409, "no, %s", req.Facts().ID)
			})
			a, _ := handlertest.Do(t.Context(), middleware.RequestID(tt.opts)(inside), handlertest.Request("GET", "/", handlertest.Header(name, tt.sent...)))
			if a.Header.Get("X-Request-Id") != tt.want || noted != tt.want || strings.Count(string(a.Body), tt.want) != 2 || a.Status != 409 {
				t.Errorf("answer %d %v %s, noted %q; want %q", a.Status, a.Header, a.Body, noted, tt.want)
			}
			want := "request=" + tt.want + " "
			if tt.want != own {
				want += "delivery=" + own + " "
			}
			if delivery != want {
				t.Errorf("notes %q, want %q", delivery, want)
			}
		})
	}
}

// TestRequestIDMade: a front door without ids gets some.
func TestRequestIDMade(t *testing.T) {
	t.Parallel()
	nameless := handlertest.Facts(func(f *handler.Facts) { f.ID = "" })
	h := middleware.RequestID(nil)(answers(200, ""))
	first, _ := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/", nameless))
	second, _ := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/", nameless))
	a, b := first.Header.Get("X-Request-Id"), second.Header.Get("X-Request-Id")
	if len(a) < 20 || a == b {
		t.Errorf("made %q and %q", a, b)
	}
	h = middleware.RequestID(&middleware.RequestIDOptions{Header: "-", New: func() string { return "n-1" }})(handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte(req.Facts().ID + middleware.RequestIDFrom(ctx))}, nil
	}))
	third, _ := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/", nameless))
	if string(third.Body) != "n-1n-1" || len(third.Header) > 1 {
		t.Errorf("%s %v", third.Body, third.Header)
	}
	if id := middleware.RequestIDFrom(t.Context()); id != "" {
		t.Errorf("of no request: %q", id)
	}
}

// TestRequestIDRecord: a record has its own, or one that a sender gave it; it fails as
// before.
func TestRequestIDRecord(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	var noted string
	h := middleware.RequestID(&middleware.RequestIDOptions{Accept: "correlation"})(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		noted = middleware.RequestIDFrom(ctx)
		return nil, boom
	}))
	r := message("m-1")
	if err := handlertest.DoRecord(t.Context(), h, r); !errors.Is(err, boom) || noted != "m-1" {
		t.Errorf("%v, noted %q", err, noted)
	}
	r.Attributes = []datastore.Attribute{{Name: "correlation", Type: datastore.AttributeString, Value: "order-1234"}}
	if err := handlertest.DoRecord(t.Context(), h, r); !errors.Is(err, boom) || noted != "order-1234" {
		t.Errorf("%v, noted %q", err, noted)
	}
}

// TestRequestIDAborted: who gives up on an answer gets none.
func TestRequestIDAborted(t *testing.T) {
	t.Parallel()
	_, err := middleware.RequestID(nil)(fails(http.ErrAbortHandler)).Handle(t.Context(), handlertest.Request("GET", "/"))
	if !errors.Is(err, http.ErrAbortHandler) {
		t.Errorf("error = %v", err)
	}
}

func ExampleRequestID() {
	h := middleware.RequestID(&middleware.RequestIDOptions{Accept: "X-Request-Id"})(handler.HandlerFunc(
		func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			return &handler.Response{Body: []byte(middleware.RequestIDFrom(ctx))}, nil
		}))
	for _, id := range []string{"checkout-42", "two\nlines", ""} {
		a, _ := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/", handlertest.Header("X-Request-Id", id)))
		fmt.Println(a.Header.Get("X-Request-Id"), string(a.Body))
	}
	// Output:
	// checkout-42 checkout-42
	// test-request test-request
	// test-request test-request
}
