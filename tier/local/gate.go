package local

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
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
	var gates []gate
	fromAuthorizer := o.api.KeySource() == "AUTHORIZER"
	if route.KeyRequired() && !fromAuthorizer {
		gates = append(gates, &usage{route.String(), o.ring, false})
	}
	authorizer, err := authorizerGate(route, o)
	if err != nil {
		return nil, err
	}
	if authorizer != nil {
		gates = append(gates, authorizer)
	}
	if route.KeyRequired() && fromAuthorizer {
		gates = append(gates, &usage{route.String(), o.ring, true})
	}
	if t := newThrottle(route, o); t != nil {
		gates = append(gates, t)
	}
	v, err := newValidation(route)
	if err != nil {
		return nil, err
	}
	if v != nil {
		gates = append(gates, v)
	}
	if route.CacheTTL() > 0 {
		gates = append(gates, newCaching(route, o))
	}
	return gates, nil
}

// gating is what gates are made with: the options of the gateway and what the
// routes of one API share.
type gating struct {
	api   *tier.API
	stage string
	// functions by the names they were declared with, authorizers among them
	functions map[string]*Function
	*Options
	*shared
	// The stage's own: its Lambda authorizers, which remember verdicts, the
	// resource policy of the API, nil for none, and the cached answers.
	lambdas map[*tier.LambdaAuthorizer]*lambdaGate
	policy  *evaluate.Policy
	store   *answerStore
}

// shared is what the gates of all stages of an API have together.
type shared struct {
	ring    *keyRing
	account *bucket // nil for no limit
	keys    keySets
}

func newShared(api *tier.API, o *Options) (*shared, error) {
	var keys []APIKey
	if o.Identities != nil {
		keys = o.Identities.APIKeys
	}
	ring, err := newKeyRing(api.Plans(), keys)
	if err != nil {
		return nil, err
	}
	s := &shared{ring: ring, keys: keySets{}}
	if o.Account != nil {
		s.account = newBucket(*o.Account)
	}
	return s, nil
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
	x.noteAt(datastore.Position{}, who, format, args...)
}
