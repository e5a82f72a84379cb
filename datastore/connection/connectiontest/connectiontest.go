// Package connectiontest is the conformance suite of package connection: what
// every driver must do, one case a rule. The embedded driver,
// datastore/embedded/localsocket, is the reference.
//
//	func TestConformance(t *testing.T) {
//		connectiontest.Run(t, func(t testing.TB, spec connection.Spec) connectiontest.Harness {
//			...
//		})
//	}
package connectiontest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
)

// Open prepares a WebSocket API for one case. It is called from several tests at
// once.
type Open func(t testing.TB, spec connection.Spec) Harness

// Harness is a WebSocket API with which a case is tried.
type Harness struct {
	// Data on which the case declares the connections.
	Data *datastore.Data
	// Connect connects a client whose user agent is "suite/1".
	Connect func(t testing.TB) Client
}

// Client is the other end of a connection.
type Client struct {
	// ID of the connection, and the client's address.
	ID, IP string
	// Receive waits for the next message. ok is false once the connection has
	// ended and every message was received.
	Receive func(t testing.TB) (message string, ok bool)
	// Leave ends the connection from the client's side, and returns when the API
	// knows.
	Leave func(t testing.TB)
}

// Note is what the suite sends.
type Note struct {
	Text string   `json:"text"`
	Tags []string `json:"tags,omitempty"`
}

type all interface {
	connection.Sender[Note]
	connection.Stater
	connection.Closer
}

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, h Harness)
}

// Run runs the suite on what open prepares.
func Run(t *testing.T, open Open) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the rule: %s", r.why)
				}
			})
			r.run(t, open(t, connection.Spec{Logical: "suite"}))
		})
	}
}

var rules = []rule{
	{"send", "a message arrives as its JSON, HTML not escaped, in the order of the calls", send},
	{"send/raw", "bytes arrive as they are", sendRaw},
	{"send/largest", "128 KB are taken", sendLargest},
	{"send/several", "a message reaches its own client and no other", sendSeveral},
	{"state", "the state tells the client and when it was active", stateTold},
	{"close", "a closed connection ends for the client, and is gone", closed},
	{"gone", "a connection that the client left is gone", left},
	{"unknown", "an id of no connection is gone, whatever is in it", unknown},
	{"cancelled", "a context that has ended sends nothing", cancelled},
}

type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

func start(t testing.TB, h Harness) all {
	t.Helper()
	return datastore.Use[all](function{}, connection.New[Note](h.Data, "suite"))
}

// must fails the test if an operation did.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func want(t testing.TB, c Client, message string) {
	t.Helper()
	if got, ok := c.Receive(t); !ok || got != message {
		t.Fatalf("the client received %.200q, %t, want %.200q", got, ok, message)
	}
}

func wantGone(t testing.TB, handle all, id string) {
	t.Helper()
	_, stateErr := handle.State(t.Context(), id)
	for op, err := range map[string]error{
		"Send": handle.Send(t.Context(), id, Note{Text: "x"}), "State": stateErr, "Close": handle.Close(t.Context(), id),
	} {
		if !errors.Is(err, datastore.ErrNotFound) {
			t.Errorf("%s: error = %v, want %v", op, err, datastore.ErrNotFound)
		}
	}
}

func send(t *testing.T, h Harness) {
	handle, c := start(t, h), h.Connect(t)
	must(t, handle.Send(t.Context(), c.ID, Note{Text: "<b> & \u00e9", Tags: []string{"a"}}))
	must(t, handle.Send(t.Context(), c.ID, Note{}))
	want(t, c, `{"text":"<b> & é","tags":["a"]}`)
	want(t, c, `{"text":""}`)
}

func sendRaw(t *testing.T, h Harness) {
	handle := datastore.Use[connection.Sender[[]byte]](function{}, connection.New[[]byte](h.Data, "suite"))
	c := h.Connect(t)
	must(t, handle.Send(t.Context(), c.ID, []byte("not json \n")))
	want(t, c, "not json \n")
}

func sendLargest(t *testing.T, h Harness) {
	handle, c := start(t, h), h.Connect(t)
	text := strings.Repeat("x", connection.MaxMessage-len(`{"text":""}`))
	must(t, handle.Send(t.Context(), c.ID, Note{Text: text}))
	want(t, c, `{"text":"`+text+`"}`)
}

func sendSeveral(t *testing.T, h Harness) {
	handle, a, b := start(t, h), h.Connect(t), h.Connect(t)
	if a.ID == b.ID {
		t.Fatalf("two connections have the id %s", a.ID)
	}
	must(t, handle.Send(t.Context(), a.ID, Note{Text: "a"}))
	must(t, handle.Send(t.Context(), b.ID, Note{Text: "b"}))
	want(t, b, `{"text":"b"}`)
	want(t, a, `{"text":"a"}`)
}

func stateTold(t *testing.T, h Harness) {
	handle, c := start(t, h), h.Connect(t)
	before, err := handle.State(t.Context(), c.ID)
	must(t, err)
	if before.ConnectedAt.IsZero() || before.LastActiveAt.Before(before.ConnectedAt) {
		t.Errorf("State = %+v", before)
	}
	if d := cmp.Diff([]string{c.IP, "suite/1"}, []string{before.IP, before.UserAgent}); d != "" {
		t.Errorf("State (-want +got):\n%s", d)
	}
	must(t, handle.Send(t.Context(), c.ID, Note{}))
	want(t, c, `{"text":""}`)
	after, err := handle.State(t.Context(), c.ID)
	must(t, err)
	if after.LastActiveAt.Before(before.LastActiveAt) || !after.ConnectedAt.Equal(before.ConnectedAt) {
		t.Errorf("State after a message = %+v, before %+v", after, before)
	}
}

func closed(t *testing.T, h Harness) {
	handle, c := start(t, h), h.Connect(t)
	must(t, handle.Send(t.Context(), c.ID, Note{Text: "last"}))
	must(t, handle.Close(t.Context(), c.ID))
	want(t, c, `{"text":"last"}`)
	if got, ok := c.Receive(t); ok {
		t.Errorf("after Close the client received %q", got)
	}
	wantGone(t, handle, c.ID)
}

func left(t *testing.T, h Harness) {
	handle, c := start(t, h), h.Connect(t)
	c.Leave(t)
	wantGone(t, handle, c.ID)
}

func unknown(t *testing.T, h Harness) {
	handle := start(t, h)
	for _, id := range []string{"L0SM9cOFvHcCIhw=", "a/b+c==", "x"} {
		wantGone(t, handle, id)
	}
}

func cancelled(t *testing.T, h Harness) {
	handle, c := start(t, h), h.Connect(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if err := handle.Send(ctx, c.ID, Note{Text: "late"}); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("Send in a context that has ended: error = %v, want %v", err, datastore.ErrNoBudget)
	}
	must(t, handle.Send(t.Context(), c.ID, Note{Text: "next"}))
	want(t, c, `{"text":"next"}`)
}
