package handlertest

import (
	"net/http"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// connectedAt is when the connection of [Connect], [Message] and [Disconnect]
// was made.
var connectedAt = time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)

// ConnectionID is the id of the connection of [Connect], [Message] and
// [Disconnect], unless [Connection] sets another.
const ConnectionID = "L0SM9cOFvHcCIhw="

// Connect is the request of a WebSocket handshake: its headers and its query
// (an option [Query]) are what the client sent.
func Connect(opts ...Option) *handler.Request {
	return connected("CONNECT", "$connect", nil, opts)
}

// Message is the request of a message that the route of that key serves: "send",
// "$default". body is the message as the client sent it.
func Message(routeKey, body string, opts ...Option) *handler.Request {
	id := Connection(func(c *handler.Connection) { c.MessageID = "L0SNAcOFvHcCIhx=" })
	return connected("MESSAGE", routeKey, []byte(body), append([]Option{id}, opts...))
}

// Disconnect is the request by which a function learns that a connection has
// ended, with a close code of RFC 6455 and a reason.
func Disconnect(code int, reason string, opts ...Option) *handler.Request {
	why := Connection(func(c *handler.Connection) { c.DisconnectCode, c.DisconnectReason = code, reason })
	return connected("DISCONNECT", "$disconnect", nil, append([]Option{why}, opts...))
}

func connected(eventType, routeKey string, body []byte, opts []Option) *handler.Request {
	base := []Option{
		Body("", body),
		Facts(func(f *handler.Facts) {
			f.FrontDoor, f.Resource, f.Stage, f.Protocol = "websocket", routeKey, "live", ""
		}),
		optionFunc(func(e *event) {
			e.connection = handler.Connection{ID: ConnectionID, Route: routeKey, Domain: e.facts.Host, Stage: e.facts.Stage,
				API: "api0id", ConnectedAt: connectedAt}
		}),
	}
	return Request(eventType, "/"+routeKey, append(base, opts...)...)
}

// Connection changes the connection of a request of [Connect], [Message] or
// [Disconnect].
func Connection(change func(*handler.Connection)) Option {
	return optionFunc(func(e *event) { change(&e.connection) })
}

// Query sets the query, percent-encoded, without "?".
func Query(raw string) Option {
	return optionFunc(func(e *event) { e.query = raw })
}

// Connection that the request came over.
func (e *event) Connection() handler.Connection { return e.connection }

var _ handler.Connected = (*event)(nil)

// WebSocketEvent is a request of [Connect], [Message] or [Disconnect] as a
// WebSocket API delivers it.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html
func WebSocketEvent(req *handler.Request) []byte {
	p := partsOf(req)
	c := req.Connection()
	at := p.facts.Time.UTC()
	identity := object{"sourceIp": p.ip}
	if agent := p.header.Get("User-Agent"); agent != "" {
		identity["userAgent"] = agent
	}
	ctx := object{
		"routeKey": c.Route, "eventType": req.Method(), "messageDirection": "IN",
		"requestId": p.facts.ID, "extendedRequestId": p.facts.ID,
		"requestTime": at.Format("02/Jan/2006:15:04:05 +0000"), "requestTimeEpoch": at.UnixMilli(),
		"connectedAt": c.ConnectedAt.UnixMilli(), "connectionId": c.ID,
		"domainName": c.Domain, "stage": c.Stage, "apiId": c.API, "identity": identity,
	}
	p.socketCaller(ctx, identity)
	ev := object{"requestContext": ctx, "isBase64Encoded": false}
	switch req.Method() {
	case "CONNECT":
		ev["headers"], ev["multiValueHeaders"] = mapped(p.header, last), p.header
		if query := p.query(); len(query) > 0 {
			ev["queryStringParameters"], ev["multiValueQueryStringParameters"] = mapped(query, last), query
		}
	case "MESSAGE":
		ctx["messageId"] = c.MessageID
		ev["body"] = string(p.body)
	case "DISCONNECT":
		ctx["disconnectStatusCode"], ctx["disconnectReason"] = c.DisconnectCode, c.DisconnectReason
		h := http.Header{"Host": {c.Domain}, "x-api-key": {""}, "X-Forwarded-For": {""}, "x-restapi": {""}}
		ev["headers"], ev["multiValueHeaders"] = mapped(h, last), h
	}
	return must(ev)
}

// socketCaller writes who the authorizer of the handshake let in, which every
// event of the connection repeats.
func (p *parts) socketCaller(ctx, identity object) {
	switch c := p.caller; c.Kind {
	case handler.CallerIAM:
		identity["user"], identity["caller"], identity["userArn"], identity["accountId"] = c.ID, c.ID, c.ARN, c.Account
		identity["cognitoIdentityId"] = orNull(c.Identity)
	case handler.CallerLambda:
		context := object{"principalId": c.ID, "integrationLatency": 12}
		for name, value := range c.Claims {
			if !strings.EqualFold(name, "principalId") {
				context[name] = value
			}
		}
		ctx["authorizer"] = context
	}
}
