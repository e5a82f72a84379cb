package policy

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// AliasID is the logical id of a function's alias, as SAM makes it:
// "OrdersFunctionAliaslive".
func AliasID(f *tier.Function) string { return FunctionID(f) + "Alias" + tier.LiveAlias }

// LiveCallee is the function that a store calls, if it is one of the App whose versions
// are published, and is called as it is: the call goes to its alias then.
func LiveCallee(app *tier.App, store datastore.Spec) (*tier.Function, bool) {
	spec, calls := store.(call.Spec)
	if !calls || spec.Qualifier != "" {
		return nil, false
	}
	callee := app.FunctionNamed(spec.Name())
	return callee, callee != nil && callee.Rollout() != nil
}

// RolloutRoleID is the logical id of the role by which CodeDeploy moves a function's
// alias: "OrdersRolloutRole".
func RolloutRoleID(f *tier.Function) string { return LogicalID(f.Name(), "rollout-role") }

// RolloutStatements are those of the role by which CodeDeploy moves a function's alias
// and reads the alarms that stop it: what its managed policy for Lambda allows of all
// functions. None for a function without a [tier.Shift].
//
// See https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
func RolloutStatements(f *tier.Function) []Statement {
	r := f.Rollout()
	if r == nil || r.Shift == "" {
		return nil
	}
	because := []Cause{{"function " + f.Name() + ": its rollout", f.At()}}
	function := "function:${" + FunctionID(f) + "}"
	return []Statement{
		{Actions: []string{"lambda:GetAlias", "lambda:UpdateAlias"}, Resource: arn("lambda", function), Because: because},
		{Actions: []string{"lambda:GetProvisionedConcurrencyConfig"}, Resource: arn("lambda", function+":"+tier.LiveAlias), Because: because},
		// CodeDeploy asks for all alarms of a group at once.
		{Actions: []string{"cloudwatch:DescribeAlarms"}, Resource: arn("cloudwatch", "alarm:*"), Because: because},
	}
}
