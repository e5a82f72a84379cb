// Package localsocket keeps the connections of local WebSocket APIs: the local
// gateway adds and removes them, and functions reach them by the store of package
// connection.
//
//	hub := localsocket.NewHub()
//	data := datastore.New([]datastore.Driver{hub}, nil)
//	remove := hub.Add("chat", id, peer)
package localsocket

import (
	"context"
	"errors"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
)

// Peer is one connection. It is safe for concurrent use. A peer that has ended
// says so by [ErrGone].
type Peer interface {
	// Send sends a text message. It does not keep data.
	Send(ctx context.Context, data []byte) error
	// State of the connection.
	State() connection.State
	// Close ends the connection, and does not wait for the other side.
	Close() error
}

// ErrGone is what a [Peer] answers when its connection has ended.
var ErrGone = errors.New("the connection has ended")

// Hub has the connections of this process, by the name of their WebSocket API
// and by their id. It is the driver of their stores, and safe for concurrent use.
type Hub struct {
	mu    sync.RWMutex
	peers map[place]Peer
}

type place struct{ api, id string }

var _ connection.Driver = (*Hub)(nil)

// NewHub is a Hub without connections.
func NewHub() *Hub { return &Hub{peers: map[place]Peer{}} }

// Add adds a connection, in place of one of the same id. The function that it
// returns removes it.
func (h *Hub) Add(api, id string, p Peer) (remove func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	at := place{api, id}
	h.peers[at] = p
	return func() { h.remove(at, p) }
}

func (h *Hub) remove(at place, p Peer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.peers[at] == p {
		delete(h.peers, at)
	}
}

// Peer is the connection of that id, nil if there is none.
func (h *Hub) Peer(api, id string) Peer {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.peers[place{api, id}]
}

// End removes a connection and closes it.
func (h *Hub) End(api, id string, p Peer) error {
	h.remove(place{api, id}, p)
	return p.Close()
}

// Kind is "connection".
func (h *Hub) Kind() string { return "connection" }

// Name is "localsocket".
func (h *Hub) Name() string { return "localsocket" }

// OpenConnections is for package connection.
func (h *Hub) OpenConnections(_ context.Context, _ *datastore.Data, spec connection.Spec) (connection.Conn, error) {
	return conns{h, spec.Logical}, nil
}

// conns are the connections of one WebSocket API.
type conns struct {
	hub *Hub
	api string
}

var _ connection.Conn = conns{}

// Send implements [connection.Conn].
func (c conns) Send(ctx context.Context, id string, data []byte) error {
	return c.do(ctx, id, func(p Peer) error { return p.Send(ctx, data) })
}

// State implements [connection.Conn].
func (c conns) State(ctx context.Context, id string) (state connection.State, err error) {
	err = c.do(ctx, id, func(p Peer) error {
		state = p.State()
		return nil
	})
	return state, err
}

// Close implements [connection.Conn]. The connection is gone at once.
func (c conns) Close(ctx context.Context, id string) error {
	return c.do(ctx, id, func(p Peer) error { return c.hub.End(c.api, id, p) })
}

func (c conns) do(ctx context.Context, id string, do func(Peer) error) error {
	if err := ctx.Err(); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	p := c.hub.Peer(c.api, id)
	if p == nil {
		return gone(nil)
	}
	switch err := do(p); {
	case err == nil:
		return nil
	case errors.Is(err, ErrGone):
		return gone(err)
	default: // it may have gone out in part
		return &datastore.Error{Kind: datastore.ErrUnknown, Attempts: 1, Err: err}
	}
}

// gone answers as API Gateway does.
func gone(err error) error {
	return &datastore.Error{Kind: datastore.ErrNotFound, Code: "GoneException", Attempts: 1, Err: err}
}
