package template

import (
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// checkCircles refuses resources that need each other, by whatever way: CloudFormation
// cannot make either first; and a hook that needs the alias which waits for it. Some
// circles are known to tier or have a check of their own, which says more.
func (s *stack) checkCircles() {
	plain := plainOf(s.resources)
	needs := map[string][]string{}
	for _, r := range plain {
		needs[r.id] = r.needs()
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
	for _, r := range plain {
		way := wayTo(needs, r.id, r.id, map[string]bool{})
		if way == nil {
			continue
		}
		what := "resources need each other (%s), which CloudFormation cannot make; let a function do with less of what is in the circle, or divide it"
		if r.typ == "AWS::Cognito::UserPool" {
			what = "the user pool needs a function that answers its triggers, and that needs the pool (%s), which CloudFormation cannot make; answer the triggers with a function that does not use what needs the pool"
		}
		s.refuse(r.at, what, strings.Join(way, " needs "))
		return
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
