package evaluate

// Relation is how a caller's policies and a resource's are to be combined.
type Relation int

// Relations. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html.
const (
	// SameAccount: the caller belongs to the account of the resource; either side
	// may allow. API Gateway takes the policy of a Lambda authorizer as such a
	// caller's, after it refused what the resource policy denies on its own.
	SameAccount Relation = iota
	// CrossAccount: the caller belongs to another account; both must allow.
	CrossAccount
	// ResourceAlone: nobody has policies of his own, as with a Cognito authorizer
	// or without one; the resource policy must allow.
	ResourceAlone
)

// Combine joins what the identity-based policies decide about a request with
// what the resource-based policy does. A Deny on either side wins. Without a
// resource-based policy, give the zero Decision for it.
//
// A resource-based policy that names the account of the caller delegates: in the
// same account it allows nothing that the identity-based policies do not.
func Combine(relation Relation, identity, resource Decision) Decision {
	switch {
	case relation == ResourceAlone:
		return alone(resource)
	case identity.Outcome == ExplicitDeny:
		return identity
	case resource.Outcome == ExplicitDeny:
		return resource
	case relation == CrossAccount && (identity.Outcome != Allow || resource.Outcome != Allow):
		return Decision{}
	case identity.Outcome == Allow:
		return identity
	}
	return alone(resource)
}

// alone is a decision with nothing beside it: to delegate is then not to allow.
func alone(d Decision) Decision {
	if d.Delegated {
		return Decision{}
	}
	return d
}
