package template

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
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

// api adds an API with its stages, its custom domain names, and for each route
// of each stage the one permission by which it may invoke the route's function.
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
	s.add(resource{
		id: apiID(api), typ: "AWS::Serverless::Api", at: api.At(),
		properties: append(object{
			{"Name", sub("${AWS::StackName}-" + api.Name())},
			{"StageName", stages[0].Name},
			// Without it SAM adds a second stage, named Stage.
			{"OpenApiVersion", "3.0.1"},
			{"EndpointConfiguration", object{{"Type", "REGIONAL"}}},
			{"DefinitionBody", openAPI(api, s.securitySchemes(api))},
		}, slices.Concat(restStage(stages[0]), s.stageSettings(api))...),
	})
	for _, stage := range stages[1:] {
		s.restStage(api, stage)
	}
	s.usagePlans(api)
}

// permissions let each route of each stage of the API in this account invoke
// its function, and nothing else.
func (s *stack) permissions(api *tier.API) {
	id := apiID(api)
	ids := map[string]int{}
	for _, r := range api.Routes() {
		ids[permissionID(id, r)]++
	}
	for i, stage := range api.DeployedStages() {
		for _, r := range api.Routes() {
			if r.Mock() != nil {
				continue // it invokes nothing
			}
			of := ""
			if i > 0 {
				of = stage.Name
			}
			s.permission(id, stage.Name, of, r, ids[permissionID(id, r)] > 1)
		}
	}
	s.authorizerPermissions(api)
}

// permission lets one route of a stage invoke the function; of is the word that
// tells it from that of the first stage.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html.
func (s *stack) permission(apiID, stage, of string, r *tier.Route, ambiguous bool) {
	method := r.Pattern().Method
	if method == "" {
		method = "*"
	}
	id := permissionID(apiID, r) + policy.LogicalID(of)
	if ambiguous {
		sum := sha256.Sum256([]byte(r.Pattern().String()))
		id += strings.ToUpper(hex.EncodeToString(sum[:4]))
	}
	s.add(resource{
		id: id, typ: "AWS::Lambda::Permission", at: r.At(),
		properties: object{
			{"FunctionName", ref(policy.FunctionID(r.Function()))},
			{"Action", "lambda:InvokeFunction"},
			{"Principal", "apigateway.amazonaws.com"},
			{"SourceAccount", ref("AWS::AccountId")},
			{"SourceArn", sub(fmt.Sprintf("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${%s}/%s/%s%s",
				apiID, stage, method, sourcePath(r.Pattern())))},
		},
	})
}

// permissionID is made of the words of the route. Routes such as /a-b and /a/b
// have the same.
func permissionID(apiID string, r *tier.Route) string {
	words := []string{apiID, strings.ToLower(r.Pattern().Method)}
	if r.Pattern().Method == "" {
		words[1] = "any"
	}
	for _, seg := range r.Pattern().Segments {
		switch seg.Kind {
		case handler.Literal:
			words = append(words, seg.Text)
		case handler.Param:
			words = append(words, "by-"+seg.Text)
		case handler.Greedy:
			words = append(words, "all-"+seg.Text)
		}
	}
	return policy.LogicalID(append(words, "permission")...)
}

// sourcePath is the path as a permission writes it: "*" for a parameter.
func sourcePath(p handler.Pattern) string {
	if len(p.Segments) == 0 {
		return "/"
	}
	var b strings.Builder
	for _, seg := range p.Segments {
		b.WriteByte('/')
		if seg.Kind == handler.Literal {
			b.WriteString(seg.Text)
		} else {
			b.WriteByte('*')
		}
	}
	return b.String()
}

// openAPI is the API as API Gateway imports it.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html.
func openAPI(api *tier.API, schemes object) object {
	var paths object
	checked := newValidation()
	for _, res := range api.Resources() {
		paths = append(paths, member{res.Path, pathItem(res, checked)})
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
	if p := api.DeclaredResourcePolicy(); p != nil {
		doc = append(doc, member{"x-amazon-apigateway-policy", resourcePolicy(api)})
	}
	if responses := gatewayResponses(api); len(responses) > 0 {
		doc = append(doc, member{"x-amazon-apigateway-gateway-responses", responses})
	}
	if binary := api.BinaryMediaTypes(); len(binary) > 0 {
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

func pathItem(res *tier.Resource, checked *validation) object {
	var item object
	for _, r := range res.Routes {
		item = append(item, member{methodKey(r.Pattern().Method), append(guardOf(r), checked.operation(operation(res, r), r)...)})
	}
	if res.CORS != nil {
		item = append(item, member{"options", preflight(res)})
	}
	for _, method := range res.Refused {
		item = append(item, member{methodKey(method), methodNotAllowed(res)})
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

// operation is what the gateway does with requests of a route: it answers them
// itself, or invokes the function.
func operation(res *tier.Resource, r *tier.Route) object {
	if answer := r.Mock(); answer != nil {
		return example(answer).operation(res)
	}
	return object{
		{"parameters", parameters(r)},
		{"responses", object{}},
		{"x-amazon-apigateway-integration", append(integration(r), cacheKey(r)...)},
	}
}

// invocationURI is where an integration finds a function.
func invocationURI(f *tier.Function) object {
	return sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${" +
		policy.FunctionID(f) + ".Arn}/invocations")
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
