package template

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// configStrategyID is the logical id of what all configurations of a stack share.
const configStrategyID = "ConfigStrategy"

// config adds a configuration with the document that it begins with: a parameter of
// Systems Manager, or a profile of AppConfig and its first deployment. For one that is
// made elsewhere there are parameters of the template.
//
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ssm-parameter.html
// and https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-appconfig-deployment.html
func (s *stack) config(store usedStore, spec config.Spec) {
	id := policy.StoreID(spec)
	switch {
	case spec.Existing && spec.Source == config.Parameter:
		s.parameterOnce(parameter{id, "String", "The name of the parameter of Systems Manager that has the configuration " + spec.Name() + ", without its first slash."}, store.at)
	case spec.Existing:
		application, environment := policy.ConfigIDs(spec)
		s.parameterOnce(parameter{application, "String", "The id of the application in AppConfig of the configuration " + spec.Name() + "."}, store.at)
		s.parameterOnce(parameter{environment, "String", "The id of its environment."}, store.at)
		s.parameterOnce(parameter{id, "String", "The id of its profile."}, store.at)
	case spec.Source == config.Parameter:
		s.add(resource{id: id, typ: "AWS::SSM::Parameter", at: store.at, properties: object{
			{"Name", sub("/" + policy.ConfigName(spec))},
			{"Type", "String"},
			{"Value", spec.Initial},
			{"Description", "Configuration " + spec.Name()},
		}})
	default:
		s.profile(store.at, spec)
	}
}

// profile adds a profile of AppConfig. An environment takes one deployment at a time,
// so that each configuration has an application and an environment of its own.
func (s *stack) profile(at datastore.Position, spec config.Spec) {
	id := policy.StoreID(spec)
	application, environment := policy.ConfigIDs(spec)
	typ := "AWS.Freeform"
	if spec.Source == config.FeatureFlags {
		typ = "AWS.AppConfig.FeatureFlags"
	}
	if !s.has(configStrategyID, "AWS::AppConfig::DeploymentStrategy") {
		s.add(resource{id: configStrategyID, typ: "AWS::AppConfig::DeploymentStrategy", at: at, properties: object{
			{"Name", sub("${AWS::StackName}-at-once")},
			{"DeploymentDurationInMinutes", 0},
			{"FinalBakeTimeInMinutes", 0},
			{"GrowthFactor", 100},
			{"ReplicateTo", "NONE"},
		}})
	}
	of := object{{"ApplicationId", ref(application)}}
	s.add(resource{id: application, typ: "AWS::AppConfig::Application", at: at, properties: object{{"Name", sub("${AWS::StackName}-" + spec.Name())}}})
	s.add(resource{id: environment, typ: "AWS::AppConfig::Environment", at: at, properties: append(of[:1:1], member{"Name", "live"})})
	s.add(resource{id: id, typ: "AWS::AppConfig::ConfigurationProfile", at: at, properties: append(of[:1:1],
		member{"Name", spec.Name()}, member{"LocationUri", "hosted"}, member{"Type", typ})})
	s.add(resource{id: id + "Version", typ: "AWS::AppConfig::HostedConfigurationVersion", at: at, properties: append(of[:1:1],
		member{"ConfigurationProfileId", ref(id)}, member{"ContentType", "application/json"}, member{"Content", spec.Initial})})
	s.add(resource{id: id + "Deployment", typ: "AWS::AppConfig::Deployment", at: at, properties: append(of[:1:1],
		member{"EnvironmentId", ref(environment)}, member{"ConfigurationProfileId", ref(id)},
		member{"ConfigurationVersion", ref(id + "Version")}, member{"DeploymentStrategyId", ref(configStrategyID)})})
}

// configPlace is the value of a configuration's variable.
func configPlace(spec config.Spec) reference {
	id := policy.StoreID(spec)
	switch {
	case spec.Source != config.Parameter:
		application, environment := policy.ConfigIDs(spec)
		return sub("${" + application + "}/${" + environment + "}/${" + id + "}")
	case spec.Existing:
		return ref(id)
	}
	return sub("/" + policy.ConfigName(spec))
}
