package lint

import (
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// fullRoles finds roles whose policies may be longer than IAM takes: how long they are
// depends on the names of the stack and of what is in it. What is longer whatever the
// names are is a mistake of the declaration.
func fullRoles(d *declaration) {
	for _, role := range d.template.RoleSizes() {
		if role.Most > template.MaxRolePolicy {
			d.found(policy.Bearer(d.app, role.ID), role.At, "divide what has it into several functions, or let it have fewer stores and scopes",
				"can have policies of %d characters in its role, in a stack with the name %s; IAM takes %d, and the deployment fails beyond that", role.Most, d.app.Name(), template.MaxRolePolicy)
		}
	}
}

// Quotas of an API that AWS raises for who asks.
const (
	maxAPIResources   = 300 // of a REST API
	maxSocketRoutes   = 300
	maxAPIStages      = 10
	maxAPIAuthorizers = 10
)

// beyondQuotas finds APIs that are deployed only where AWS has raised a quota.
func beyondQuotas(d *declaration) {
	for _, api := range d.app.APIs() {
		guards := slices.DeleteFunc(api.Authorizers(), tier.IsIAM)
		if n := pathParts(api); api.Kind() == tier.REST && n > maxAPIResources {
			d.raise("API "+api.Name(), api.At(), n, "resources, one for each part of a path", maxAPIResources, "have several under one route with a greedy parameter ({path...}), or divide the API into two")
		}
		if n := len(api.DeployedStages()); n > maxAPIStages {
			d.raise("API "+api.Name(), api.At(), n, "stages", maxAPIStages, "let some of them be deployments of the App in stacks of their own")
		}
		if n := len(guards); n > maxAPIAuthorizers {
			d.raise("API "+api.Name(), api.At(), n, "authorizers", maxAPIAuthorizers, "have one decide for several routes, by what the route asks for")
		}
	}
	for _, w := range d.app.WebSockets() {
		if n := len(w.Routes()); n > maxSocketRoutes {
			d.raise("WebSocket API "+w.Name(), w.At(), n, "routes", maxSocketRoutes, "tell messages apart in the handler of $default")
		}
	}
}

// raise records that on has n of what only quota are allowed.
func (d *declaration) raise(on string, at datastore.Position, n int, what string, quota int, instead string) {
	d.found(on, at, fmt.Sprintf("ask AWS for more before the deployment (Service Quotas), or %s", instead),
		"has %d %s; API Gateway allows %d until it is asked for more, and the deployment fails", n, what, quota)
}

// pathParts are how many resources a REST API is made of: the root, and each beginning of
// a path of its routes.
func pathParts(api *tier.API) int {
	parts := map[string]bool{"": true}
	for _, r := range api.Routes() {
		path := ""
		for _, seg := range r.Pattern().Segments {
			path += "/" + seg.String()
			parts[path] = true
		}
	}
	return len(parts)
}

// fullStacks finds templates that have little room left.
func fullStacks(d *declaration) {
	const many = template.MaxResources * 8 / 10
	if n := len(d.template.Resources()); n > many {
		d.found("app "+d.app.Name(), d.app.At(), "divide the App into several before it is full, or deploy it with fewer functions (-functions one)",
			"has %d resources in its template, and CloudFormation takes %d: no command prints one that is larger", n, template.MaxResources)
	}
}
