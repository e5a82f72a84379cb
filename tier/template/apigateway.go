package template

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/openapi"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// integrationTimeout is what API Gateway waits for a function, in milliseconds.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html.
const integrationTimeout = 29000

func apiID(api *tier.API) string { return policy.LogicalID(api.Name(), "api") }

// api adds an API with its stages, its custom domain names, and the permissions
// by which its routes may invoke their functions.
func (s *stack) api(api *tier.API) {
	if api.Kind() == tier.HTTP {
		s.httpAPI(api)
	} else {
		s.restAPI(api)
	}
	s.permissions(api)
	s.domains(api)
	for i, stage := range api.DeployedStages() {
		s.stageURL(api, stage, i == 0)
	}
}

func (s *stack) restAPI(api *tier.API) {
	if err := checkResourcePolicy(api); err != nil {
		s.errs = append(s.errs, err)
		return
	}
	stages := api.DeployedStages()
	name, body := sub("${AWS::StackName}-"+api.Name()), openAPI(api, s.securitySchemes(api))
	deployment, settings := deploymentRef(api, body), append(s.stageSettings(api), s.accessLog(api.DeclaredAccessLog(), apiID(api), "AccessLogSetting", restLine)...)
	stage := slices.Concat(restStage(stages[0], deployment), settings)
	endpointType, forSAM, plain := s.endpointType(api)
	s.add(resource{
		id: apiID(api), typ: "AWS::Serverless::Api", at: api.At(),
		properties: append(object{
			{"Name", name},
			{"StageName", stages[0].Name},
			// Without it SAM adds a second stage, named Stage.
			{"OpenApiVersion", "3.0.1"},
			{"EndpointConfiguration", forSAM},
			{"DefinitionBody", body},
		}, stage...),
		plain: []resource{
			{id: apiID(api), typ: "AWS::ApiGateway::RestApi", at: api.At(), properties: object{
				{"Name", name},
				{"EndpointConfiguration", plain},
				{"Parameters", object{{"endpointConfigurationTypes", endpointType}}},
				{"Body", body},
			}},
			{id: deployment.id, typ: "AWS::ApiGateway::Deployment", at: api.At(), properties: object{{"RestApiId", ref(apiID(api))}}},
			{id: firstStageID(api), typ: "AWS::ApiGateway::Stage", at: api.At(), properties: append(object{
				{"RestApiId", ref(apiID(api))},
				{"DeploymentId", ref(deployment.id)},
				{"StageName", stages[0].Name},
			}, stage...)},
		},
	})
	for _, stage := range stages[1:] {
		s.restStage(api, stage, deployment, settings)
	}
	s.usagePlans(api)
	s.firewall(api)
}

// openAPI is the API as API Gateway imports it.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html.
func openAPI(api *tier.API, schemes object) object {
	var paths object
	checked, binary := newValidation(), api.BinaryMediaTypes()
	for _, res := range api.Resources() {
		paths = append(paths, member{res.Path, pathItem(res, checked, len(binary) > 0)})
	}
	doc := object{
		{"openapi", "3.0.1"},
		{"info", object{{"title", api.Name()}, {"version", "1"}}},
		{"paths", paths},
	}
	var components object
	if len(schemes) > 0 {
		components = append(components, member{"securitySchemes", schemes})
	}
	if models := checked.schemas.Components(openapi.Import); len(models) > 0 {
		components = append(components, member{"schemas", tree(models)})
	}
	if len(components) > 0 {
		doc = append(doc, member{"components", components})
	}
	if statements := append(declaredStatements(api), fromEndpoints(api)...); len(statements) > 0 {
		doc = append(doc, member{"x-amazon-apigateway-policy", document(statements...)})
	}
	if responses := gatewayResponses(api); len(responses) > 0 {
		doc = append(doc, member{"x-amazon-apigateway-gateway-responses", responses})
	}
	if len(binary) > 0 {
		doc = append(doc, member{"x-amazon-apigateway-binary-media-types", texts(binary)})
	}
	if api.KeyRequired() {
		doc = append(doc, member{"x-amazon-apigateway-api-key-source", api.KeySource()})
	}
	if len(checked.validators) > 0 {
		doc = append(doc, member{"x-amazon-apigateway-request-validators", checked.validators})
	}
	return doc
}

// pathItem is a resource. binary says that the API has binary media types.
func pathItem(res *tier.Resource, checked *validation, binary bool) object {
	var item object
	for _, r := range res.Routes {
		item = append(item, member{methodKey(r.Pattern().Method), append(guardOf(r), checked.operation(operation(res, r, binary), r)...)})
	}
	if res.CORS != nil {
		item = append(item, member{"options", preflight(res, binary)})
	}
	for _, method := range res.Refused {
		item = append(item, member{methodKey(method), methodNotAllowed(res, binary)})
	}
	return item
}

// guardOf is what an operation asks of its callers.
func guardOf(r *tier.Route) object {
	if s := security(r); s != nil {
		return object{{"security", s}}
	}
	return nil
}

// answered is the status of a route's answers: OpenAPI wants one response at least. The
// gateway passes every status of the function on.
func answered(r *tier.Route) int {
	if op := r.Operation(); op != nil {
		return op.Output.Status
	}
	return http.StatusOK
}

// operation is what the gateway does with requests of a route: it answers them
// itself, or invokes the function.
func operation(res *tier.Resource, r *tier.Route, binary bool) object {
	if answer := r.Mock(); answer != nil {
		return example(answer).operation(res, binary)
	}
	return object{
		{"parameters", parameters(r)},
		{"responses", object{{strconv.Itoa(answered(r)), object{{"description", "The answer of the function."}}}}},
		{"x-amazon-apigateway-integration", append(integration(r), cacheKey(r)...)},
	}
}

// invocationURI is where an integration finds a function.
func invocationURI(f *tier.Function) reference {
	return sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/" +
		arnInText(f) + "/invocations")
}

func methodKey(method string) string {
	if method == "" || method == "ANY" {
		return "x-amazon-apigateway-any-method"
	}
	return strings.ToLower(method)
}

func pathParameters(p handler.Pattern) array {
	params := array{}
	for _, name := range p.Params() {
		params = append(params, object{
			{"name", name}, {"in", "path"}, {"required", true}, {"schema", object{{"type", "string"}}},
		})
	}
	return params
}
