package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// call is a function of this App, which is a resource already, or one of somebody
// else, whose name is a parameter.
func (s *stack) call(store usedStore, spec call.Spec) {
	callee := s.app.FunctionNamed(spec.Name())
	if callee != nil && callee.Rollout() == nil && spec.Qualifier == tier.LiveAlias {
		s.refuse(store.at, "call %s: no function %s of this App has the alias %q; add tier.Live(tier.Rollout{}) to it", spec.Name(), spec.Name(), tier.LiveAlias)
	}
	if callee == nil {
		s.parameterOnce(parameter{policy.StoreID(spec), "String", "The name of the function that is called as " + spec.Name() + "."}, store.at)
	}
}

// checkCalls refuses functions that call each other: each would need the other one
// to be there first.
func (s *stack) checkCalls() {
	for _, f := range s.app.Functions() {
		if way := s.wayBack(f, f, nil); way != nil {
			s.errs = append(s.errs, &datastore.DeclarationError{At: f.At(), Message: fmt.Sprintf(
				"functions call each other in a circle (%s), which CloudFormation cannot make; let one of them send a message to a queue instead",
				strings.Join(way, " calls "))})
			return
		}
	}
}

// wayBack is how calls of from lead to the function to, nil if they do not.
func (s *stack) wayBack(from, to *tier.Function, passed []string) []string {
	passed = append(slices.Clone(passed), from.Name())
	for _, spec := range from.Stores() {
		if spec.Kind() != "call" {
			continue
		}
		callee := s.app.FunctionNamed(spec.Name())
		switch {
		case callee == nil:
		case callee == to:
			return append(passed, to.Name())
		case !slices.Contains(passed, callee.Name()):
			if way := s.wayBack(callee, to, passed); way != nil {
				return way
			}
		}
	}
	return nil
}
