package localsocket_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/connection/connectiontest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
)

// peer is a connection whose client is the test.
type peer struct {
	messages chan string
	mu       sync.Mutex
	ended    bool
	state    connection.State
}

func newPeer() *peer {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &peer{messages: make(chan string, 8), state: connection.State{ConnectedAt: at, LastActiveAt: at, IP: "192.0.2.1", UserAgent: "suite/1"}}
}

func (p *peer) Send(_ context.Context, data []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return localsocket.ErrGone
	}
	p.messages <- string(data)
	p.state.LastActiveAt = p.state.LastActiveAt.Add(time.Second)
	return nil
}

func (p *peer) State() connection.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state
}

func (p *peer) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return localsocket.ErrGone
	}
	p.ended = true
	close(p.messages)
	return nil
}

func TestConformance(t *testing.T) {
	t.Parallel()
	var ids atomic.Int64
	connectiontest.Run(t, func(t testing.TB, spec connection.Spec) connectiontest.Harness {
		hub := localsocket.NewHub()
		connect := func(testing.TB) connectiontest.Client {
			p, id := newPeer(), "id"+strconv.FormatInt(ids.Add(1), 10)+"="
			remove := hub.Add(spec.Name(), id, p)
			return connectiontest.Client{ID: id, IP: "192.0.2.1", Leave: func(testing.TB) { remove() },
				Receive: func(testing.TB) (string, bool) { m, ok := <-p.messages; return m, ok }}
		}
		return connectiontest.Harness{Data: datastore.New([]datastore.Driver{hub}, nil), Connect: connect}
	})
}

func TestReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	hub := localsocket.NewHub()
	first, second := newPeer(), newPeer()
	removeFirst := hub.Add("chat", "x", first)
	removeSecond := hub.Add("chat", "x", second)
	removeFirst() // of a connection that another has replaced
	if got := hub.Peer("chat", "x"); got != localsocket.Peer(second) {
		t.Errorf("Peer = %v, want the second", got)
	}
	if hub.Peer("other", "x") != nil {
		t.Error("a connection is found in another API")
	}
	removeSecond()
	removeSecond()
	if hub.Peer("chat", "x") != nil {
		t.Error("a removed connection is found")
	}
}

// broken is a peer whose client does not read.
type broken struct{ *peer }

func (broken) Send(context.Context, []byte) error { return errors.New("i/o timeout") }

func TestBrokenSendIsUnknown(t *testing.T) {
	t.Parallel()
	hub := localsocket.NewHub()
	hub.Add("chat", "x", broken{newPeer()})
	data := datastore.New([]datastore.Driver{hub}, nil)
	handle := datastore.Use[connection.Sender[int]](function{}, connection.New[int](data, "chat"))
	if err := handle.Send(t.Context(), "x", 1); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Send to a client that does not read: error = %v, want %v", err, datastore.ErrUnknown)
	}
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

func ExampleHub() {
	hub := localsocket.NewHub()
	data := datastore.New([]datastore.Driver{hub}, nil)
	chat := datastore.Use[connection.Sender[string]](function{}, connection.New[string](data, "chat"))

	client := newPeer()
	remove := hub.Add("chat", "L0SM9cOFvHcCIhw=", client)
	fmt.Println(chat.Send(context.Background(), "L0SM9cOFvHcCIhw=", "hello"), <-client.messages)
	remove()
	fmt.Println(chat.Send(context.Background(), "L0SM9cOFvHcCIhw=", "hello"))
	// Output:
	// <nil> "hello"
	// connection chat: send: not found: GoneException
}
