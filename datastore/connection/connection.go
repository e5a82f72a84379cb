// Package connection is the store of the connections of a WebSocket API: API
// Gateway's @connections in AWS, the local gateway's connections elsewhere. It
// has the name of the tier.WebSocket whose connections they are, and any function
// may be granted it, also one of a REST API.
//
//	type sockets interface { // what this function may do, and no more
//		connection.Sender[Note]
//	}
//
//	chat := app.WebSocket("chat")
//	clients := datastore.Use[sockets](chat, connection.New[Note](data, "chat"))
//	err := clients.Send(ctx, id, Note{Text: "hello"})
//	if errors.Is(err, datastore.ErrNotFound) {
//		// the client has gone: forget its id
//	}
//
// The id of a connection is in handler.Connection. Messages of type []byte are
// sent as they are and must be UTF-8; all others as JSON, as encoding/json writes
// it but without escaping HTML.
//
// # Outcomes
//
//	a connection that has ended, or is not established yet  datastore.ErrNotFound
//	what is no id of a connection, an empty message         datastore.ErrInvalid; nothing was sent
//	a message over 128 KB                                   datastore.ErrTooLarge; nothing was sent
//	too many messages                                       datastore.ErrThrottled; it was not sent
//	an answer that was lost after the message went out      datastore.ErrUnknown; it is not sent again
//	an operation the function was not granted               datastore.ErrDenied; nothing was sent
//
// A connection is established once the function of "$connect" has answered, so
// that function cannot send to it.
//
// Everything here is safe for concurrent use.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html
package connection

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Sender sends a message to a client. A connection that has ended answers
// [datastore.ErrNotFound]. A message whose answer was lost is not sent again:
// [datastore.ErrUnknown].
type Sender[T any] interface {
	Send(ctx context.Context, id string, message T) error
}

// Stater tells the state of a connection.
type Stater interface {
	State(ctx context.Context, id string) (State, error)
}

// Closer ends a connection. One that has ended answers [datastore.ErrNotFound].
type Closer interface {
	Close(ctx context.Context, id string) error
}

// State of a connection.
type State struct {
	ConnectedAt  time.Time // when it was established
	LastActiveAt time.Time // when a message last went over it
	IP           string    // the client's address, without a port
	UserAgent    string    // as the client said in the handshake; "" if it did not
}

// MaxMessage is the size of a message in bytes that API Gateway takes at most.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
const MaxMessage = 128 << 10

// The places of the operations among the capabilities.
const (
	bitSend datastore.Bit = iota
	bitState
	bitClose
)

// Connections are the declared connections of a WebSocket API, to which messages
// of type T are sent. They are used through the handles that [datastore.Use]
// makes of them.
type Connections[T any] struct{ state *state }

// New names the connections of the WebSocket API called name. T is what is sent;
// it must have JSON or be []byte. Nothing is opened before the first operation.
// Panics with a [*datastore.DeclarationError] if data is nil.
func New[T any](data *datastore.Data, name string) *Connections[T] {
	return &Connections[T]{newState(data, name)}
}

// Spec is a [Spec].
func (c *Connections[T]) Spec() datastore.Spec { return c.state.Spec }

// Capabilities are [Sender], [Stater] and [Closer].
func (c *Connections[T]) Capabilities() []datastore.Capability {
	return []datastore.Capability{
		bitSend:  {Op: "Send", Type: reflect.TypeFor[Sender[T]]()},
		bitState: {Op: "State", Type: reflect.TypeFor[Stater]()},
		bitClose: {Op: "Close", Type: reflect.TypeFor[Closer]()},
	}
}

// Handle is for [datastore.Use].
func (c *Connections[T]) Handle(g *datastore.Grant) any { return &granted[T]{c.state, g} }

var _ datastore.Store = (*Connections[struct{}])(nil)

// granted has the operations of one grant.
type granted[T any] struct {
	state *state
	grant *datastore.Grant
}

var (
	_ Sender[struct{}] = (*granted[struct{}])(nil)
	_ Stater           = (*granted[struct{}])(nil)
	_ Closer           = (*granted[struct{}])(nil)
)

func (h *granted[T]) Send(ctx context.Context, id string, message T) error {
	var data []byte
	return h.state.run(ctx, h.op(bitSend, "Send", datastore.ErrUnknown), id, func() (err error) {
		data, err = encode(message)
		return err
	}, func(ctx context.Context, conn Conn) error { return conn.Send(ctx, id, data) })
}

func (h *granted[T]) State(ctx context.Context, id string) (found State, err error) {
	err = h.state.run(ctx, h.op(bitState, "State", datastore.ErrUnavailable), id, nil, func(ctx context.Context, conn Conn) (err error) {
		found, err = conn.State(ctx, id)
		return err
	})
	if err != nil {
		return State{}, err
	}
	return found, nil
}

func (h *granted[T]) Close(ctx context.Context, id string) error {
	return h.state.run(ctx, h.op(bitClose, "Close", datastore.ErrUnknown), id, nil, func(ctx context.Context, conn Conn) error {
		return conn.Close(ctx, id)
	})
}

func (h *granted[T]) op(bit datastore.Bit, name string, fallback error) handle.Op {
	return handle.Op{Grant: h.grant, Bit: bit, Name: name, Fallback: fallback}
}

// encode makes the text of a message.
func encode(message any) ([]byte, error) {
	data, raw := message.([]byte)
	if raw {
		switch {
		case len(data) == 0:
			return nil, invalid("the message is empty")
		case !utf8.Valid(data):
			return nil, invalid("the message is not UTF-8; a WebSocket API sends text: encode bytes, in base64 for example")
		}
	} else {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(message); err != nil {
			return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("a message of type %T has no JSON: %w", message, err)}
		}
		data = bytes.TrimSuffix(b.Bytes(), []byte{'\n'})
	}
	if len(data) > MaxMessage {
		return nil, &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf(
			"the message has %d bytes, more than the %d that API Gateway takes", len(data), MaxMessage)}
	}
	return data, nil
}

func invalid(text string) error {
	return &datastore.Error{Kind: datastore.ErrInvalid, Err: errors.New(text)}
}
