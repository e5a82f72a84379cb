package local

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// message handles one message: it finds the route, runs the function, and sends
// its answer if the route has a response.
func (g *SocketGateway) message(s *session, text []byte) {
	id, err := g.drawID()
	route := g.route(text)
	switch {
	case err != nil:
		g.Log.Error("socket", "connection", s.id, "error", err.Error())
		g.reply(s, errorFrame(socketInternal, s.id, id))
		return
	case route == nil:
		g.Log.Info("socket", "event", "MESSAGE", "connection", s.id, "request", id, "refused", "no route, and no $default")
		g.reply(s, errorFrame(socketForbidden, s.id, id))
		return
	}
	result := g.invoke(route, s.client, func(o *occasion) []byte { return g.events.message(o, s.client, id, text) })
	switch {
	case result.err != nil:
		g.reply(s, errorFrame(socketInternal, s.id, result.id))
	case route.Responds() && len(result.output.body) > 0:
		g.reply(s, result.output.body)
	}
}

// reply sends to the client that asked. One that has gone needs no answer.
func (g *SocketGateway) reply(s *session, data []byte) {
	if len(data) > maxMessage {
		g.Log.Error("socket", "connection", s.id, "error", "the answer is larger than a message may be")
		data = errorFrame(socketInternal, s.id, "")
	}
	if err := s.Send(context.Background(), data); err != nil {
		g.Log.Debug("socket", "connection", s.id, "error", plain(err.Error()))
	}
}

// route is the route of a message: the one whose key stands where the selection
// expression says, else $default. A message names no route whose events are none
// of messages.
func (g *SocketGateway) route(text []byte) *tier.SocketRoute {
	if key, ok := selected(text, g.path); ok {
		if r := g.api.Route(key); r != nil && r.Event() == "MESSAGE" {
			return r
		}
	}
	return g.api.Route("$default")
}

// selected is the text, the number or the boolean at a path in a JSON object.
func selected(text []byte, path []string) (string, bool) {
	if !json.Valid(text) {
		return "", false
	}
	value := json.RawMessage(text)
	for _, name := range path {
		var members map[string]json.RawMessage
		if json.Unmarshal(value, &members) != nil {
			return "", false
		}
		var ok bool
		if value, ok = members[name]; !ok {
			return "", false
		}
	}
	value = bytes.TrimSpace(value)
	switch value[0] {
	case '{', '[', 'n':
		return "", false
	case '"':
		var key string
		err := json.Unmarshal(value, &key)
		return key, err == nil
	}
	return string(value), true
}
