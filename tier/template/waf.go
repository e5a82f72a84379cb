package template

import (
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// rateWindow is the time in seconds for which a rate is counted.
const rateWindow = 300

// firewall adds the web ACL of an API, or a parameter for one that there is, and ties it
// to every stage.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webaclassociation.html.
func (s *stack) firewall(api *tier.API) {
	w := api.DeclaredWAF()
	if w == nil {
		return
	}
	id := apiID(api) + "WebAcl"
	acl := getAtt(id, "Arn")
	if w.Existing {
		acl = ref(id)
		s.parameterOnce(parameter{id, "String", "The ARN of the regional web ACL before the API " + api.Name() + "."}, w.At)
	} else {
		s.webACL(id, w)
	}
	for _, stage := range api.DeployedStages() {
		s.add(resource{
			id: policy.LogicalID(api.Name(), stage.Name, "web-acl"), typ: "AWS::WAFv2::WebACLAssociation", at: w.At,
			properties: object{
				{"ResourceArn", subWith("arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/${"+apiID(api)+"}/stages/${Stage}",
					object{{"Stage", stageRef(api, stage.Name)}})},
				{"WebACLArn", acl},
			},
		})
	}
}

// webACL adds a web ACL that lets in what none of its rules blocks.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-wafv2-webacl.html.
func (s *stack) webACL(id string, w *tier.DeclaredWAF) {
	var rules array
	add := func(name string, what ...member) {
		rules = append(rules, append(append(object{{"Name", name}, {"Priority", len(rules)}}, what...), visibility(name)))
	}
	if w.RateLimit > 0 {
		add("rate", member{"Action", object{{"Block", object{}}}}, member{"Statement", object{{"RateBasedStatement", object{
			{"AggregateKeyType", "IP"}, {"EvaluationWindowSec", rateWindow}, {"Limit", int(w.RateLimit)},
		}}}})
	}
	for _, group := range w.Rules {
		statement := object{{"VendorName", "AWS"}, {"Name", string(group)}}
		if group == tier.CommonRules {
			// The handlers say how large a body may be.
			statement = append(statement, member{"RuleActionOverrides", array{object{
				{"Name", "SizeRestrictions_BODY"}, {"ActionToUse", object{{"Count", object{}}}},
			}}})
		}
		add(string(group), member{"OverrideAction", object{{"None", object{}}}}, member{"Statement", object{{"ManagedRuleGroupStatement", statement}}})
	}
	s.add(resource{id: id, typ: "AWS::WAFv2::WebACL", at: w.At, properties: object{
		{"Name", sub("${AWS::StackName}-" + id)}, // CloudFormation's own is without the stack, by which a deployer knows it
		{"Scope", "REGIONAL"},
		{"DefaultAction", object{{"Allow", object{}}}},
		{"Rules", rules},
		visibility(id),
	}})
}

// visibility has a metric count, and no requests sampled: samples have addresses and
// headers.
func visibility(metric string) member {
	return member{"VisibilityConfig", object{{"CloudWatchMetricsEnabled", true}, {"MetricName", metric}, {"SampledRequestsEnabled", false}}}
}
