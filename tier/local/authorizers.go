package local

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// authorizerGate is the gate of a route's authorizer. One that it does not know
// is an error: what would not be checked is not served.
func authorizerGate(a tier.Authorizer, route *tier.Route, o *gating) (gate, error) {
	policy, err := resourcePolicy(o.api, o.stage)
	switch {
	case err != nil:
		return nil, err
	case tier.IsIAM(a):
		return newIAMGate(route, o, policy), nil
	case policy != nil:
		return nil, fmt.Errorf("the local gateway cannot join a resource policy with an authorizer such as %s", a.Name())
	}
	return nil, fmt.Errorf("the local gateway has no authorizer such as %s", a.Name())
}
