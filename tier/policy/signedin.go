package policy

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// SignedInRoleID is the logical id of the role of who has signed in by an exchange.
func SignedInRoleID(exchange datastore.Spec) string { return StoreID(exchange) + "Role" }

// SignedInStatements are those of the role of who has signed in by an exchange: one for
// each route with tier.SignedIn of it, in each stage of the API.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
func SignedInStatements(app *tier.App, exchange datastore.Spec) []Statement {
	var all []Statement
	for _, api := range app.APIs() {
		for _, stage := range api.DeployedStages() {
			for _, r := range api.Routes() {
				if !slices.ContainsFunc(r.SignedIn(), func(c datastore.Spec) bool { return datastore.Same(c, exchange) }) {
					continue
				}
				all = with(all, Statement{
					Actions:  []string{"execute-api:Invoke"},
					Resource: arn("execute-api", "${"+LogicalID(api.Name(), "api")+"}/"+stage.Name+"/"+RouteMethod(r)+RoutePath(r)),
					Because:  []Cause{{"route " + r.String() + ": who has signed in by " + name(exchange), r.At()}},
				})
			}
		}
	}
	return all
}

// RouteMethod is the method of a route as IAM has it in the ARN of a request: "*" for all.
func RouteMethod(r *tier.Route) string {
	if method := r.Pattern().Method; method != "" {
		return method
	}
	return "*"
}

// RoutePath is the path of a route as IAM has it in the ARN of a request: "*" for a
// parameter, which it takes for deeper paths, too.
func RoutePath(r *tier.Route) string {
	p := r.Pattern()
	if len(p.Segments) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, seg := range p.Segments {
		b.WriteByte('/')
		if seg.Kind == handler.Literal {
			b.WriteString(seg.Text)
		} else {
			b.WriteByte('*')
		}
	}
	return b.String()
}
