package template

import (
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// onInstances are the properties by which a function runs on instances that Lambda
// manages, as SAM and as CloudFormation write them. The capacity provider is a parameter:
// it has a network and a role of its own, which must start and end instances.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-capacityproviderconfig.html
func (s *stack) onInstances(f *tier.Function) (sam, plain object) {
	i := f.Instances()
	if i == nil {
		return nil, nil
	}
	if reaches := policy.Reaches(f); len(reaches) > 0 {
		s.refuse(f.At(), "function %s: tier.OnInstances: the network is that of the capacity provider, and %s %s is in that of the template; use it in another function",
			f.Name(), reaches[0].Spec.Kind(), reaches[0].Spec.Name())
	}
	provider := policy.LogicalID(i.Provider, "capacity-provider")
	s.parameterOnce(parameter{provider, "String", "The ARN of the capacity provider " + i.Provider + ", on whose instances Lambda runs functions."}, f.At())
	var config object
	if i.Concurrency > 0 {
		config = append(config, member{"PerExecutionEnvironmentMaxConcurrency", i.Concurrency})
	}
	if i.MemoryPerVCPU > 0 {
		config = append(config, member{"ExecutionEnvironmentMemoryGiBPerVCpu", i.MemoryPerVCPU})
	}
	sam = object{{"CapacityProviderConfig", append(object{{"Arn", ref(provider)}}, config...)}}
	plain = object{{"CapacityProviderConfig", object{
		{"LambdaManagedInstancesCapacityProviderConfig", append(object{{"CapacityProviderArn", ref(provider)}}, config...)},
	}}}
	return append(sam, environments(f)...), append(plain, environments(f)...)
}

// environments are how many execution environments a version on instances has.
func environments(f *tier.Function) object {
	i := f.Instances()
	if i == nil || i.Most == 0 {
		return nil
	}
	return object{{"FunctionScalingConfig", object{{"MinExecutionEnvironments", i.Least}, {"MaxExecutionEnvironments", i.Most}}}}
}
