package handler_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

type statusError int

func (e statusError) Error() string   { return "secret: password=hunter2" }
func (e statusError) StatusCode() int { return int(e) }

func TestRespond(t *testing.T) {
	t.Parallel()
	cause := errors.New("secret cause")
	for _, tt := range []struct {
		name string
		err  error
		want handler.Problem
	}{
		{"own words are sent", handler.Errorf(409, "order %d is sold out", 7).Wrap(cause),
			handler.Problem{Title: "Conflict", Status: 409, Detail: "order 7 is sold out"}},
		{"wrapped", fmt.Errorf("place: %w", &handler.Error{Status: 402, Code: "no_funds"}),
			handler.Problem{Title: "Payment Required", Status: 402, Code: "no_funds"}},
		{"fields", &handler.Error{Status: 400, Fields: []handler.FieldError{{Location: "body.email", Rule: "email", Message: "must be a valid email address"}}},
			handler.Problem{Title: "Bad Request", Status: 400, Errors: []handler.FieldError{{Location: "body.email", Rule: "email", Message: "must be a valid email address"}}}},
		{"a foreign error chooses its status and no words", fmt.Errorf("get: %w", statusError(404)),
			handler.Problem{Title: "Not Found", Status: 404}},
		{"a foreign status that is no error", statusError(204), handler.Problem{Title: "Internal Server Error", Status: 500}},
		{"anything else", cause, handler.Problem{Title: "Internal Server Error", Status: 500}},
		{"no status", &handler.Error{}, handler.Problem{Title: "Internal Server Error", Status: 500}},
		{"a status without a name", &handler.Error{Status: 599}, handler.Problem{Title: "Error", Status: 599}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			req := handlertest.Request("GET", "/")
			resp := handler.Respond(req, tt.err)
			tt.want.Type, tt.want.ID = "about:blank", req.Facts().ID
			var got handler.Problem
			if err := json.Unmarshal(resp.Body, &got); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			if resp.Status != tt.want.Status || resp.Header.Get("Content-Type") != handler.ProblemType || resp.Err != tt.err {
				t.Errorf("response %+v", resp)
			}
			if strings.Contains(string(resp.Body), "secret") {
				t.Errorf("the cause leaks: %s", resp.Body)
			}
		})
	}
}

func TestRespondKeepsHeader(t *testing.T) {
	t.Parallel()
	e := &handler.Error{Status: 429, Header: http.Header{"Retry-After": {"3"}}}
	if got := handler.Respond(handlertest.Request("GET", "/"), e).Header.Get("Retry-After"); got != "3" {
		t.Errorf("Retry-After = %q", got)
	}
	if len(e.Header) != 1 {
		t.Errorf("the error was changed: %v", e.Header)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	err := (&handler.Error{Status: 400, Code: "bad", Message: "not so", Fields: []handler.FieldError{
		{Location: "body.a", Message: "must be set"}, {Location: "query.b", Message: "must be a number"},
	}}).Wrap(errors.New("cause"))
	const want = "400 bad: not so: body.a must be set, query.b must be a number: cause"
	if err.Error() != want {
		t.Errorf("got %q, want %q", err.Error(), want)
	}
}

func ExampleErrorf() {
	err := handler.Errorf(404, "no order %s", "42")
	resp := handler.Respond(handlertest.Request("GET", "/orders/42"), err)
	fmt.Println(resp.Status, resp.Header.Get("Content-Type"))
	// Output: 404 application/problem+json
}

// TestNoErrorIsASuccess: a status that is none of an error is a 500.
func TestNoErrorIsASuccess(t *testing.T) {
	t.Parallel()
	for _, status := range []int{-1, 42, 200, 302, 399, 600, 1000} {
		resp := handler.Respond(handlertest.Request("GET", "/"), &handler.Error{Status: status})
		if resp.Status != http.StatusInternalServerError {
			t.Errorf("Error{Status: %d} is answered %d", status, resp.Status)
		}
	}
}
