package policy

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Permission is one action on one resource, which a role allows or denies.
type Permission struct {
	Role       string // its logical id
	Deny       bool
	Action     string
	Resource   string
	Conditions []datastore.Condition
}

// Permissions are those of a statement of the role with the logical id.
func (s Statement) Permissions(role string) []Permission {
	var all []Permission
	for _, action := range s.Actions {
		all = append(all, Permission{role, s.Deny, action, s.Resource, s.Conditions})
	}
	return all
}

// Wider are the permissions by which roles have become wider: those that after allows
// and nothing in before allowed, and what before denied and after does not. What cannot
// be told to be as narrow as before, such as other values of a condition, is wider.
// With the two the other way round they are those that became narrower.
func Wider(before, after []Permission) []Permission {
	var all []Permission
	for _, p := range after {
		if !p.Deny && !slices.ContainsFunc(before, func(q Permission) bool { return !q.Deny && q.covers(p) }) {
			all = append(all, p)
		}
	}
	for _, q := range before {
		if q.Deny && !slices.ContainsFunc(after, func(p Permission) bool { return p.Deny && p.covers(q) }) {
			all = append(all, q)
		}
	}
	return all
}

// covers reports whether p is about all that q is about.
func (p Permission) covers(q Permission) bool {
	return p.Role == q.Role && strings.EqualFold(p.Action, q.Action) && spans(p.Resource, q.Resource) &&
		!slices.ContainsFunc(p.Conditions, func(c datastore.Condition) bool {
			return !slices.ContainsFunc(q.Conditions, func(d datastore.Condition) bool {
				return c.Operator == d.Operator && c.Key == d.Key && slices.Equal(c.Values, d.Values)
			})
		})
}

// spans reports whether a pattern with "*" matches all that another one does, whose own
// "*" are as good as any text.
func spans(pattern, other string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == other
	}
	if !strings.HasPrefix(other, first) {
		return false
	}
	parts := strings.Split(rest, "*")
	last := parts[len(parts)-1]
	other = other[len(first):]
	for _, part := range parts[:len(parts)-1] {
		i := strings.Index(other, part)
		if i < 0 {
			return false
		}
		other = other[i+len(part):]
	}
	return strings.HasSuffix(other, last)
}
