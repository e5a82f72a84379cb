package local

import (
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// Caller is somebody who may sign requests to a [Gateway], and to what.
type Caller struct {
	// Name, ARN and AccessKey as in [Identity].
	Name, ARN, AccessKey string
	// Expires is when the credentials end; zero means never.
	Expires time.Time
	// May are the routes that the policies allow with any parameters and in every
	// stage, as they were declared; "all of function NAME" of a function URL. It is
	// judged without a request: what policies ask of the client's address or its
	// program is taken as not met, and a Deny of single parameters does not show.
	May []string
	// MayNot are the others. Some of their requests may be allowed all the same.
	MayNot []string
}

// Signing is the service and the Region that requests must be signed for; "" if
// nothing is signed.
func (g *Gateway) Signing() (service, region string) {
	if g.iam == nil {
		return "", ""
	}
	return g.iam.service, g.iam.region
}

// Callers are who may sign requests, in the order of the [Identities]; none if
// no route has IAM.
func (g *Gateway) Callers() []Caller {
	if g.iam == nil {
		return nil
	}
	var all []Caller
	for _, i := range g.iam.order {
		c := Caller{Name: i.Name, ARN: i.ARN, AccessKey: i.Credentials.AccessKey, Expires: i.Credentials.Expires}
		for _, target := range g.iam.guarded {
			if g.iam.allows(i, target.arn, g.now()) {
				c.May = append(c.May, target.what)
			} else {
				c.MayNot = append(c.MayNot, target.what)
			}
		}
		c.joinStages()
		all = append(all, c)
	}
	return all
}

// joinStages names a route of several stages once, and as allowed if it is in all
// of them.
func (c *Caller) joinStages() {
	once := func(routes []string, without []string) []string {
		var kept []string
		for _, r := range routes {
			if !slices.Contains(kept, r) && !slices.Contains(without, r) {
				kept = append(kept, r)
			}
		}
		return kept
	}
	c.MayNot = once(c.MayNot, nil)
	c.May = once(c.May, c.MayNot)
}

// allows asks for an ARN with wildcards, without a request.
func (a *authority) allows(i *Identity, arn string, at time.Time) bool {
	context := i.conditions(at, a.region)
	for name, values := range a.facts {
		context[name] = values
	}
	for _, action := range a.actions {
		if !a.decide(i, evaluate.Request{Principal: i.principal(), Action: action, Resource: arn, Context: context}).Allowed() {
			return false
		}
	}
	return true
}
