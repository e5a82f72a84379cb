package template

import (
	"crypto/sha1"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// firstStageID is the logical id of the first stage of an API, which SAM makes: as SAM
// names it, so that a stack keeps its stage when it goes over from one form of the
// template to the other.
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-generated-resources-api.html.
func firstStageID(api *tier.API) string {
	name := api.DeployedStages()[0].Name
	if name == tier.RootStage {
		return apiID(api) + "ApiGatewayDefaultStage"
	}
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		sum := sha1.Sum([]byte(name)) // a short name, not a secret
		return apiID(api) + "Stage" + hex.EncodeToString(sum[:5])
	}
	return apiID(api) + name + "Stage"
}

// deploymentRef is the deployment of a REST API, which is a picture of the API at the
// time it is made, so that another API has another one.
func deploymentRef(api *tier.API, body object) reference {
	return reference{id: apiID(api) + "Deployment" + contentSum(body), sam: apiID(api) + ".Deployment"}
}

func stageID(api *tier.API, stage tier.Stage) string {
	return policy.LogicalID(api.Name(), stage.Name, "stage")
}

// restStage are the properties of a stage of a REST API that SAM's own resource
// and CloudFormation's share.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-stage.html.
//
// A canary that does not name its deployment gets the stage's when it is made, and keeps
// that when the stage goes on to the next: its requests would see the API as it was, and
// CloudFormation could not delete the deployment.
func restStage(stage tier.Stage, deployment reference) object {
	var o object
	if len(stage.Variables) > 0 {
		o = append(o, member{"Variables", variableMap(stage.Variables)})
	}
	if c := stage.Canary; c != nil {
		setting := object{{"DeploymentId", deployment}, {"PercentTraffic", c.Percent}, {"UseStageCache", c.UseStageCache}}
		if len(c.Variables) > 0 {
			setting = append(setting, member{"StageVariableOverrides", variableMap(c.Variables)})
		}
		o = append(o, member{"CanarySetting", setting})
	}
	return o
}

// restStage adds a stage of a REST API beside its first, on the same deployment and
// with the same settings.
func (s *stack) restStage(api *tier.API, stage tier.Stage, deployment reference, settings object) {
	s.add(resource{
		id: stageID(api, stage), typ: "AWS::ApiGateway::Stage", at: api.At(),
		properties: append(object{
			{"RestApiId", ref(apiID(api))},
			{"DeploymentId", deployment},
			{"StageName", stage.Name},
		}, slices.Concat(restStage(stage, deployment), settings)...),
	})
}

// httpStage adds a stage of an HTTP API beside its first. Like that it deploys
// every change by itself.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-stage.html.
func (s *stack) httpStage(api *tier.API, stage tier.Stage, log object) {
	s.add(resource{
		id: stageID(api, stage), typ: "AWS::ApiGatewayV2::Stage", at: api.At(),
		properties: append(object{
			{"ApiId", ref(apiID(api))},
			{"StageName", stage.Name},
			{"AutoDeploy", true},
		}, slices.Concat(httpStage(api, stage), log)...),
	})
}

// httpStage are the properties of a stage of an HTTP API that SAM's own resource and
// CloudFormation's share.
func httpStage(api *tier.API, stage tier.Stage) object {
	var o object
	if len(stage.Variables) > 0 {
		o = append(o, member{"StageVariables", variableMap(stage.Variables)})
	}
	return append(o, httpLimits(api)...)
}

func variableMap(vars map[string]string) object {
	var o object
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		o = append(o, member{name, vars[name]})
	}
	return o
}

// stageRef is the name of a stage, as what depends on the stage writes it.
func stageRef(api *tier.API, name string) reference {
	stages := api.DeployedStages()
	if stages[0].Name == name {
		return reference{id: firstStageID(api), sam: apiID(api) + ".Stage"}
	}
	return ref(stageID(api, tier.Stage{Name: name}))
}

// stageURL puts out where a stage is served.
func (s *stack) stageURL(api *tier.API, stage tier.Stage, first bool) {
	id, what := apiID(api)+"Url", "Where the API "+api.Name()+" is served."
	if api.DeclaresStages() {
		what = "Where the stage " + stage.Name + " of the API " + api.Name() + " is served."
	}
	if !first {
		id += policy.LogicalID(stage.Name)
	}
	path := "/" + stage.Name
	if stage.Name == tier.RootStage {
		path = ""
	}
	s.output(id, what, sub("https://${"+apiID(api)+"}.execute-api.${AWS::Region}.${AWS::URLSuffix}"+path), api.At())
}
