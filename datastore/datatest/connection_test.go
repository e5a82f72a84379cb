package datatest_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
)

type hello struct{ Text string }

type sockets interface {
	connection.Sender[hello]
	connection.Stater
	connection.Closer
}

func TestConnections(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	chat := datastore.Use[sockets](function{}, connection.New[hello](data, "chat"))
	first, second := datatest.Connect(t, data, "chat"), datatest.Connect(t, data, "chat")
	ctx := t.Context()
	for _, err := range []error{
		chat.Send(ctx, first, hello{"a"}), chat.Send(ctx, second, hello{"b"}), chat.Send(ctx, first, hello{"c"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]hello{{"a"}, {"c"}}, datatest.Received[hello](t, data, "chat", first)); d != "" {
		t.Errorf("Received (-want +got):\n%s", d)
	}
	if got := datatest.Received[[]byte](t, data, "chat", second); len(got) != 1 || string(got[0]) != `{"Text":"b"}` {
		t.Errorf("Received as bytes = %q", got)
	}
	if state, err := chat.State(ctx, first); err != nil || !state.ConnectedAt.Equal(data.Now()) {
		t.Errorf("State = %+v, %v", state, err)
	}
	datatest.Disconnect(t, data, "chat", first)
	if err := chat.Send(ctx, first, hello{}); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("Send to who has left: error = %v, want %v", err, datastore.ErrNotFound)
	}
	if err := chat.Close(ctx, second); err != nil || datatest.Connected(t, data, "chat", second) {
		t.Errorf("Close = %v, connected %t", err, datatest.Connected(t, data, "chat", second))
	}
}

func TestConnectionFaults(t *testing.T) {
	t.Parallel()
	ops := map[string]func(context.Context, sockets, string) error{
		"Send":  func(ctx context.Context, s sockets, id string) error { return s.Send(ctx, id, hello{}) },
		"State": func(ctx context.Context, s sockets, id string) error { _, err := s.State(ctx, id); return err },
		"Close": func(ctx context.Context, s sockets, id string) error { return s.Close(ctx, id) },
	}
	for op, do := range ops {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			data := datatest.New(t)
			chat := datastore.Use[sockets](function{}, connection.New[hello](data, "chat"))
			id := datatest.Connect(t, data, "chat")
			datatest.Fail(t, data, datatest.Fault{Store: "connection chat", Op: op, Err: datastore.ErrThrottled})
			if err := do(t.Context(), chat, id); !errors.Is(err, datastore.ErrThrottled) {
				t.Errorf("%s under a fault: error = %v, want %v", op, err, datastore.ErrThrottled)
			}
			if err := do(t.Context(), chat, id); err != nil {
				t.Errorf("%s after the fault: error = %v, want nil", op, err)
			}
		})
	}
	data := datatest.New(t)
	chat := datastore.Use[sockets](function{}, connection.New[hello](data, "chat"))
	id := datatest.Connect(t, data, "chat")
	datatest.Fail(t, data, datatest.Fault{Store: "connection chat", Err: datastore.ErrUnknown, Applied: true})
	if err := chat.Send(t.Context(), id, hello{"once"}); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Send with a lost answer: error = %v, want %v", err, datastore.ErrUnknown)
	}
	if got := datatest.Received[hello](t, data, "chat", id); len(got) != 1 {
		t.Errorf("a message whose answer was lost was received %d times", len(got))
	}
}

func ExampleConnect() {
	var t testing.TB = exampleT{} // in a test: its *testing.T
	data := datatest.New(t)
	chat := datastore.Use[connection.Sender[hello]](function{}, connection.New[hello](data, "chat"))
	id := datatest.Connect(t, data, "chat")

	err := chat.Send(context.Background(), id, hello{"hi"})
	fmt.Println(datatest.Received[hello](t, data, "chat", id), err)
	// Output: [{hi}] <nil>
}
