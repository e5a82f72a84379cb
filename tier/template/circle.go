package template

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// checkCircles refuses a user pool that needs a function which needs, by whatever way,
// the pool: CloudFormation cannot make either first. Other circles are known to tier or
// have a check of their own.
func (s *stack) checkCircles() {
	needs := map[string][]string{}
	for _, r := range s.resources {
		needs[r.id] = append(namesIn(nil, r.properties), namesIn(nil, r.attributes)...)
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

// inText are the names in a text of Fn::Sub.
var inText = regexp.MustCompile(`\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}`)

// namesIn adds the logical ids that a value refers to.
func namesIn(names []string, value any) []string {
	switch v := value.(type) {
	case object:
		for _, m := range v {
			names = namesOf(names, m)
		}
	case array:
		for _, one := range v {
			names = namesIn(names, one)
		}
	}
	return names
}

func namesOf(names []string, m member) []string {
	add := func(name string) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	list, _ := m.value.(array)
	text, _ := m.value.(string)
	switch m.name {
	case "Ref":
		add(text)
	case "Fn::GetAtt":
		if len(list) > 0 {
			first, _ := list[0].(string)
			add(first)
		}
	case "DependsOn":
		add(text)
		for _, one := range list {
			name, _ := one.(string)
			add(name)
		}
	case "Fn::Sub":
		if len(list) > 0 {
			text, _ = list[0].(string)
		}
		for _, found := range inText.FindAllStringSubmatch(text, -1) {
			add(found[1])
		}
	}
	return namesIn(names, m.value)
}
