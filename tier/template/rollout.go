package template

import (
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// rollout has CodeDeploy move the invocations of a function to its new version.
//
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/automating-updates-to-serverless-apps.html
func (s *stack) rollout(f *tier.Function, l *liveFunction) {
	r, group := f.Rollout(), policy.FunctionID(f)+"DeploymentGroup"
	alarms, role := s.alarms(f), getAtt(s.rolloutRole(f), "Arn")
	var sam, plain object // hooks
	if r.Before != nil {
		sam = append(sam, member{"PreTraffic", ref(policy.FunctionID(r.Before))})
		plain = append(plain, member{"BeforeAllowTrafficHook", ref(policy.FunctionID(r.Before))})
	}
	if r.After != nil {
		sam = append(sam, member{"PostTraffic", ref(policy.FunctionID(r.After))})
		plain = append(plain, member{"AfterAllowTrafficHook", ref(policy.FunctionID(r.After))})
	}
	preference := object{{"Type", string(r.Shift)}, {"Alarms", alarms}, {"Role", role}}
	if sam != nil {
		preference = append(preference, member{"Hooks", sam})
	}
	l.sam = append(l.sam, member{"DeploymentPreference", preference})
	named := make(array, len(alarms))
	for i, a := range alarms {
		named[i] = object{{"Name", a}}
	}
	alias := &l.plain[len(l.plain)-1]
	update := append(object{{"ApplicationName", ref(policy.RolloutsID)}, {"DeploymentGroupName", ref(group)}}, plain...)
	alias.attributes = object{{"UpdatePolicy", object{{"CodeDeployLambdaAliasUpdate", update}}}}
	if !s.rolledOut {
		s.rolledOut = true
		l.plain = append(l.plain, resource{id: policy.RolloutsID, typ: "AWS::CodeDeploy::Application", at: f.At(), properties: object{{"ComputePlatform", "Lambda"}}})
	}
	l.plain = append(l.plain, resource{id: group, typ: "AWS::CodeDeploy::DeploymentGroup", at: f.At(), properties: object{
		{"AlarmConfiguration", object{{"Enabled", true}, {"Alarms", named}}},
		{"ApplicationName", ref(policy.RolloutsID)},
		{"AutoRollbackConfiguration", object{
			{"Enabled", true},
			{"Events", array{"DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"}},
		}},
		{"DeploymentConfigName", subWith("CodeDeployDefault.Lambda${ConfigName}", object{{"ConfigName", string(r.Shift)}})},
		{"DeploymentStyle", object{{"DeploymentType", "BLUE_GREEN"}, {"DeploymentOption", "WITH_TRAFFIC_CONTROL"}}},
		{"ServiceRoleArn", role},
	}})
}

// rolloutRole is the role by which CodeDeploy reads alarms and moves the alias. Each
// function has one: a function that calls another waits for the rollout of that, which
// would wait for the role, and that for the caller.
func (s *stack) rolloutRole(f *tier.Function) string {
	id := policy.RolloutRoleID(f)
	s.add(resource{id: id, typ: "AWS::IAM::Role", at: f.At(), properties: roleOf(policy.RolloutStatements(f), object{
		{"Effect", "Allow"},
		{"Principal", object{{"Service", "codedeploy.amazonaws.com"}}},
		{"Action", "sts:AssumeRole"},
		// Nobody else's deployment may borrow the role. AWS does not document that
		// CodeDeploy always says for whom it acts.
		{"Condition", object{{"StringEqualsIfExists", object{{"aws:SourceAccount", ref("AWS::AccountId")}}}}},
	})})
	return id
}

// alarms are those that a rollout is watched by: its own, and those that were named. None
// of its own names the API: that needs the alias, which waits for the rollout.
func (s *stack) alarms(f *tier.Function) array {
	alarms := array{
		s.alarm(f, policy.LogicalID(f.Name(), "errors-alarm"), "it fails", "AWS/Lambda", "Errors",
			array{
				object{{"Name", "FunctionName"}, {"Value", ref(policy.FunctionID(f))}},
				object{{"Name", "Resource"}, {"Value", sub(nameInText(f))}},
			}),
		s.loggedAlarm(f),
	}
	for _, name := range f.Rollout().Alarms {
		alarms = append(alarms, name)
	}
	return alarms
}

// loggedAlarm watches the errors that a function logs: an answer of 5xx and a record
// that failed are no errors to Lambda.
//
// See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
func (s *stack) loggedAlarm(f *tier.Function) reference {
	namespace := sub("tierkit/${AWS::StackName}")
	s.add(resource{id: policy.LogicalID(f.Name(), "errors-filter"), typ: "AWS::Logs::MetricFilter", at: f.At(), properties: object{
		{"LogGroupName", ref(policy.LogID(f))},
		{"FilterPattern", `{ $.level = "ERROR" }`},
		{"MetricTransformations", array{object{
			{"MetricNamespace", namespace}, {"MetricName", f.Name()}, {"MetricValue", "1"}, {"DefaultValue", 0},
		}}},
	}})
	return s.alarm(f, policy.LogicalID(f.Name(), "logged-alarm"), "it logs errors", namespace, f.Name(), nil)
}

// alarm goes off when there is more of a metric in a minute than the rollout bears.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
func (s *stack) alarm(f *tier.Function, id, what string, namespace any, metric string, dimensions array) reference {
	properties := object{
		{"AlarmDescription", "Rolls the function " + f.Name() + " back while it is deployed: " + what + "."},
		{"Namespace", namespace},
		{"MetricName", metric},
	}
	if dimensions != nil {
		properties = append(properties, member{"Dimensions", dimensions})
	}
	s.add(resource{id: id, typ: "AWS::CloudWatch::Alarm", at: f.At(), properties: append(properties, object{
		{"Statistic", "Sum"},
		{"Period", 60},
		{"EvaluationPeriods", 1},
		{"Threshold", f.Rollout().Errors},
		{"ComparisonOperator", "GreaterThanThreshold"},
		{"TreatMissingData", "notBreaching"},
	}...)})
	return ref(id)
}
