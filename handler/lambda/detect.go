package lambda

import (
	"fmt"
	"strings"
)

// kind is what sent an event.
type kind uint8

const (
	unknown kind = iota
	restAPI
	httpAPI
	httpAPI1 // payload format 1.0
	functionURL
	loadBalancer
	webSocket
	lattice
	lattice1 // event structure version V1
	authorizer
	records
)

// kinds says of each kind what it is called and which front door serves it; nil
// is none.
var kinds = [...]struct {
	name string
	door door
}{
	unknown:      {"unknown event", nil},
	restAPI:      {"REST API event", rest{}},
	httpAPI:      {"HTTP API event", http2{}},
	httpAPI1:     {"HTTP API event (payload format 1.0)", http1{}},
	functionURL:  {"function URL event", urlDoor{}},
	loadBalancer: {"ALB event", alb{}},
	webSocket:    {"WebSocket API event", socket{}},
	lattice:      {"VPC Lattice event", latticeDoor{}},
	lattice1:     {"VPC Lattice event (version V1)", latticeDoor1{}},
	authorizer:   {"authorizer event", nil},
	records:      {"batch of records", nil},
}

func (k kind) door() door { return kinds[k].door }

// door is the front door of an event that this function serves, nil for none.
func (d *Doorway) door(k kind, e *event) door {
	switch {
	case k == authorizer && d.authorizer != nil:
		return e.authorizerDoor()
	case k == webSocket && d.socket == nil, k != webSocket && !d.requests():
		return nil
	}
	return k.door()
}

// kind looks at top-level members and those of requestContext only, the most
// specific first: what a client sends in a body cannot make one event look like
// another.
func (e *event) kind() kind {
	version := e.text(e.version)
	switch {
	case e.is(e.records, '['):
		return records
	case e.has(e.typ) && (e.has(e.methodArn) || e.has(e.routeArn)): // before connectionId, which that of a handshake has
		return authorizer
	case e.has(e.ctx.connectionID):
		return webSocket
	case e.has(e.ctx.serviceNetwork): // before version: theirs is "2.0" too
		return lattice
	case e.has(e.rawPathSnake):
		return lattice1
	case e.has(e.ctx.elb):
		return loadBalancer
	case e.ctx.hasHTTP && (version == "2.0" || version == "" && e.has(e.rawPath)):
		if strings.Contains(e.text(e.ctx.domain), ".lambda-url.") {
			return functionURL
		}
		return httpAPI
	case e.has(e.method) && e.has(e.path) && (e.has(e.resource) || e.hasContext):
		if version == "1.0" {
			return httpAPI1
		}
		return restAPI
	}
	return unknown
}

// check reports the first member that has another type than the front door
// writes.
func (e *event) check(k kind) error {
	for _, v := range [...]span{e.path, e.rawPath, e.method, e.rawQuery, e.rawBody, e.ctx.method} {
		if e.has(v) && !e.is(v, '"') {
			return e.wrongType(k)
		}
	}
	for _, v := range [...]span{e.query, e.multiQuery, e.headers, e.multiHeaders} {
		if e.has(v) && !e.is(v, '{') {
			return e.wrongType(k)
		}
	}
	if e.has(e.cookies) && !e.is(e.cookies, '[') {
		return e.wrongType(k)
	}
	if (e.door == socket{}) {
		return e.checkSocket(k)
	}
	if k == lattice || k == lattice1 {
		return e.checkLattice(k)
	}
	return nil
}

func (e *event) wrongType(k kind) error {
	for _, m := range [...]struct {
		name  string
		value span
		first byte
	}{
		{"path", e.path, '"'},
		{"rawPath", e.rawPath, '"'},
		{"httpMethod", e.method, '"'},
		{"rawQueryString", e.rawQuery, '"'},
		{"queryStringParameters", e.query, '{'},
		{"multiValueQueryStringParameters", e.multiQuery, '{'},
		{"headers", e.headers, '{'},
		{"multiValueHeaders", e.multiHeaders, '{'},
		{"cookies", e.cookies, '['},
		{"body", e.rawBody, '"'},
		{"requestContext.http.method", e.ctx.method, '"'},
	} {
		if e.has(m.value) && !e.is(m.value, m.first) {
			return e.otherType(k, m.name, m.value, m.first)
		}
	}
	return nil
}

func (e *event) otherType(k kind, name string, v span, first byte) error {
	return fmt.Errorf("lambda: %s: %s is %s; it must be %s",
		kinds[k].name, name, typeName(e.payload[v.from]), typeName(first))
}

func typeName(first byte) string {
	switch first {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	}
	return "a number"
}

// EventError is the function error of an event that the function does not
// serve.
type EventError struct {
	// Kind is what the event is: "WebSocket API event"; "unknown event".
	Kind string
	// Keys are the names of its top-level members, at most 20, each cut at 40
	// bytes; none if it is not an object. Values are never told.
	Keys []string

	more   bool
	source string // whose records they are
	served string // what the function serves
}

// eventError is the error of an event that d does not serve.
func (d *Doorway) eventError(k kind, payload string) *EventError {
	err := newEventError(k, payload)
	err.served = d.served()
	if k == records && len(d.sources) == 0 {
		err.served = "the function works no records off; " + err.served
	}
	return err
}

// maxSource is how much of an ARN an error tells.
const maxSource = 256

// eventErrorOf is the error of an event of records of a source that d does not
// serve.
func (d *Doorway) eventErrorOf(e *event, source string) *EventError {
	err := d.eventError(records, e.payload)
	err.source = strings.ToValidUTF8(source[:min(len(source), maxSource)], "")
	if names := e.batch.sources.resources(); len(names) > 1 {
		err.served += "; it knows them by the ends of their ARNs, which are " + strings.Join(names, ", ")
	}
	return err
}

// requests reports whether the function serves requests: a handler of them, or
// nothing else that was said.
func (d *Doorway) requests() bool {
	return d.handler != nil || d.socket == nil && d.authorizer == nil && d.direct == nil && len(d.sources) == 0
}

// served is what the function serves, in words.
func (d *Doorway) served() string {
	var kinds []string
	if d.requests() {
		kinds = append(kinds, "REST API", "HTTP API", "function URL", "ALB", "VPC Lattice")
	}
	if d.socket != nil {
		kinds = append(kinds, "WebSocket API")
	}
	last := len(kinds) - 1
	switch {
	case last < 0 && len(d.sources) > 0 && d.direct == nil:
		return "this function serves records of " + d.sources.String()
	case last < 0 && len(d.sources) > 0:
		return "this function serves records of " + d.sources.String() + ", and direct invocations"
	case last < 0 && d.direct != nil:
		return "this function has no routes and serves direct invocations, whose payload must not look like an event of AWS"
	case last < 0:
		return "this function is an authorizer, which serves the authorizer events TOKEN and REQUEST"
	}
	text := "this function serves "
	if last > 0 {
		text += strings.Join(kinds[:last], ", ") + " and "
	}
	text += kinds[last] + " events"
	if len(d.sources) > 0 {
		text += ", records of " + d.sources.String()
	}
	if d.direct != nil {
		text += ", and direct invocations"
	}
	return text
}

const (
	maxKeys   = 20
	maxKeyLen = 40
)

func newEventError(k kind, payload string) *EventError {
	err := &EventError{Kind: kinds[k].name}
	s := scanner{text: payload}
	if s.peek() != '{' {
		return err
	}
	for ok := s.open('{'); ok; ok = s.more('{') {
		name := s.key()
		s.value()
		if len(err.Keys) == maxKeys {
			err.more = true
			break
		}
		if len(name) > maxKeyLen {
			name = strings.ToValidUTF8(name[:maxKeyLen], "") + "..."
		}
		err.Keys = append(err.Keys, name)
	}
	return err
}

func (e *EventError) Error() string {
	keys := strings.Join(e.Keys, " ")
	if e.more {
		keys += " ..."
	}
	if e.source != "" {
		return fmt.Sprintf("lambda: %s of %s, which the function does not serve; %s", e.Kind, e.source, e.served)
	}
	if len(e.Keys) == 0 {
		return "lambda: " + e.Kind + ": an empty object, or no object; " + e.served
	}
	return fmt.Sprintf("lambda: %s: top-level keys [%s]; %s", e.Kind, keys, e.served)
}
