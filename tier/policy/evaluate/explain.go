package evaluate

import (
	"fmt"
	"strconv"
	"strings"
)

// Finding is what a statement has to say about a request.
type Finding struct {
	Statement
	// Effect is "Allow" or "Deny".
	Effect string
	// Applies reports whether the statement matches the request.
	Applies bool
	// Why names each element that does not match, with what it wants and what
	// the request has; nil if the statement applies.
	Why []string
}

// String is one line: "policy p, statement 0 (Sid): Allow does not apply: …".
func (f Finding) String() string {
	name := fmt.Sprintf("policy %s, statement %d", f.Policy, f.Index)
	if f.Sid != "" {
		name += " (" + f.Sid + ")"
	}
	if f.Applies {
		return name + ": " + f.Effect + " applies"
	}
	return name + ": " + f.Effect + " does not apply: " + strings.Join(f.Why, "; ")
}

// Explain looks at every statement of the policies, in their order, and says
// why it applies to a request or does not. [Evaluate] decides; this is for people.
func Explain(req Request, policies ...*Policy) []Finding {
	f := newFacts(req)
	var all []Finding
	for _, p := range policies {
		if p == nil {
			continue
		}
		for i := range p.statements {
			s := &p.statements[i]
			finding := Finding{Statement: Statement{p.name, i, s.sid}, Effect: "Allow"}
			if s.deny {
				finding.Effect = "Deny"
			}
			if _, finding.Applies = s.applies(f); !finding.Applies {
				finding.Why = s.why(f, req)
			}
			all = append(all, finding)
		}
	}
	return all
}

// why lists the elements that do not match.
func (s *statement) why(f *facts, req Request) []string {
	var why []string
	if s.principal.match(f) == noMatch {
		name := "Principal does not name "
		if s.principal.not {
			name = "NotPrincipal excepts "
		}
		why = append(why, name+req.Principal.describe())
	}
	if !s.matchesAction(f) {
		why = append(why, covers("Action", s.notAction, s.actionTexts, req.Action))
	}
	if !s.matchesResource(f) {
		text := covers("Resource", s.notResource, s.resourceTexts, req.Resource)
		if missing := s.missing(f); missing != "" {
			text += fmt.Sprintf(" (%s has no single value)", missing)
		}
		why = append(why, text)
	}
	for i := range s.conditions {
		c := &s.conditions[i]
		if c.holds(f) {
			continue
		}
		has := "is absent"
		if values := f.context[c.lower]; len(values) > 0 {
			has = "is " + quoted(values)
		}
		why = append(why, fmt.Sprintf("Condition %s %s wants %s, and it %s", c.operator, c.key, quoted(c.texts), has))
	}
	return why
}

// missing is a variable of a resource that has no value, or "".
func (s *statement) missing(f *facts) string {
	for i := range s.resources {
		for _, v := range s.resources[i].whole.variables {
			if _, ok := f.single(v.key); !ok && !v.hasDefault {
				return v.key
			}
		}
	}
	return ""
}

func (p Principal) describe() string {
	for _, name := range []string{p.ARN, p.Role, p.Service, p.Federated, p.CanonicalUser} {
		if name != "" {
			return name
		}
	}
	return "an anonymous caller"
}

func covers(element string, not bool, texts []string, asked string) string {
	if not {
		return fmt.Sprintf("Not%s %s excepts %s", element, quoted(texts), asked)
	}
	return fmt.Sprintf("%s %s does not cover %s", element, quoted(texts), asked)
}

// quoted is at most a few values.
func quoted(values []string) string {
	const most = 5
	var parts []string
	for i, v := range values {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(values)-most))
			break
		}
		parts = append(parts, strconv.Quote(shorten(v, 256)))
	}
	return strings.Join(parts, ", ")
}
