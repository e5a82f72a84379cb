package lambda

import (
	"math"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// socket is the door of a WebSocket API with Lambda proxy integration. Its
// events have no method and no path: the request line is made of the event type
// and the route key. Only the $connect event has the headers and the query of
// the handshake.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html
type socket struct{}

func (socket) name() string { return "websocket" }

func (socket) line(e *event) (method, path, rawQuery string) {
	var route string
	for name, value := range e.members(e.ctx.all) {
		switch name {
		case "eventType":
			method = e.text(value)
		case "routeKey":
			route = e.text(value)
		}
	}
	if method == "CONNECT" {
		rawQuery = e.queryOf(e.multiQuery, e.query, encoded)
	}
	return method, escapePath("/"+route, true), rawQuery
}

func (socket) facts(e *event, f *handler.Facts) {
	for name, value := range e.members(e.ctx.identity) {
		if name == "sourceIp" {
			f.Remote = remote(e.text(value))
		}
	}
	f.Scheme = e.scheme()
	f.Resource = e.Connection().Route
}

// caller: what the authorizer of $connect found is in every later event.
func (socket) caller(e *event) handler.Caller { return rest{}.caller(e) }

func (socket) limit() int { return payloadLimit }

// encode writes what the gateway reads: of the answer to a handshake the
// headers, of the answer to a message the body, which has no headers on its way
// to the client.
func (socket) encode(dst []byte, a *answer) ([]byte, string) {
	warning := ""
	if a.base64 {
		warning = "a WebSocket API sends text: this body reaches the client in base64"
	}
	dst = a.appendStatus(dst)
	if a.handshake {
		dst = a.appendJoined(dst, nil)
	}
	return a.appendBody(dst), warning
}

// Connection is the WebSocket connection of the event, zero for events of other
// front doors.
func (e *event) Connection() handler.Connection {
	var c handler.Connection
	if _, ok := e.door.(socket); !ok {
		return c
	}
	c.ID, c.Domain, c.Stage = e.text(e.ctx.connectionID), e.text(e.ctx.domain), e.text(e.ctx.stage)
	for name, value := range e.members(e.ctx.all) {
		switch name {
		case "routeKey":
			c.Route = e.text(value)
		case "apiId":
			c.API = e.text(value)
		case "messageId":
			c.MessageID = e.text(value)
		case "connectedAt":
			if ms, ok := e.integer(value); ok {
				c.ConnectedAt = time.UnixMilli(ms).UTC()
			}
		case "disconnectStatusCode":
			if code, ok := e.integer(value); ok && code >= 0 && code <= math.MaxUint16 {
				c.DisconnectCode = int(code)
			}
		case "disconnectReason":
			c.DisconnectReason = e.text(value)
		}
	}
	return c
}

var _ handler.Connected = (*event)(nil)

// integer is a whole number, in quotes or without.
func (e *event) integer(v span) (int64, bool) {
	text, ok := e.scalar(v)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}

// checkSocket reports a member of requestContext without which nothing can be
// routed.
func (e *event) checkSocket(k kind) error {
	for name, value := range e.members(e.ctx.all) {
		switch name {
		case "routeKey", "eventType", "connectionId":
			if e.has(value) && !e.is(value, '"') {
				return e.otherType(k, "requestContext."+name, value, '"')
			}
		}
	}
	return nil
}
