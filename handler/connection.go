package handler

import "time"

// Connection is the WebSocket connection that a request came over. The zero
// value is none: a request of any other front door.
//
// A request of a WebSocket API has the method "CONNECT", "MESSAGE" or
// "DISCONNECT" and the path "/" followed by the route key: "MESSAGE /send",
// "CONNECT /$connect". Its headers and its query are those of the handshake, and
// only a CONNECT has them; its body is the message. A typed function takes the
// connection in a field of this type, without a tag:
//
//	type sendIn struct {
//		From handler.Connection
//		Text string `json:"text" validate:"required,max=500"`
//	}
//
// No body can set it, wherever it stands.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html
type Connection struct {
	ID    string `json:"-"` // the connection's id, by which it is posted to: "L0SM9cOFvHcCIhw="
	Route string `json:"-"` // the route key: "$connect", "$disconnect", "$default" or one of the API's own
	// Domain and Stage are where it is connected to, API the id of the API.
	Domain string `json:"-"`
	Stage  string `json:"-"`
	API    string `json:"-"`
	// ConnectedAt is when the handshake began.
	ConnectedAt time.Time `json:"-"`
	// MessageID of a message; "" on CONNECT and DISCONNECT.
	MessageID string `json:"-"`
	// DisconnectCode and DisconnectReason say why a connection ended, by the
	// close codes of RFC 6455 (1000, 1001, 1006, ...); 0 and "" before.
	DisconnectCode   int    `json:"-"`
	DisconnectReason string `json:"-"`
}

// IsZero reports whether there is no connection.
func (c Connection) IsZero() bool { return c == Connection{} }

// Connected is an [Event] of a WebSocket connection.
type Connected interface {
	Event
	// Connection that the event is about; zero if it is about none.
	Connection() Connection
}

// Connection is the WebSocket connection that the request came over, zero if it
// came over none.
func (r *Request) Connection() Connection {
	if c, ok := r.event.(Connected); ok {
		return c.Connection()
	}
	return Connection{}
}
