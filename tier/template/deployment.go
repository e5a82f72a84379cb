package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// deploymentTimeout is how many seconds CloudFormation waits for an answer: as long as
// the function may run, and some for its beginning. It would wait an hour.
const deploymentTimeout = 960

// deploymentID is the logical id of the custom resource of a function.
func deploymentID(f *tier.Function) string { return policy.LogicalID(f.Name(), "deployment") }

// checkDeployments finds what keeps a deployment from being done.
func (s *stack) checkDeployments() {
	owners := map[string]string{} // the database of each owner's secret
	for _, f := range s.deployments {
		store, d := f.Deployment()
		if d.Err != nil {
			s.refuse(f.At(), "%s %s: %v", store.Kind(), store.Name(), d.Err)
		}
	}
	for _, used := range stores(s.app) {
		db, ok := used.spec.(sqldb.Spec)
		if !ok || db.Owner.Login == nil {
			continue
		}
		own := db.Owner.Login.Spec().Name()
		if other, taken := owners[own]; taken {
			s.refuse(used.at, "sqldb %s: its owner's secret, %s, is that of sqldb %s, and RDS keeps one for each; declare another login", db.Logical, own, other)
		}
		owners[own] = db.Logical
	}
}

func (s *stack) refuse(at datastore.Position, format string, args ...any) {
	s.errs = append(s.errs, &datastore.DeclarationError{At: at, Message: fmt.Sprintf(format, args...)})
}

// deployment adds the custom resource that has a function of a deployment invoked:
// when its properties change, which are the version of what is to be done, where the
// stores are and who uses them. It waits for what the function needs at once: the
// network, and the instance of a cluster.
//
// How many run at a time is not limited by reserved concurrency, for which a new
// account has none to spare: CloudFormation asks for one, and package migrate locks the
// database for the event that Lambda delivers twice.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-customresource.html.
func (s *stack) deployment(f *tier.Function) {
	store, d := f.Deployment()
	properties := object{
		{"ServiceToken", getAtt(policy.FunctionID(f), "Arn")},
		{"ServiceTimeout", deploymentTimeout},
		{"Version", d.Version},
		{"Stores", s.variables(f)},
	}
	if db, ok := store.(sqldb.Spec); ok && db.Engine == sqldb.DSQL {
		properties = append(properties,
			member{"Writers", s.users(store, "Write", "Tx")},
			member{"Readers", s.users(store, "Read")},
		)
	}
	var attributes object
	if needed := s.neededBy(f); len(needed) > 0 {
		attributes = object{{"DependsOn", texts(needed)}}
	}
	s.add(resource{id: deploymentID(f), typ: "Custom::Deployment", at: f.At(), attributes: attributes, properties: properties})
}

// users are the roles of the functions that do one of some operations to a store.
func (s *stack) users(store datastore.Spec, ops ...string) array {
	roles := array{}
	for _, f := range s.app.Functions() {
		does := func(g *datastore.Grant) bool {
			return datastore.Same(g.Spec, store) && slices.ContainsFunc(g.Ops, func(op string) bool { return slices.Contains(ops, op) })
		}
		if slices.ContainsFunc(f.Grants(), does) {
			roles = append(roles, getAtt(policy.RoleID(f), "Arn"))
		}
	}
	return roles
}

// neededBy are the resources that a function which is invoked during a deployment needs to
// run, and does not name.
func (s *stack) neededBy(f *tier.Function) []string {
	var ids []string
	for _, store := range f.Stores() {
		if db, ok := store.(sqldb.Spec); ok && db.Aurora() {
			ids = append(ids, auroraInstanceID(db))
		}
	}
	if len(policy.Reaches(f)) == 0 {
		return ids
	}
	endpoints := []string{endpointID("s3")}
	for _, service := range policy.Services(f) {
		endpoints = append(endpoints, endpointID(service))
	}
	for _, r := range s.resources {
		switch r.typ {
		case "AWS::EC2::SecurityGroupIngress":
			if strings.Contains(r.id, "From"+functionGroupID(f)) {
				ids = append(ids, r.id)
			}
		case "AWS::EC2::VPCEndpoint":
			if slices.Contains(endpoints, r.id) {
				ids = append(ids, r.id)
			}
		case "AWS::EC2::SubnetRouteTableAssociation":
			ids = append(ids, r.id)
		}
	}
	return ids
}

// afterDeployments is the attribute of a function that has it wait for what is done to
// its stores.
func (s *stack) afterDeployments(f *tier.Function) object {
	var ids []string
	for _, d := range s.deployments {
		store, _ := d.Deployment()
		if f != d && slices.ContainsFunc(f.Stores(), func(own datastore.Spec) bool { return datastore.Same(own, store) }) {
			ids = append(ids, deploymentID(d))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return object{{"DependsOn", texts(ids)}}
}

// listed reports whether a deployment needs the role of a function: to name it, or by
// way of an endpoint that lets it through.
func (s *stack) listed(f *tier.Function) bool {
	return slices.ContainsFunc(s.deployments, func(d *tier.Function) bool {
		store, _ := d.Deployment()
		db, ok := store.(sqldb.Spec)
		return ok && db.Engine == sqldb.DSQL && slices.ContainsFunc(f.Stores(), func(own datastore.Spec) bool { return datastore.Same(own, store) }) ||
			!s.given && sharesEndpoint(f, d)
	})
}

// sharesEndpoint reports whether two functions in the private network call the same
// service, whose endpoint then names both of their roles.
func sharesEndpoint(f, other *tier.Function) bool {
	if len(policy.Reaches(f)) == 0 || len(policy.Reaches(other)) == 0 {
		return false
	}
	theirs := policy.Services(other)
	return slices.ContainsFunc(policy.Services(f), func(service string) bool {
		return service == "s3" || slices.Contains(theirs, service) // deployments answer by way of S3
	})
}

// calls reports whether a statement names functions.
func calls(st policy.Statement) bool {
	return slices.ContainsFunc(st.Actions, func(action string) bool { return strings.HasPrefix(action, "lambda:") })
}

// callsApart lets a function call others by a resource of its own, if a deployment
// needs its role: these others may wait for the deployment, which would then wait for
// them.
func (s *stack) callsApart(f *tier.Function) {
	var statements []policy.Statement
	for _, st := range policy.Statements(f) {
		if calls(st) {
			statements = append(statements, st)
		}
	}
	if len(statements) == 0 || !s.listed(f) {
		return
	}
	s.add(resource{id: policy.RoleID(f) + "Calls", typ: "AWS::IAM::RolePolicy", at: f.At(), properties: object{
		{"PolicyName", "calls"},
		{"RoleName", ref(policy.RoleID(f))},
		{"PolicyDocument", document(statementsOf(statements)...)},
	}})
}

// usages are what all functions do to the stores.
func (s *stack) usages() []datastore.Usage {
	var grants []*datastore.Grant
	for _, f := range append(s.app.Functions(), s.deployments...) {
		grants = append(grants, f.Grants()...)
	}
	return datastore.Usages(grants)
}

// answersOnly adds the endpoint of S3 for a network in which nobody uses S3, but the
// function of a deployment answers CloudFormation.
func (s *stack) answersOnly(at datastore.Position) {
	s.endpoint("s3", gateways["s3"], at, array{answerStatement()}, gatewayEndpoint())
}

// answerStatement lets answers pass to the buckets in which CloudFormation awaits them.
// The addresses are signed by CloudFormation, so that the role of the function does not
// matter. The names of the buckets have the region without its dashes.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/vpc-interface-endpoints.html.
func answerStatement() object {
	region := object{{"Fn::Join", array{"", object{{"Fn::Split", array{"-", ref("AWS::Region")}}}}}}
	return object{
		{"Effect", "Allow"},
		{"Principal", object{{"AWS", "*"}}},
		{"Action", "s3:PutObject"},
		{"Resource", subWith("arn:${AWS::Partition}:s3:::cloudformation-custom-resource-response-${Region}/*", object{{"Region", region}})},
	}
}
