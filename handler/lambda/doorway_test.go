package lambda_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// seen is what a handler reads of a request.
type seen struct {
	Method, Path, Query string
	Header              http.Header
	Body                string
	BodyErr             string
	Facts               handler.Facts
	Caller              handler.Caller
}

func look(req *handler.Request) seen {
	s := seen{Method: req.Method(), Path: req.Path(), Query: req.RawQuery(),
		Header: req.Headers(), Facts: req.Facts(), Caller: req.Caller()}
	body, err := req.Body()
	s.Body = string(body)
	if err != nil {
		s.BodyErr = err.Error()
	}
	return s
}

// request is the request that a handler behind a doorway gets.
func request(tb testing.TB, payload []byte, opts *lambda.Options) *handler.Request {
	tb.Helper()
	var got *handler.Request
	h := handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		got = req
		return &handler.Response{}, nil
	})
	if _, err := lambda.New(h, opts).Invoke(tb.Context(), payload); err != nil {
		tb.Fatalf("Invoke: %v", err)
	}
	return got
}

// invoke is the answer to an event.
func invoke(tb testing.TB, h handler.Handler, opts *lambda.Options, payload []byte) handlertest.Answer {
	tb.Helper()
	out, err := lambda.New(h, opts).Invoke(tb.Context(), payload)
	if err != nil {
		tb.Fatalf("Invoke: %v", err)
	}
	if !json.Valid(out) {
		tb.Fatalf("Invoke: answer is not JSON: %s", out)
	}
	a, err := handlertest.ReadAnswer(out)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func TestSameRequestThroughEveryDoor(t *testing.T) {
	t.Parallel()
	req := handlertest.Request("POST", "/files/a%20b?x=1&y=a%2Cb",
		handlertest.Header("Cookie", "a=1; b=2"), handlertest.Header("X-Probe", "first"),
		handlertest.JSON(map[string]string{"text": "say \"é\"\n\u2028"}))
	for _, ev := range handlertest.Events(req) {
		t.Run(ev.Door, func(t *testing.T) {
			t.Parallel()
			got := look(request(t, ev.Payload, nil))
			if got.Method != "POST" || got.Path != "/files/a%20b" {
				t.Errorf("request line %s %s, want POST /files/a%%20b", got.Method, got.Path)
			}
			if got.Query != "x=1&y=a%2Cb" {
				t.Errorf("query %q, want x=1&y=a%%2Cb", got.Query)
			}
			if want := `{"text":"say \"é\"\n\u2028"}`; got.Body != want {
				t.Errorf("body %s, want %s", got.Body, want)
			}
			if h := got.Header; len(h["Cookie"]) != 1 || h.Get("Cookie") != "a=1; b=2" || h.Get("X-Probe") != "first" || h["Host"] != nil {
				t.Errorf("header %v", h)
			}
			if got.Facts.Remote != "192.0.2.1:0" {
				t.Errorf("remote %q, want 192.0.2.1:0", got.Facts.Remote)
			}
		})
	}
}
