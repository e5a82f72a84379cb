// Package evaluate decides requests by IAM policies, as AWS documents it: those
// of callers (identity-based), of resources, and what a Lambda authorizer
// returns. It knows nothing of AWS's accounts; policies and the facts of a
// request come in as values, so it answers on a laptop what AWS would answer.
//
//	orders, err := evaluate.ParseIdentity("OrdersRead", document)
//	if err != nil {
//		return err // says line, column, element and what to write instead
//	}
//	decision := evaluate.Evaluate(evaluate.Request{
//		Principal: evaluate.Principal{ARN: "arn:aws:iam::111122223333:user/alice"},
//		Action:    "execute-api:Invoke",
//		Resource:  "arn:aws:execute-api:eu-central-1:111122223333:a1b2c3/live/GET/orders/7",
//		Context:   map[string][]string{"aws:SourceIp": {"192.0.2.1"}},
//	}, orders)
//	if !decision.Allowed() { … }
//
// How a statement applies:
//
//	element        matches
//	Action         without regard to case; * and ? are wildcards
//	Resource       with regard to case. The first five parts of an ARN are compared one by one, in the sixth * and ? match / and : too; a pattern with fewer parts is compared as one text
//	Principal      the caller's own ARN, the role of its session, its account, its service or provider, or *; NotPrincipal excepts all of these. AWS advises to except the account and the role of a session by name, too, because some services look at them first
//	Condition      all operators of IAM, with IfExists, ForAllValues and ForAnyValue; keys without regard to case
//	${aws:userid}  in Resource and in conditions on strings, ARNs and booleans, with the default of ${aws:userid, 'anonymous'}; what it stands for is compared literally. Without a value a resource does not match, and a condition neither equals nor is like it
//
// A matching Deny wins over every Allow; nothing that matches is an implicit
// deny. [Combine] joins the decisions of a caller's policies and a resource's.
// Session policies, permissions boundaries and those of an organization are not
// known.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
package evaluate

// Outcome of a decision.
type Outcome int

// Outcomes. The zero value is the default of AWS.
const (
	// ImplicitDeny: no statement applies.
	ImplicitDeny Outcome = iota
	// Allow: a statement allows, and none denies.
	Allow
	// ExplicitDeny: a statement denies.
	ExplicitDeny
)

// String is "implicit deny", "allow" or "explicit deny".
func (o Outcome) String() string {
	switch o {
	case Allow:
		return "allow"
	case ExplicitDeny:
		return "explicit deny"
	}
	return "implicit deny"
}

// Statement says which statement of which policy.
type Statement struct {
	// Policy is the name that it was parsed with.
	Policy string
	// Index in Statement, from 0.
	Index int
	// Sid, or "".
	Sid string
}

// Decision about a request.
type Decision struct {
	Outcome Outcome
	// By is the first statement that decided; nil for an implicit deny.
	By *Statement
	// Delegated says that a resource-based policy allows the whole account of the
	// caller and not the caller: it leaves the decision to the identity-based
	// policies of that account. See [Combine].
	Delegated bool
}

// Allowed reports whether the outcome is [Allow]. A delegated Allow is one only
// with an identity-based policy beside it.
func (d Decision) Allowed() bool { return d.Outcome == Allow && !d.Delegated }

// Evaluate decides a request by all the policies together, in any order. Without
// policies it is an implicit deny; a nil policy has no statements.
func Evaluate(req Request, policies ...*Policy) Decision {
	facts := newFacts(req)
	var decision Decision
	for _, p := range policies {
		if p == nil {
			continue
		}
		for i := range p.statements {
			s := &p.statements[i]
			// Past an Allow by name only a Deny can change the decision.
			if !s.deny && decision.Outcome == Allow && !decision.Delegated {
				continue
			}
			by, ok := s.applies(facts)
			if !ok {
				continue
			}
			ref := &Statement{p.name, i, s.sid}
			if s.deny {
				return Decision{Outcome: ExplicitDeny, By: ref}
			}
			if decision.By == nil || by == byName {
				decision = Decision{Outcome: Allow, By: ref, Delegated: by == byAccount}
			}
		}
	}
	return decision
}

// applies reports whether all elements of a statement match, and how the
// principal does.
func (s *statement) applies(f *facts) (match, bool) {
	by := s.principal.match(f)
	if by == noMatch || !s.matchesAction(f) || !s.matchesResource(f) {
		return noMatch, false
	}
	for i := range s.conditions {
		if !s.conditions[i].holds(f) {
			return noMatch, false
		}
	}
	return by, true
}

func (s *statement) matchesAction(f *facts) bool {
	for i := range s.actions {
		if glob(s.actions[i].runes, f.action) {
			return !s.notAction
		}
	}
	return s.notAction
}

func (s *statement) matchesResource(f *facts) bool {
	if s.resources == nil {
		return true // a resource-based policy is about its own resource
	}
	unknown := false
	for i := range s.resources {
		matched, known := s.resources[i].match(f)
		if matched {
			return !s.notResource
		}
		unknown = unknown || !known
	}
	if unknown && s.notResource {
		// An exception with a variable that has no value: AWS does not say whether
		// the statement applies, so a Deny does and an Allow does not.
		return s.deny
	}
	return s.notResource
}
