package template

import (
	"encoding/json"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// concurrency are the properties of a function that say how often it may run at once.
func concurrency(f *tier.Function) (properties object) {
	if n, declared := f.ReservedConcurrency(); declared {
		properties = append(properties, member{"ReservedConcurrentExecutions", n})
	}
	if f.IsRecursive() {
		properties = append(properties, member{"RecursiveLoop", "Allow"})
	}
	return properties
}

// busy is how many of the provisioned environments may be busy before there are more.
const busy = json.Number("0.7")

// scaling has Application Auto Scaling keep more environments of a function started
// while many of them are busy. It does so by the service's own role.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html#managing-provisioned-concurency
func (s *stack) scaling(f *tier.Function) {
	least, most := f.ProvisionedConcurrency()
	if most <= least {
		return
	}
	target := policy.LogicalID(f.Name(), "scaling-target")
	s.add(resource{
		id: target, typ: "AWS::ApplicationAutoScaling::ScalableTarget", at: f.At(),
		attributes: object{{"DependsOn", array{policy.AliasID(f)}}},
		properties: object{
			{"ServiceNamespace", "lambda"},
			{"ScalableDimension", "lambda:function:ProvisionedConcurrency"},
			{"ResourceId", sub("function:" + nameInText(f))},
			{"MinCapacity", least},
			{"MaxCapacity", most},
		},
	})
	s.add(resource{id: policy.LogicalID(f.Name(), "scaling-policy"), typ: "AWS::ApplicationAutoScaling::ScalingPolicy", at: f.At(), properties: object{
		{"PolicyName", sub("${AWS::StackName}-" + f.Name())},
		{"PolicyType", "TargetTrackingScaling"},
		{"ScalingTargetId", ref(target)},
		{"TargetTrackingScalingPolicyConfiguration", object{
			{"TargetValue", busy},
			{"PredefinedMetricSpecification", object{{"PredefinedMetricType", "LambdaProvisionedConcurrencyUtilization"}}},
		}},
	}})
}
