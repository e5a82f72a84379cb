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

// NewVersion reports whether a store of a hook calls the function that it checks: the
// call goes to the new version then.
func NewVersion(hook *tier.Function, store datastore.Spec) bool {
	spec, calls := store.(call.Spec)
	checked := hook.Checked()
	return calls && spec.Qualifier == "" && checked != nil && checked.Name() == spec.Name()
}

// calledBy is what a function may invoke of one that it calls, behind the name: the alias
// of one that has it, and each version of the one that it checks as a hook. A role with
// the number of the new version would change with each deployment, a moment before the
// hook runs, and IAM takes longer to know.
func calledBy(f *tier.Function, store datastore.Spec) string {
	if NewVersion(f, store) {
		return ":*"
	}
	if _, live := LiveCallee(f.App(), store); live {
		return ":" + tier.LiveAlias
	}
	return ""
}

// RolloutsID is the logical id of what the rollouts of a stack share, as SAM names it.
const RolloutsID = "ServerlessDeploymentApplication"

// reporting lets a hook tell CodeDeploy its outcome, in the rollouts of this stack. Their
// groups cannot be named: a group needs its role, and that names the hook.
//
// See https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
func reporting(f *tier.Function) []Statement {
	if f.Report() == nil {
		return nil
	}
	return []Statement{{
		Actions:  []string{"codedeploy:PutLifecycleEventHookExecutionStatus"},
		Resource: arn("codedeploy", "deploymentgroup:${"+RolloutsID+"}/*"),
		Because:  []Cause{{"function " + f.Name() + ": is a hook", f.DirectAt()}},
	}}
}

// RolloutRoleID is the logical id of the role by which CodeDeploy moves a function's
// alias: "OrdersRolloutRole".
func RolloutRoleID(f *tier.Function) string { return LogicalID(f.Name(), "rollout-role") }

// RolloutStatements are those of the role by which CodeDeploy moves a function's alias,
// reads the alarms that stop it, and runs its hooks: what its managed policy for Lambda
// allows of all functions. None for a function without a [tier.Shift].
//
// See https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
func RolloutStatements(f *tier.Function) []Statement {
	r := f.Rollout()
	if r == nil || r.Shift == "" {
		return nil
	}
	because := []Cause{{"function " + f.Name() + ": its rollout", f.At()}}
	function := "function:${" + FunctionID(f) + "}"
	statements := []Statement{
		{Actions: []string{"lambda:GetAlias", "lambda:UpdateAlias"}, Resource: arn("lambda", function), Because: because},
		{Actions: []string{"lambda:GetProvisionedConcurrencyConfig"}, Resource: arn("lambda", function+":"+tier.LiveAlias), Because: because},
		// CodeDeploy asks for all alarms of a group at once.
		{Actions: []string{"cloudwatch:DescribeAlarms"}, Resource: arn("cloudwatch", "alarm:*"), Because: because},
	}
	for _, hook := range []*tier.Function{r.Before, r.After} {
		if hook != nil {
			statements = with(statements, Statement{
				Actions: []string{"lambda:InvokeFunction"}, Resource: arn("lambda", "function:${"+FunctionID(hook)+"}"), Because: because,
			})
		}
	}
	return statements
}
