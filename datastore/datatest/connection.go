package datatest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
)

// Connect connects a client to the WebSocket API called name, and returns the id
// of its connection: "client-1" for the first.
func Connect(t testing.TB, data *datastore.Data, name string) (id string) {
	t.Helper()
	d := connectionsOf(t, data, name)
	d.mu.Lock()
	defer d.mu.Unlock()
	id = fmt.Sprintf("client-%d", len(d.clients)+1)
	c := &client{since: data.Now()}
	c.leave = d.Add(name, id, c)
	d.clients = append(d.clients, clientOf{name, id, c})
	return id
}

// Disconnect ends the connection id from the client's side: what is sent to it
// from then on answers [datastore.ErrNotFound].
func Disconnect(t testing.TB, data *datastore.Data, name, id string) {
	t.Helper()
	clientNamed(t, data, name, id).leave()
}

// Connected reports whether the connection id has not ended yet.
func Connected(t testing.TB, data *datastore.Data, name, id string) bool {
	t.Helper()
	clientNamed(t, data, name, id) // fails the test if there never was one
	return connectionsOf(t, data, name).Peer(name, id) != nil
}

// Received are the messages that were sent to the connection id so far, in
// order. []byte takes them as they are.
func Received[T any](t testing.TB, data *datastore.Data, name, id string) []T {
	t.Helper()
	var all []T
	for _, message := range clientNamed(t, data, name, id).received() {
		var one T
		if raw, ok := any(&one).(*[]byte); ok {
			*raw = message
		} else if err := json.Unmarshal(message, &one); err != nil {
			t.Fatalf("datatest.Received connection %s %s: %.200q: %v", name, id, message, err)
		}
		all = append(all, one)
	}
	return all
}

func connectionsOf(t testing.TB, data *datastore.Data, name string) *connectionDriver {
	t.Helper()
	spec, err := specOf(data, "connection "+name)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	driver, err := datastore.DriverOf[*connectionDriver](data, spec)
	if err != nil {
		t.Fatalf("datatest: connection %s: its driver is none of this package's", name)
	}
	return driver
}

func clientNamed(t testing.TB, data *datastore.Data, name, id string) *client {
	t.Helper()
	d := connectionsOf(t, data, name)
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.IndexFunc(d.clients, func(c clientOf) bool { return c.name == name && c.id == id })
	if i < 0 {
		t.Fatalf("datatest: connection %s: Connect made no client %s", name, id)
	}
	return d.clients[i].client
}

// connectionDriver has clients in memory, with faults.
type connectionDriver struct {
	*localsocket.Hub
	faults faults

	mu      sync.Mutex
	clients []clientOf
}

type clientOf struct {
	name, id string
	*client
}

var (
	_ connection.Driver = (*connectionDriver)(nil)
	_ faulty            = (*connectionDriver)(nil)
)

func (d *connectionDriver) faultList() *faults { return &d.faults }

func (d *connectionDriver) OpenConnections(ctx context.Context, data *datastore.Data, spec connection.Spec) (connection.Conn, error) {
	conn, err := d.Hub.OpenConnections(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyConnections{conn, spec, &d.faults}, nil
}

// client keeps what it is sent.
type client struct {
	since time.Time
	leave func()

	mu       sync.Mutex
	messages [][]byte
}

var _ localsocket.Peer = (*client)(nil)

func (c *client) Send(_ context.Context, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.messages = append(c.messages, slices.Clone(data))
	return nil
}

func (c *client) State() connection.State {
	return connection.State{ConnectedAt: c.since, LastActiveAt: c.since, IP: "192.0.2.1", UserAgent: "datatest"}
}

func (c *client) Close() error { return nil } // the hub has removed it

func (c *client) received() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.messages)
}

type faultyConnections struct {
	conn   connection.Conn
	spec   connection.Spec
	faults *faults
}

func (f *faultyConnections) Send(ctx context.Context, id string, data []byte) error {
	return f.faults.run(f.spec, "Send", func() error { return f.conn.Send(ctx, id, data) })
}

func (f *faultyConnections) State(ctx context.Context, id string) (state connection.State, err error) {
	err = f.faults.run(f.spec, "State", func() error {
		state, err = f.conn.State(ctx, id)
		return err
	})
	return state, err
}

func (f *faultyConnections) Close(ctx context.Context, id string) error {
	return f.faults.run(f.spec, "Close", func() error { return f.conn.Close(ctx, id) })
}
