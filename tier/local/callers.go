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
	// May are the routes that the policies allow with any parameters, as they were
	// declared, in every stage; "all of function NAME" of a function URL. It is
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
	return callersOf(g.now(), g.iam)
}

// callersOf are the callers of authorities that know the same identities.
func callersOf(now time.Time, authorities ...*authority) []Caller {
	if len(authorities) == 0 {
		return nil
	}
	var all []Caller
	for _, i := range authorities[0].order {
		all = append(all, Caller{Name: i.Name, ARN: i.ARN, AccessKey: i.Credentials.AccessKey, Expires: i.Credentials.Expires})
	}
	for _, a := range authorities {
		for n, i := range a.order {
			for _, what := range a.guards() {
				if a.allowsAll(i, what, now) {
					all[n].May = append(all[n].May, what)
				} else {
					all[n].MayNot = append(all[n].MayNot, what)
				}
			}
		}
	}
	return all
}

// guards are what the authority stands before, each once: a route of several
// stages has a resource in each.
func (a *authority) guards() []string {
	var all []string
	for _, target := range a.guarded {
		if !slices.Contains(all, target.what) {
			all = append(all, target.what)
		}
	}
	return all
}

// allowsAll asks for every resource of what is guarded.
func (a *authority) allowsAll(i *Identity, what string, at time.Time) bool {
	return !slices.ContainsFunc(a.guarded, func(target guarded) bool {
		return target.what == what && !a.allows(i, target, at)
	})
}

// allows asks for an ARN with wildcards, without a request.
func (a *authority) allows(i *Identity, target guarded, at time.Time) bool {
	context := i.conditions(at, a.region)
	for name, values := range a.facts {
		context[name] = values
	}
	for _, action := range a.actions {
		if !decide(i, evaluate.Request{Principal: i.principal(), Action: action, Resource: target.arn, Context: context}, target.policy).Allowed() {
			return false
		}
	}
	return true
}
