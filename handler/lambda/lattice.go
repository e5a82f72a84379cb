package lambda

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// latticeDoor is the door of a VPC Lattice target group with event structure
// version V2.
//
// The event names no route and no request id. The ARNs of its service network,
// service and target group are in [Payload].
//
// See https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html
type latticeDoor struct{}

func (latticeDoor) name() string { return "lattice" }

func (latticeDoor) line(e *event) (method, path, rawQuery string) {
	path, rawQuery = e.latticeTarget(e.path)
	return e.text(e.verb), path, rawQuery
}

// latticeTarget takes the path of a VPC Lattice event apart. AWS documents it
// as a path; what is delivered is the target of the request as sent, which has
// the query behind the first "?". Events without one have their query in a map
// only.
func (e *event) latticeTarget(v span) (path, rawQuery string) {
	path, rawQuery, _ = strings.Cut(e.text(v), "?")
	if rawQuery == "" {
		rawQuery = e.latticeQuery()
	}
	return escapePath(path, false), rawQuery
}

// latticeQuery makes a query of the map, in its order. A value is a list or, in
// V1 and in some samples, a text.
func (e *event) latticeQuery() string {
	query := e.query
	if !e.has(query) {
		query = e.querySnake
	}
	var b strings.Builder
	add := func(name string, value span) {
		text, ok := e.scalar(value)
		if !ok {
			return
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(queryEscaped(name))
		b.WriteByte('=')
		b.WriteString(queryEscaped(text))
	}
	for name, value := range e.members(query) {
		for one := range e.elements(value) {
			add(name, one)
		}
		add(name, value) // nothing if it is a list
	}
	return b.String()
}

// facts: the address is the right-most forwarded one, which VPC Lattice adds to
// every request; those before it are the client's words. The time is in
// microseconds.
func (latticeDoor) facts(e *event, f *handler.Facts) {
	f.Remote = e.lastForwarded()
	f.Scheme = e.scheme()
	if e.value("X-Forwarded-For-Proto") == "http" { // VPC Lattice's own name for it
		f.Scheme = "http"
	}
	f.Time = time.Time{}
	if text, ok := e.scalar(e.ctx.epoch); ok {
		if us, err := strconv.ParseInt(text, 10, 64); err == nil {
			f.Time = time.UnixMicro(us).UTC()
		}
	}
}

// caller: the identity of who signed with SigV4, which is one only if an auth
// policy asked for it. Besides the principal it has the VPC, the organization,
// the session and what a certificate said; these are the claims.
func (latticeDoor) caller(e *event) handler.Caller {
	identity := e.textMap(e.ctx.identity)
	principal := identity["principal"]
	if identity["type"] != "AWS_IAM" || principal == "" {
		return handler.Caller{}
	}
	delete(identity, "type")
	delete(identity, "principal")
	c := handler.Caller{Kind: handler.CallerIAM, ID: principal, ARN: principal, Account: accountOf(principal)}
	if len(identity) > 0 {
		c.Claims = identity
	}
	return c
}

// accountOf is the account in an ARN: "arn:aws:iam::ACCOUNT:user/ada".
func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[4]
}

func (latticeDoor) limit() int { return payloadLimit }

// encode is that of a load balancer in single mode: of several Set-Cookie only
// one can be sent, for they cannot be joined.
func (latticeDoor) encode(dst []byte, a *answer) ([]byte, string) {
	dst = a.appendStatus(dst)
	dst = a.appendDescription(dst)
	cookies := a.header["Set-Cookie"]
	dst = a.appendJoined(dst, cookies)
	if len(cookies) > 1 {
		return a.appendBody(dst), "VPC Lattice sends only the last Set-Cookie; put what they say into one"
	}
	return a.appendBody(dst), ""
}

// latticeDoor1 is the door of event structure version V1, which is not marked
// as such: it has names in snake_case and no request context. Who is calling
// would be in headers only, which are not read.
//
// See https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html
type latticeDoor1 struct{ latticeDoor }

func (latticeDoor1) line(e *event) (method, path, rawQuery string) {
	path, rawQuery = e.latticeTarget(e.rawPathSnake)
	return e.text(e.verb), path, rawQuery
}

func (latticeDoor1) caller(*event) handler.Caller { return handler.Caller{} }

// checkLattice reports the first member, of those that only VPC Lattice events
// have, that is missing or has another type.
func (e *event) checkLattice(k kind) error {
	path, name := e.path, "path"
	if k == lattice1 {
		path, name = e.rawPathSnake, "raw_path"
	}
	for _, m := range [...]struct {
		name     string
		value    span
		first    byte
		required bool
	}{
		{name, path, '"', true},
		{"method", e.verb, '"', true},
		{"query_string_parameters", e.querySnake, '{', false},
	} {
		switch {
		case !e.has(m.value) && m.required:
			return fmt.Errorf("lambda: %s: %s is missing; the listener in front of the function must be one for HTTP or HTTPS", kinds[k].name, m.name)
		case e.has(m.value) && !e.is(m.value, m.first):
			return e.otherType(k, m.name, m.value, m.first)
		}
	}
	return nil
}
