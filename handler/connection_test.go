package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

type say struct {
	From handler.Connection
	Text string `json:"text" validate:"required,max=5"`
}

func shout(_ context.Context, in say) (string, error) {
	return in.From.ID + " says " + strings.ToUpper(in.Text), nil
}

// TestConnectionField: a field of type Connection is the connection, and nothing
// that a client sends can set it.
func TestConnectionField(t *testing.T) {
	t.Parallel()
	type outer struct {
		handler.Connection
		Name string `query:"name"`
	}
	type wrapped struct {
		Inner say `body:""`
	}
	for _, tt := range []struct {
		name string
		h    handler.Handler
		req  *handler.Request
		want string
	}{
		{"a message", handler.New(shout), handlertest.Message("say", `{"text":"hi"}`), `"` + handlertest.ConnectionID + ` says HI"`},
		{"set by the body", handler.New(shout), handlertest.Message("say", `{"text":"hi","From":{"ID":"forged"},"ID":"forged"}`), `"` + handlertest.ConnectionID + ` says HI"`},
		{"none elsewhere", handler.New(shout), handlertest.Request("POST", "/", handlertest.JSON(map[string]any{"text": "hi", "From": map[string]string{"ID": "x"}})), `" says HI"`},
		{"embedded", handler.New(func(_ context.Context, in outer) (string, error) { return in.Route + in.Name, nil }),
			handlertest.Connect(handlertest.Query("name=ada")), `"$connectada"`},
		{"a pointer", handler.New(func(_ context.Context, in *say) (string, error) { return in.From.Route, nil }),
			handlertest.Message("say", `{"text":"hi"}`), `"say"`},
		{"deep in a body", handler.New(func(_ context.Context, in wrapped) (string, error) { return in.Inner.From.ID, nil }),
			handlertest.Message("say", `{"text":"hi","From":{"ID":"forged","Route":"forged"}}`), `""`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := handlertest.Do(t.Context(), tt.h, tt.req)
			if err != nil || string(got.Body) != tt.want {
				t.Errorf("answer %s, %v, want %s", got.Body, err, tt.want)
			}
		})
	}
}

// TestConnectionFieldRefused: a tag on the field would promise what no request
// can do.
func TestConnectionFieldRefused(t *testing.T) {
	t.Parallel()
	type tagged struct {
		C handler.Connection `json:"c"`
	}
	type untagged struct {
		C    handler.Connection
		Text string
	}
	for name, tt := range map[string]struct {
		h    handler.Compiler
		want string
	}{
		"a json tag":        {handler.New(func(context.Context, tagged) (struct{}, error) { return struct{}{}, nil }), "drop the json tag"},
		"a field beside it": {handler.New(func(context.Context, untagged) (struct{}, error) { return struct{}{}, nil }), "Text: nothing says where it comes from"},
		"a rule": {handler.New(func(context.Context, struct {
			C handler.Connection `validate:"required"`
		}) (struct{}, error) {
			return struct{}{}, nil
		}), "a handler.Connection is the connection of the request, never what a client writes; drop the validate tag"},
		"unexported": {handler.New(func(context.Context, struct{ c handler.Connection }) (struct{}, error) {
			return struct{}{}, nil
		}), ".c: is a handler.Connection but is not exported"},
		"a path field there": {handler.New(func(context.Context, struct{ C handler.Connection }) (struct{}, error) { return struct{}{}, nil }), ""},
	} {
		err := tt.h.Compile(nil)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Compile = %v, want %q", name, err, tt.want)
		}
	}
}

func TestConnectionIsZero(t *testing.T) {
	t.Parallel()
	if !handlertest.Request("GET", "/").Connection().IsZero() {
		t.Error("a request of no WebSocket has a connection")
	}
	c := handlertest.Disconnect(1001, "Going away").Connection()
	if c.IsZero() || c.DisconnectCode != 1001 || c.DisconnectReason != "Going away" || c.ConnectedAt.After(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("connection %+v", c)
	}
}

// A typed function is told which connection a message came over.
func ExampleConnection() {
	type in struct {
		From handler.Connection
		Text string `json:"text" validate:"required"`
	}
	say := handler.New(func(_ context.Context, in in) (string, error) {
		return in.From.Route + " " + in.Text, nil
	})
	answer, err := handlertest.Do(context.Background(), say, handlertest.Message("say", `{"text":"hello"}`))
	fmt.Println(answer.Status, string(answer.Body), err)
	// Output: 200 "say hello" <nil>
}
