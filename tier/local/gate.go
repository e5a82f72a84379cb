package local

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// gate is one step between the router and the function of a route: an API key,
// an authorizer, a limit, a validator, a cache. It answers the request itself, or
// returns nil to let it pass, and says in a note what it decided and why. It is
// safe for concurrent use.
type gate interface {
	pass(x *exchange) *answer
}

// gatesOf are the gates before a route, in the order in which API Gateway asks
// them: what identifies and limits the client, then what looks at the request.
func gatesOf(route *tier.Route, o *gating) ([]gate, error) {
	return nil, nil
}

// gating is what gates are made with: the options of the gateway and what the
// routes of one API share.
type gating struct {
	api   *tier.API
	stage string
	*Options
}

// pass asks the gates of the method in order.
func (m *method) pass(x *exchange) *answer {
	for _, g := range m.gates {
		told := len(x.notes)
		if a := g.pass(x); a != nil {
			x.stopped("gate", told, a.status)
			return a
		}
	}
	return nil
}

// guard prepares the gates of every route.
func (rt *router) guard(o *gating) error {
	for _, m := range rt.methods {
		if m.route == nil {
			continue
		}
		gates, err := gatesOf(m.route, o)
		if err != nil {
			return fmt.Errorf("local gateway: route %s: %w", m.route, err)
		}
		m.gates = gates
	}
	return nil
}

// note is one thing that happened to a request on its way, for people.
type note struct {
	who     string // "authorizer users", "router"
	what    string
	at      datastore.Position // of what was declared, zero for nothing
	refused bool               // and that was the end of it
}

// note keeps what happened if somebody wants to know it. It must not tell
// secrets: keys, signatures, tokens.
func (x *exchange) note(who, format string, args ...any) {
	if x.explained {
		x.notes = append(x.notes, note{who: who, what: fmt.Sprintf(format, args...)})
	}
}
