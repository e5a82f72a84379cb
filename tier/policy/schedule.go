package policy

import "github.com/seed-18e8afb5/tierkit/tier"

// ScheduleID is the logical id of the schedule of a trigger: "WorkerNightlySchedule".
func ScheduleID(t *tier.Trigger) string {
	return LogicalID(t.DeclaredFor().Name(), t.Feed().Spec.Name(), "schedule")
}

// ScheduleRoleID is the logical id of the role by which EventBridge Scheduler invokes the
// function: "WorkerNightlyScheduleRole".
func ScheduleRoleID(t *tier.Trigger) string { return ScheduleID(t) + "Role" }

// ScheduleStatements are those of the role of a schedule: it invokes the function and
// nothing else.
//
// See https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
func ScheduleStatements(t *tier.Trigger) []Statement {
	function := "function:${" + FunctionID(t.Function()) + "}"
	if t.Function().Rollout() != nil {
		function += ":" + tier.LiveAlias
	}
	return []Statement{{
		Actions:  []string{"lambda:InvokeFunction"},
		Resource: arn("lambda", function),
		Because:  []Cause{{name(t.Feed().Spec) + " of function " + t.Function().Name(), t.At()}},
	}}
}
