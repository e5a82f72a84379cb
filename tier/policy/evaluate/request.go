package evaluate

import (
	"maps"
	"slices"
	"strings"
)

// Request is what is to be decided.
type Request struct {
	Principal Principal
	// Action with its service: "execute-api:Invoke".
	Action string
	// Resource is the ARN that the action is on, or "*".
	Resource string
	// Context holds the condition keys of the request with their values:
	// "aws:SourceIp". Names are found without regard to case; a key without
	// values is absent. Numbers, dates and booleans are written as in a policy,
	// binary values in base64. aws:PrincipalArn, aws:PrincipalAccount and, for a
	// user, aws:username follow from the principal unless they are here.
	Context map[string][]string
}

// Principal is who asks; the zero value is anonymous. One caller may have
// several of these: the session of a role that an identity provider vouched for
// has ARN, Role and Federated.
type Principal struct {
	// ARN of the user, role session, federated user or root:
	// "arn:aws:sts::111122223333:assumed-role/admin/alice".
	ARN string
	// Role is the ARN of the role whose session it is; "" means that it follows
	// from ARN, for a role without a path.
	Role string
	// Service that calls on its own behalf: "apigateway.amazonaws.com".
	Service string
	// Federated is the identity provider: "cognito-identity.amazonaws.com".
	Federated string
	// CanonicalUser is the S3 id of an account.
	CanonicalUser string
}

// account of the principal, or "".
func (p Principal) account() string {
	parts := strings.SplitN(p.ARN, ":", arnParts)
	if len(parts) < arnParts {
		return ""
	}
	return parts[4]
}

// role is the ARN of the role of a session, or "".
func (p Principal) role() string {
	if p.Role != "" {
		return p.Role
	}
	parts := strings.SplitN(p.ARN, ":", arnParts)
	if len(parts) < arnParts || parts[2] != "sts" {
		return ""
	}
	session, ok := strings.CutPrefix(parts[5], "assumed-role/")
	if !ok {
		return ""
	}
	name, _, _ := strings.Cut(session, "/")
	return strings.Join([]string{parts[0], parts[1], "iam", "", parts[4], "role/" + name}, ":")
}

// userName is the last part of a user's ARN, or "".
func (p Principal) userName() string {
	parts := strings.SplitN(p.ARN, ":", arnParts)
	if len(parts) < arnParts || parts[2] != "iam" || !strings.HasPrefix(parts[5], "user/") {
		return ""
	}
	return parts[5][strings.LastIndexByte(parts[5], '/')+1:]
}

// facts are a request as statements look at it.
type facts struct {
	principal     Principal
	account, role string
	action        string // lower case
	resource      string
	resourceParts []string // of an ARN, arnParts of them, or nil
	context       map[string][]string
}

func newFacts(req Request) *facts {
	f := &facts{
		principal: req.Principal, account: req.Principal.account(), role: req.Principal.role(),
		action: strings.ToLower(req.Action), resource: req.Resource,
		context: make(map[string][]string, len(req.Context)+3),
	}
	if parts := strings.SplitN(req.Resource, ":", arnParts); len(parts) == arnParts {
		f.resourceParts = parts
	}
	for _, name := range slices.Sorted(maps.Keys(req.Context)) { // in the same order every time
		lower := strings.ToLower(name)
		f.context[lower] = append(f.context[lower], req.Context[name]...)
	}
	arn := req.Principal.ARN
	if f.role != "" {
		arn = f.role
	}
	f.derive("aws:principalarn", arn)
	f.derive("aws:principalaccount", f.account)
	f.derive("aws:username", req.Principal.userName())
	return f
}

func (f *facts) derive(key, value string) {
	if _, ok := f.context[key]; !ok && value != "" {
		f.context[key] = []string{value}
	}
}

// single is the value of a key that has one, for a policy variable.
func (f *facts) single(key string) (string, bool) {
	values := f.context[key]
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}
