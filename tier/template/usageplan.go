package template

import (
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// usagePlans adds the usage plans of an API and their keys.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-usageplan.html.
func (s *stack) usagePlans(api *tier.API) {
	for _, p := range api.Plans() {
		at := api.PlanAt(p.Name)
		id := policy.LogicalID(api.Name(), p.Name, "plan")
		stages := array{}
		for _, deployed := range api.DeployedStages() {
			// A reference, for the stage must be there first.
			stage := object{{"ApiId", ref(apiID(api))}, {"Stage", stageRef(api, deployed.Name)}}
			if routes := planRoutes(api, p); len(routes) > 0 {
				stage = append(stage, member{"Throttle", routes})
			}
			stages = append(stages, stage)
		}
		properties := object{{"UsagePlanName", sub("${AWS::StackName}-" + p.Name)}, {"ApiStages", stages}}
		if p.Rate > 0 {
			properties = append(properties, member{"Throttle", planLimits(tier.Throttling{Rate: p.Rate, Burst: p.Burst})})
		}
		if q := p.Quota; q.Limit > 0 {
			properties = append(properties, member{"Quota", object{{"Limit", q.Limit}, {"Offset", q.Offset}, {"Period", string(q.Period)}}})
		}
		s.add(resource{id: id, typ: "AWS::ApiGateway::UsagePlan", at: at, properties: properties})
		for _, key := range p.Keys {
			keyID := s.apiKey(resource{id: policy.LogicalID(key, "api-key"), typ: "AWS::ApiGateway::ApiKey", at: at,
				properties: object{{"Name", sub("${AWS::StackName}-" + key)}, {"Enabled", true}}}, key)
			s.add(resource{
				id: policy.LogicalID(api.Name(), p.Name, key, "plan-key"), typ: "AWS::ApiGateway::UsagePlanKey", at: at,
				properties: object{{"KeyId", ref(keyID)}, {"KeyType", "API_KEY"}, {"UsagePlanId", ref(id)}},
			})
		}
	}
}

// apiKey adds an API key once: plans of several APIs can have the same.
func (s *stack) apiKey(key resource, name string) string {
	for _, other := range s.resources {
		if other.id == key.id && other.typ == key.typ && other.properties[0].value.(reference).text == key.properties[0].value.(reference).text {
			return key.id
		}
	}
	s.add(key)
	s.output(key.id, "The id of the API key "+name+", whose value aws apigateway get-api-key --include-value shows.", ref(key.id), key.at)
	return key.id
}

// planRoutes are limits of routes in a plan: "/orders/{id}/GET".
func planRoutes(api *tier.API, p tier.UsagePlan) object {
	var routes object
	for _, res := range api.Resources() {
		for _, r := range res.Routes {
			t, own := p.Routes[r.String()]
			if !own {
				continue
			}
			path := res.Path
			if path == "/" {
				path = ""
			}
			for _, method := range concreteMethods(res, r) {
				routes = append(routes, member{path + "/" + method, planLimits(t)})
			}
		}
	}
	return routes
}

func planLimits(t tier.Throttling) object {
	return object{{"RateLimit", t.Rate}, {"BurstLimit", t.Burst}}
}

// keySchemeName is the security scheme by which a route asks for an API key.
const keySchemeName = "api_key"
