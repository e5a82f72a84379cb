package template

import (
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// checkCircles refuses a user pool that needs a function which needs, by whatever way,
// the pool, and a hook that needs the alias which waits for it: CloudFormation cannot make
// either first. Other circles are known to tier or have a check of their own.
func (s *stack) checkCircles() {
	needs := map[string][]string{}
	for _, r := range s.resources {
		for _, p := range append(r.plain, r) {
			needs[p.id] = append(needs[p.id], p.needs()...)
		}
	}
	for _, f := range s.app.Functions() {
		checked := f.Checked()
		if checked == nil {
			continue
		}
		alias := policy.AliasID(checked)
		if way := wayTo(needs, policy.FunctionID(f), alias, map[string]bool{}); way != nil {
			s.refuse(f.DirectAt(), "function %s is a hook of function %s and needs what waits for its rollout (%s); call the new version itself, without a qualifier, and leave the rest to another function",
				f.Name(), checked.Name(), strings.Join(way, " needs "))
		}
	}
	for _, r := range s.resources {
		if r.typ != "AWS::Cognito::UserPool" {
			continue
		}
		if way := wayTo(needs, r.id, r.id, map[string]bool{}); way != nil {
			s.errs = append(s.errs, &datastore.DeclarationError{At: r.at, Message: fmt.Sprintf(
				"the user pool needs a function that answers its triggers, and that needs the pool (%s), which CloudFormation cannot make; answer the triggers with a function that does not use what needs the pool",
				strings.Join(way, " needs "))})
		}
	}
}

// wayTo is how what from needs leads to a resource, nil if it does not.
func wayTo(needs map[string][]string, from, to string, passed map[string]bool) []string {
	passed[from] = true
	for _, next := range needs[from] {
		if next == to {
			return []string{from, to}
		}
		if !passed[next] {
			if way := wayTo(needs, next, to, passed); way != nil {
				return append([]string{from}, way...)
			}
		}
	}
	return nil
}
