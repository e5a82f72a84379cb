package policy

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// AliasID is the logical id of a function's alias, as SAM makes it:
// "OrdersFunctionAliaslive".
func AliasID(f *tier.Function) string { return FunctionID(f) + "Alias" + tier.LiveAlias }

// LiveCallee is the function that a store calls, if it is one of the App whose versions
// are published, and is called as it is: the call goes to its alias then.
func LiveCallee(app *tier.App, store datastore.Spec) (*tier.Function, bool) {
	spec, calls := store.(call.Spec)
	if !calls || spec.Qualifier != "" {
		return nil, false
	}
	callee := app.FunctionNamed(spec.Name())
	return callee, callee != nil && callee.Rollout() != nil
}
