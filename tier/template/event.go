package template

import (
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// rule has EventBridge invoke a function for events of a bus.
func (s *stack) rule(t *tier.Trigger) {
	feed := t.Feed()
	id := policy.LogicalID(t.DeclaredFor().Name(), feed.Spec.Name(), "rule")
	s.eventRule(t, id, feed.Spec.(event.RuleSpec).Bus, valueOf(feed.Filter))
}

// eventRule adds a rule for the events of a bus, "" for the default one, that a pattern
// takes.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-rule.html.
func (s *stack) eventRule(t *tier.Trigger, id, bus string, pattern any) {
	var properties object
	if bus != "" {
		properties = object{{"EventBusName", bus}}
	}
	s.add(resource{id: id, typ: "AWS::Events::Rule", at: t.At(), properties: append(properties, object{
		{"EventPattern", pattern},
		{"Targets", array{object{{"Id", "function"}, {"Arn", invokedARN(t.Function())}}}},
	}...)})
	s.invokedBy(t, id, "events.amazonaws.com", getAtt(id, "Arn"))
}

// schedule has EventBridge Scheduler invoke a function by the clock, with a role that
// may do nothing else. Rules of EventBridge could do it without a role, but know UTC
// alone, and AWS has no more than 300 of them in an account.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-scheduler-schedule.html.
func (s *stack) schedule(t *tier.Trigger) {
	spec := t.Feed().Spec.(event.ScheduleSpec)
	function := invokedARN(t.Function())
	id, role := policy.ScheduleID(t), policy.ScheduleRoleID(t)
	s.add(resource{id: role, typ: "AWS::IAM::Role", at: t.At(), properties: roleOf(policy.ScheduleStatements(t), object{
		{"Effect", "Allow"},
		{"Principal", object{{"Service", "scheduler.amazonaws.com"}}},
		{"Action", "sts:AssumeRole"},
		// Nobody else's schedule may borrow the role.
		{"Condition", object{{"StringEquals", object{{"aws:SourceAccount", ref("AWS::AccountId")}}}}},
	})})
	state, window := "ENABLED", object{{"Mode", "OFF"}}
	if spec.Off {
		state = "DISABLED"
	}
	if spec.Within > 0 {
		window = object{{"Mode", "FLEXIBLE"}, {"MaximumWindowInMinutes", int(spec.Within / time.Minute)}}
	}
	spec.Input = strings.ReplaceAll(spec.Input, "${", `\u0024{`) // which tools take for a parameter
	s.add(resource{id: id, typ: "AWS::Scheduler::Schedule", at: t.At(), properties: object{
		{"ScheduleExpression", spec.Expression},
		{"ScheduleExpressionTimezone", spec.Zone},
		{"State", state},
		{"FlexibleTimeWindow", window},
		{"Target", object{
			{"Arn", function},
			{"RoleArn", getAtt(role, "Arn")},
			{"Input", spec.Payload("<aws.scheduler.execution-id>", "<aws.scheduler.scheduled-time>", "<aws.scheduler.schedule-arn>")},
		}},
	}})
}

// logs has CloudWatch Logs invoke a function for log events of a log group. The
// subscription tries the function when it is made, and so needs the permission first.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-subscriptionfilter.html.
func (s *stack) logs(t *tier.Trigger) {
	spec := t.Feed().Spec.(event.LogsSpec)
	id := policy.LogicalID(t.DeclaredFor().Name(), spec.Name(), "logs")
	s.invokedBy(t, id, "logs.amazonaws.com",
		sub("arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"+spec.Group+":*"),
		member{"SourceAccount", ref("AWS::AccountId")})
	s.add(resource{
		id: id, typ: "AWS::Logs::SubscriptionFilter", at: t.At(),
		attributes: object{{"DependsOn", array{id + "Permission"}}},
		properties: object{
			{"LogGroupName", spec.Group},
			{"FilterPattern", spec.Pattern},
			{"DestinationArn", invokedARN(t.Function())},
		},
	})
}
