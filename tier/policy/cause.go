package policy

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// causes are the grants of a store.
func causes(u datastore.Usage) []Cause {
	return causesIf(u, func(string) bool { return true })
}

// causesOf are those of the grants whose operations need the statement, each with
// these operations alone; nil if it takes several of them together.
func causesOf(u datastore.Usage, need datastore.Need) []Cause {
	serves := func(own datastore.Need) bool {
		return sameStatement(own, need) && slices.ContainsFunc(own.Actions, func(action string) bool {
			return slices.Contains(need.Actions, action)
		})
	}
	list := causesIf(u, func(op string) bool { return slices.ContainsFunc(u.Spec.Needs([]string{op}), serves) })
	if list != nil {
		return list
	}
	for _, g := range u.Grants {
		if slices.ContainsFunc(g.Needs(), serves) {
			list = append(list, Cause{name(u.Spec) + ": allowed by hand", g.At})
		}
	}
	return list
}

func causesIf(u datastore.Usage, wanted func(op string) bool) []Cause {
	var list []Cause
	for _, g := range u.Grants {
		ops := slices.DeleteFunc(slices.Clone(g.Ops), func(op string) bool { return !wanted(op) })
		if len(ops) > 0 {
			list = append(list, Cause{name(u.Spec) + ": " + strings.Join(ops, ", "), g.At})
		}
	}
	return list
}

// joined is a list with what it lacks of another.
func joined(list, other []Cause) []Cause {
	for _, c := range other {
		if !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// sameStatement reports whether two needs of a store differ in their actions at
// most.
func sameStatement(a, b datastore.Need) bool {
	return a.Service == b.Service && a.Resource == b.Resource && a.Owner == b.Owner &&
		sameConditions(a.Conditions, b.Conditions)
}

func sameConditions(a, b []datastore.Condition) bool {
	return slices.EqualFunc(a, b, func(a, b datastore.Condition) bool {
		return a.Operator == b.Operator && a.Key == b.Key && slices.Equal(a.Values, b.Values)
	})
}
