package lint

import (
	"fmt"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// askedEachTime finds authorizers that are invoked for every request.
func askedEachTime(d *declaration) {
	for _, api := range d.app.APIs() {
		for _, a := range api.Authorizers() {
			if l, ok := a.(*tier.LambdaAuthorizer); ok && l.Settings().TTL == 0 {
				d.found("authorizer "+l.Name(), l.At(), "write a TTL, and Sources that tell callers apart",
					"is invoked for every request: each costs a second invocation and waits for it")
			}
		}
	}
}

// endpoints finds networks that pay for the ways to AWS services.
func endpoints(d *declaration) {
	var named []string
	var at datastore.Position
	for _, r := range d.template.Resources() {
		if r.Text("VpcEndpointType") == "Interface" {
			if named = append(named, r.ID); at.IsZero() {
				at = r.At
			}
		}
	}
	if len(named) > 0 {
		d.found("network", at, "let a function that needs no store of the network call these services, and give it the work by a queue",
			"%s are paid for by the hour in each of two zones, used or not", list(named))
	}
}

// throughNAT finds functions that call AWS services from a network which somebody else
// made.
func throughNAT(d *declaration) {
	for _, f := range d.functions() {
		services := slices.DeleteFunc(policy.Services(f), func(s string) bool { return s == "dynamodb" || s == "s3" })
		given := slices.ContainsFunc(policy.Reaches(f), func(r policy.Reach) bool { return r.Spec.Kind() == "service" })
		if given && len(services) > 0 {
			d.found(function(f), f.At(), "make interface endpoints for them in the network; or divide the function, so that one outside of it calls them",
				"is in a network that you name, and calls %s: each byte goes through a NAT gateway there, unless the network has endpoints for them", list(services))
		}
	}
}

// byTheHour are resources that cost while nobody uses them, and what they are.
var byTheHour = map[string]string{
	"AWS::RDS::DBInstance":                  "a database instance",
	"AWS::RDS::DBProxy":                     "a proxy",
	"AWS::ElastiCache::ReplicationGroup":    "two nodes of a cache",
	"AWS::ElastiCache::ServerlessCache":     "a serverless cache, of which the least storage is paid for",
	"AWS::Kinesis::Stream":                  "a stream",
	"AWS::OpenSearchService::Domain":        "two nodes of a search domain",
	"AWS::WAFv2::WebACL":                    "a web ACL, of which each rule costs too",
	"AWS::OpenSearchServerless::Collection": "a collection, of which the least capacity is paid for",
	"AWS::Redshift::Cluster":                "the nodes of a warehouse",
}

// idle finds what is paid for by the hour.
func idle(d *declaration) {
	for _, r := range d.template.Resources() {
		if what := byTheHour[r.Type]; what != "" {
			d.found(r.ID, r.At, "nothing, if it is meant so; else a store that costs by use", "is %s, which costs by the hour, used or not", what)
		}
	}
	for _, api := range d.app.APIs() {
		if c := api.DeclaredCache(); c != nil {
			d.found("API "+api.Name(), api.CacheAt(), "nothing, if it is meant so; else middleware.Cache over a store that costs by use",
				"has a cache of %v GB, which costs by the hour for %s", c.Size, stages(api))
		}
	}
}

func stages(api *tier.API) string {
	if n := len(api.DeployedStages()); n > 1 {
		return fmt.Sprintf("each of its %d stages", n)
	}
	return "its stage"
}
