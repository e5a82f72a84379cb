package tier

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// PolicyStatement is one statement of an API's resource policy: whom it lets in
// or keeps out, before and beside the authorizer of a route.
//
//	api.ResourcePolicy(
//		tier.PolicyStatement{Effect: tier.Allow},
//		tier.PolicyStatement{Effect: tier.Deny, Conditions: []datastore.Condition{
//			{Operator: "NotIpAddress", Key: "aws:SourceIp", Values: []string{"203.0.113.0/24"}},
//		}},
//	)
//
// A Deny wins over every Allow. A route without an authorizer is closed to those
// that no statement allows. A route with [IAM] is open to a caller of the API's
// account if the caller's policies or this one allow it, and to one of another
// account if both do.
// Routes with another authorizer are refused in an API with a policy.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html.
type PolicyStatement struct {
	// Effect is [Allow] or [Deny].
	Effect Effect
	// Principals are "*", for everybody, account ids, and the ARNs of users, roles
	// and their sessions. None means "*".
	Principals []string
	// Routes of the API that it is about, as they were declared:
	// "GET /orders/{id}". None means all.
	Routes []string
	// Conditions that must all hold: operators and keys as IAM names them.
	Conditions []datastore.Condition
}

// Effect of a [PolicyStatement].
type Effect string

// Effects.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// ResourcePolicy is the resource policy of an API, as declared.
type ResourcePolicy struct {
	At         datastore.Position
	Statements []PolicyStatement
}

// ResourcePolicy says who may call the API, by account, address or whatever else
// a policy can ask. Only a REST API has one.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies.html.
func (api *API) ResourcePolicy(statements ...PolicyStatement) {
	at := datastore.Caller()
	switch {
	case api.policy != nil:
		api.app.fail(at, "API %s: a resource policy is declared already at %s; write one, with all statements", api.name, api.policy.At)
		return
	case len(statements) == 0:
		api.app.fail(at, "API %s: a resource policy without statements; write at least one", api.name)
		return
	}
	api.policy = &ResourcePolicy{At: at, Statements: slices.Clone(statements)}
	api.restOnly(at, "a resource policy")
}

// DeclaredResourcePolicy is the resource policy, nil without one.
func (api *API) DeclaredResourcePolicy() *ResourcePolicy { return api.policy }

// Everybody reports whether the statement is about all callers.
func (s PolicyStatement) Everybody() bool {
	return len(s.Principals) == 0 || slices.Contains(s.Principals, "*")
}

// Resources are what the statement is about in a stage, in the short form that
// API Gateway completes: "execute-api:/live/GET/orders/*".
func (s PolicyStatement) Resources(stage string) []string {
	if len(s.Routes) == 0 {
		return []string{"execute-api:/" + stage + "/*"}
	}
	var all []string
	for _, route := range s.Routes {
		p, err := handler.ParsePattern(route)
		if err != nil {
			continue // Check says it
		}
		method := p.Method
		if method == "" {
			method = "*"
		}
		var path strings.Builder
		for _, seg := range p.Segments {
			path.WriteByte('/')
			if seg.Kind == handler.Literal {
				path.WriteString(seg.Text)
			} else {
				path.WriteByte('*')
			}
		}
		if path.Len() == 0 {
			path.WriteByte('/')
		}
		all = append(all, "execute-api:/"+stage+"/"+method+path.String())
	}
	return all
}

// check is what is wrong with the policy, for which fail is called.
func (p *ResourcePolicy) check(api *API, fail func(at datastore.Position, format string, args ...any)) {
	if p == nil {
		return
	}
	for _, r := range api.Routes() {
		if a := r.Authorizer(); a != nil && !IsIAM(a) {
			fail(r.at, "route %s: authorizer %s: API %s has a resource policy (%s), and how the two decide together is not judged here; beside a policy write tier.IAM() or tier.Public(), or give the route to another API",
				r, a.Name(), api.name, p.At)
		}
	}
	for i, s := range p.Statements {
		if s.Effect != Allow && s.Effect != Deny {
			fail(p.At, "API %s: resource policy, statement %d: effect %q; write tier.Allow or tier.Deny", api.name, i, string(s.Effect))
		}
		for _, route := range s.Routes {
			if !slices.ContainsFunc(api.Routes(), func(r *Route) bool { return r.text == route }) {
				fail(p.At, "API %s: resource policy, statement %d: the API has no route %q; write one as it was declared", api.name, i, route)
			}
		}
		for j, c := range s.Conditions {
			if slices.ContainsFunc(s.Conditions[:j], func(d datastore.Condition) bool { return d.Operator == c.Operator && d.Key == c.Key }) {
				fail(p.At, "API %s: resource policy, statement %d: condition %s %s twice; write one with all values", api.name, i, c.Operator, c.Key)
			}
			if c.Operator == "" || !strings.Contains(c.Key, ":") || len(c.Values) == 0 {
				fail(p.At, `API %s: resource policy, statement %d: condition %s %s %q; write an operator, a key and values, for example {"IpAddress", "aws:SourceIp", []string{"203.0.113.0/24"}}`,
					api.name, i, c.Operator, c.Key, c.Values)
			}
		}
	}
}
