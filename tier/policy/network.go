package policy

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Reach is a store that a function reaches only in the private network.
type Reach struct {
	Spec datastore.Spec
	Port int      // TCP
	Ops  []string // what the function does to it
}

// Reaches are the stores for which a function is put into the private network,
// in order of its grants; none for one that stays outside.
func Reaches(f *tier.Function) []Reach {
	var all []Reach
	for _, u := range datastore.Usages(f.Grants()) {
		for _, need := range u.Needs() {
			known := slices.ContainsFunc(all, func(r Reach) bool { return datastore.Same(r.Spec, u.Spec) && r.Port == need.Port })
			if need.Port > 0 && !known {
				all = append(all, Reach{u.Spec, need.Port, u.Ops})
			}
		}
	}
	return all
}

// Services are the IAM prefixes of the services that a function calls over
// HTTPS itself, sorted: what a function in the private network needs endpoints for.
func Services(f *tier.Function) []string {
	var all []string
	for _, u := range datastore.Usages(f.Grants()) {
		for _, need := range u.Needs() {
			called := len(need.Actions)+len(need.Unsigned) > 0 && !need.Polled && !datastore.IsIndirect(u.Spec)
			if called && !slices.Contains(loginServices, need.Service) {
				all = append(all, need.Service)
			}
		}
	}
	if len(CallerStatements(f)) > 0 {
		all = append(all, "sts") // by which it assumes the role of its callers
	}
	if f.Report() != nil {
		all = append(all, "codedeploy") // which it tells the outcome
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Unsigned are the requests to a service that a function sends without a signature,
// and the resources that they are about, in order of its grants. They are no
// statements of its role.
func Unsigned(f *tier.Function, service string) []Statement {
	var all []Statement
	for _, u := range datastore.Usages(f.Grants()) {
		for _, need := range u.Needs() {
			if len(need.Unsigned) == 0 || need.Service != service {
				continue
			}
			s := Statement{Resource: storeARN(u.Spec, need), Because: causes(u)}
			for _, a := range need.Unsigned {
				s.Actions = append(s.Actions, need.Service+":"+a)
			}
			all = append(all, s)
		}
	}
	return all
}

// loginServices have permissions for tokens that are signed without a call, or that
// the Data API of Redshift gets for its caller.
var loginServices = []string{"rds-db", "elasticache", "redshift", "redshift-serverless"}

// interfaces are the actions by which Lambda attaches a function to a network.
// They have no narrower resource than "*".
//
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
var interfaces = []string{
	"ec2:AssignPrivateIpAddresses",
	"ec2:CreateNetworkInterface",
	"ec2:DeleteNetworkInterface",
	"ec2:DescribeNetworkInterfaces",
	"ec2:DescribeSubnets",
	"ec2:UnassignPrivateIpAddresses",
}

// fromCode holds for requests of code that runs in a function.
var fromCode = datastore.Condition{Operator: "Null", Key: "lambda:SourceFunctionArn", Values: []string{"false"}}

// attachment lets Lambda attach a function to the network with its role, and
// keeps the function's own code from doing the same: requests of code that runs
// in a function carry lambda:SourceFunctionArn.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
func attachment(f *tier.Function) []Statement {
	reaches := Reaches(f)
	if len(reaches) == 0 {
		return nil
	}
	because := []Cause{{"function " + f.Name() + ": is in the private network of " + name(reaches[0].Spec), f.At()}}
	return []Statement{
		{Actions: interfaces, Resource: "*", Because: because},
		{
			Deny: true, Actions: interfaces, Resource: "*", Because: because,
			Conditions: []datastore.Condition{fromCode},
		},
	}
}

func name(spec datastore.Spec) string { return spec.Kind() + " " + spec.Name() }
