package evaluate

import (
	"fmt"
	"strings"
)

// match is how a principal is named by a statement.
type match int

const (
	noMatch match = iota
	// byAccount: the statement names the account, which decides further.
	byAccount
	byName
)

// principals are the values of Principal or NotPrincipal; nil in an
// identity-based policy, which is about whom it is attached to.
type principals struct {
	not     bool
	entries []principal
}

// principal is one value: the kind is "AWS", "Service", "Federated" or
// "CanonicalUser"; "" is the "*" that is everybody.
type principal struct{ kind, id string }

func (p *principals) match(f *facts) match {
	if p == nil {
		return byName
	}
	best := noMatch
	for _, e := range p.entries {
		best = max(best, e.match(f))
	}
	if !p.not {
		return best
	}
	if best == noMatch {
		return byName
	}
	return noMatch
}

func (e principal) match(f *facts) match {
	who := f.principal
	switch e.kind {
	case "":
		return byName
	case "Service":
		return named(e.id, who.Service)
	case "Federated":
		return named(e.id, who.Federated)
	case "CanonicalUser":
		return named(e.id, who.CanonicalUser)
	}
	switch {
	case e.id == "*" && who.Service != "":
		return noMatch // everybody with AWS credentials, and anonymous
	case e.id == "*":
		return byName
	case e.id == who.ARN:
		return byName
	case f.role != "" && e.id == f.role:
		return byName
	case f.account != "" && (e.id == f.account || isRoot(e.id) && strings.HasSuffix(e.id, "::"+f.account+":root")):
		if isRoot(who.ARN) {
			return byName
		}
		return byAccount
	}
	return noMatch
}

func named(id, who string) match {
	if who != "" && (id == "*" || id == who) {
		return byName
	}
	return noMatch
}

func isRoot(arn string) bool {
	return strings.HasPrefix(arn, "arn:") && strings.HasSuffix(arn, ":root")
}

// checkAWS wants an account id, the ARN of one principal, or "*". Wildcards are
// not for parts of an ARN.
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
func checkAWS(id string) error {
	if id == "*" || accountID(id) {
		return nil
	}
	parts := strings.SplitN(id, ":", arnParts)
	switch {
	case strings.ContainsAny(id, "*?"):
		return fmt.Errorf("%q has a wildcard; a principal is named whole, or is \"*\"", clip(id))
	case len(parts) < arnParts || parts[0] != "arn" || parts[2] != "iam" && parts[2] != "sts" || !accountID(parts[4]) || parts[5] == "":
		return fmt.Errorf("%q is no principal; write an account id, \"*\" or for example \"arn:aws:iam::111122223333:role/name\"", clip(id))
	}
	return nil
}

func accountID(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == 12
}
