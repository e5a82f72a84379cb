package policy

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// CallerStatements are those of the role that a function assumes for each of its callers
// and tenants, with their ids as the session tags "caller" and "tenant": what the function
// may do to stores that are narrowed to a caller's or a tenant's own. None means that
// there is no such role.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
func CallerStatements(f *tier.Function) []Statement { return granted(f, true) }

// Owners are for whom a function assumes that role, each once and in order: its stores
// are narrowed to callers, to tenants, to callers within tenants.
func Owners(f *tier.Function) []datastore.Owner {
	var all []datastore.Owner
	for _, u := range datastore.Usages(f.Grants()) {
		for _, need := range u.Needs() {
			if need.Owner != 0 {
				all = append(all, need.Owner)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// assuming lets a function assume the role of its callers and tenants.
func assuming(f *tier.Function) []Statement {
	callers := CallerStatements(f)
	if len(callers) == 0 {
		return nil
	}
	var because []Cause
	for _, s := range callers {
		because = joined(because, s.Because)
	}
	return []Statement{{
		Actions: []string{"sts:AssumeRole", "sts:TagSession"}, Resource: "${" + CallerRoleID(f) + ".Arn}", Because: because,
	}}
}

// Assumes reports whether a statement is about the role of a function's callers and
// tenants. That role trusts the function's, so that the two cannot be made at once.
func (s Statement) Assumes() bool { return s.Actions[0] == "sts:AssumeRole" }

// CallerRoleID is the logical id of the role of a function's callers and tenants.
func CallerRoleID(f *tier.Function) string { return LogicalID(f.Name(), "caller-role") }
