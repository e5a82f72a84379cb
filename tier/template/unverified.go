package template

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// What [Options].Unverified calls functions with [tier.TenantIsolation] and
// [tier.OnInstances].
const (
	Tenancy          = "tenancy"
	ManagedInstances = "managed-instances"
)

// Unverified are the names of what a template can have and nobody of this project has
// tried on AWS.
func Unverified() []string { return []string{ManagedInstances, Tenancy} }

// checkUnverified refuses what was not asked for by name.
func (s *stack) checkUnverified(asked []string) {
	for _, f := range s.app.Functions() {
		for _, used := range []struct {
			is           bool
			option, name string
		}{
			{f.Tenancy() != nil, "tier.TenantIsolation", Tenancy},
			{f.Instances() != nil, "tier.OnInstances", ManagedInstances},
		} {
			if used.is && !slices.Contains(asked, used.name) {
				s.refuse(f.At(), "function %s: %s was never tried on AWS by this project; add -unverified %s to the command to have it all the same", f.Name(), used.option, used.name)
			}
		}
	}
}

// tenancy has Lambda keep the tenants of a function apart.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-tenancyconfig.html
func tenancy(f *tier.Function) object {
	if f.Tenancy() == nil {
		return nil
	}
	return object{{"TenancyConfig", object{{"TenantIsolationMode", "PER_TENANT"}}}}
}

// tenantHeader is that of Lambda's Invoke, which an integration fills in.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation-invoke.html
const tenantHeader = "integration.request.header.X-Amz-Tenant-Id"

// tenantOf is what an integration hands to Lambda as the tenant of a request.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/request-response-data-mappings.html
func tenantOf(r *tier.Route) object {
	from := r.Function().Tenancy()
	if from == nil {
		return nil
	}
	value := "method.request." + from.In + "." + from.Name
	if from.In == "claim" {
		value = "context.authorizer." + from.Name
		if _, cognito := r.Authorizer().(*tier.CognitoAuthorizer); cognito {
			value = "context.authorizer.claims." + from.Name
		}
	}
	return object{{"requestParameters", object{{tenantHeader, value}}}}
}

// tenantParameter is the header that a method must name to have it handed on, if params
// do not name it already.
func tenantParameter(r *tier.Route, params array) array {
	from := r.Function().Tenancy()
	if from == nil || from.In != "header" || slices.ContainsFunc(params, func(p any) bool {
		return at(p.(object), "in") == "header" && strings.EqualFold(at(p.(object), "name").(string), from.Name)
	}) {
		return params
	}
	return append(params, object{
		{"name", from.Name}, {"in", "header"}, {"required", false}, {"schema", object{{"type", "string"}}},
	})
}
