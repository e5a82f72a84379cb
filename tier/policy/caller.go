package policy

import (
	"github.com/seed-18e8afb5/tierkit/tier"
)

// CallerTag is the session tag that holds the id of the caller for whom a role is
// assumed.
const CallerTag = "caller"

// CallerStatements are those of the role that a function assumes for each of its
// callers, with the caller's id as the session tag "caller": what the function may
// do to stores that are narrowed to the caller's own. None means that there is no
// such role.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
func CallerStatements(f *tier.Function) []Statement { return granted(f, true) }

// assuming lets a function assume the role of its callers.
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

// Assumes reports whether a statement is about the role of a function's callers.
// That role trusts the function's, so that the two cannot be made at once.
func (s Statement) Assumes() bool { return s.Actions[0] == "sts:AssumeRole" }

// CallerRoleID is the logical id of the role of a function's callers.
func CallerRoleID(f *tier.Function) string { return LogicalID(f.Name(), "caller-role") }
