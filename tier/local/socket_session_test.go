package local_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestSocketAtOnce: the messages of a connection are handled at the same time,
// and a large answer does not end the connection.
func TestSocketAtOnce(t *testing.T) {
	t.Parallel()
	first := make(chan struct{})
	url, _ := chat(t, nil, func(w *tier.WebSocket) {
		w.Handle("wait", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			<-first
			return &handler.Response{Body: []byte(`"waited"`)}, nil
		}), tier.RouteResponse())
		w.Handle("free", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			close(first)
			return &handler.Response{}, nil
		}))
		w.Handle("large", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(strings.Repeat("x", 128<<10+1))}, nil
		}), tier.RouteResponse())
	})
	c := dialSocket(t, url, nil)
	sendText(t, c, `{"action":"wait"}`)
	sendText(t, c, `{"action":"free"}`)
	if got := receive(t, c); got != `"waited"` {
		t.Errorf("received %s", got)
	}
	sendText(t, c, `{"action":"large"}`)
	if got := receive(t, c); !strings.Contains(got, "Internal server error") {
		t.Errorf("WSK-11: an answer over 128 KB: received %.100s", got)
	}
}

// TestSocketClosedByFunction: a function ends the connection it serves, and the
// code is told; afterwards the connection is gone at once.
func TestSocketClosedByFunction(t *testing.T) {
	t.Parallel()
	hub := localsocket.NewHub()
	data := datastore.New([]datastore.Driver{hub}, nil)
	api := tier.New("shop").WebSocket("chat")
	type handle interface {
		connection.Closer
		connection.Sender[string]
	}
	clients := datastore.Use[handle](api, connection.New[string](data, "chat"))
	again := make(chan error, 1)
	api.Handle("bye", handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		id := req.Connection().ID
		if err := clients.Close(ctx, id); err != nil {
			return nil, err
		}
		again <- clients.Send(ctx, id, "late")
		return &handler.Response{Body: []byte("nobody reads this")}, nil
	}), tier.RouteResponse())
	api.Handle("$disconnect", answeringStatus(200))
	log := &socketLog{got: make(chan string, 4)}
	c := dialSocket(t, socketServer(t, api, &local.SocketOptions{Hub: hub}, behind(t, api, log)), nil)
	sendText(t, c, `{"action":"bye"}`)
	wantClose(t, c, websocket.StatusNormalClosure)
	if err := <-again; !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("Send after Close: error = %v, want %v", err, datastore.ErrNotFound)
	}
	<-log.got
	<-log.got
	if last := log.all()[1]; !strings.Contains(last, `"disconnectStatusCode":1000`) || !strings.Contains(last, `"disconnectReason":"Connection Closed Normally"`) {
		t.Errorf("the end is told as %s", last)
	}
}

// TestSocketVanished: a connection that broke is gone for who posts to it, and
// what is still running goes on.
func TestSocketVanished(t *testing.T) {
	t.Parallel()
	hub := localsocket.NewHub()
	api := tier.New("shop").WebSocket("chat")
	tellID(api)
	log := &socketLog{got: make(chan string, 4)}
	url := socketServer(t, api, &local.SocketOptions{Hub: hub}, behind(t, api, log))
	var conn net.Conn
	transport := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
		return conn, err
	}}
	c := dialSocket(t, url, &websocket.DialOptions{HTTPClient: &http.Client{Transport: transport}})
	sendText(t, c, "id?")
	id := receive(t, c)
	peer := hub.Peer("chat", id)
	<-log.got
	conn.Close()
	if got := <-log.got; got != "DISCONNECT $disconnect" {
		t.Fatalf("event %s", got)
	}
	if hub.Peer("chat", id) != nil {
		t.Error("a connection that broke is still there")
	}
	if err := peer.Send(t.Context(), []byte("x")); !errors.Is(err, localsocket.ErrGone) {
		t.Errorf("Send to a connection that broke: error = %v, want %v", err, localsocket.ErrGone)
	}
	if err := peer.Close(); !errors.Is(err, localsocket.ErrGone) {
		t.Errorf("Close of a connection that broke: error = %v, want %v", err, localsocket.ErrGone)
	}
}
