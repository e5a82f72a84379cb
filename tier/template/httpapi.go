package template

import (
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// httpTimeout is the most that an HTTP API waits for a function, in
// milliseconds. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
const httpTimeout = 30000

// maxIntegrations is how many integrations an HTTP API has, which each route is in what is
// imported. It cannot be raised. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
const maxIntegrations = 300

// httpAPI adds an HTTP API: routes and integrations in an OpenAPI document, and
// its stages.
// See https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-httpapi.html.
func (s *stack) httpAPI(api *tier.API) {
	stages := api.DeployedStages()
	if n := len(api.Routes()); n > maxIntegrations {
		s.refuse(api.At(), "API %s: it has %d routes, each with an integration, and an HTTP API has %d at most: have several under one route with a greedy parameter ({path...}), make it a REST API, or divide it into two", api.Name(), n, maxIntegrations)
	}
	body, log := s.httpOpenAPI(api), s.accessLog(api.DeclaredAccessLog(), apiID(api), "AccessLogSettings", httpLine)
	stage := slices.Concat(httpStage(api, stages[0]), log)
	s.add(resource{
		id: apiID(api), typ: "AWS::Serverless::HttpApi", at: api.At(),
		properties: append(object{
			{"StageName", stages[0].Name},
			{"FailOnWarnings", true},
			{"DefinitionBody", body},
		}, stage...),
		plain: []resource{
			{id: apiID(api), typ: "AWS::ApiGatewayV2::Api", at: api.At(), properties: object{{"Body", body}, {"FailOnWarnings", true}}},
			{id: firstStageID(api), typ: "AWS::ApiGatewayV2::Stage", at: api.At(), properties: append(object{
				{"ApiId", ref(apiID(api))},
				{"StageName", stages[0].Name},
				{"AutoDeploy", true},
			}, stage...)},
		},
	})
	for _, stage := range stages[1:] {
		s.httpStage(api, stage, log)
	}
}

// httpOpenAPI is the API as API Gateway imports an HTTP API.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html.
func (s *stack) httpOpenAPI(api *tier.API) object {
	var paths object
	for _, res := range api.Resources() {
		var item object
		for _, r := range res.Routes {
			item = append(item, member{methodKey(r.Pattern().Method), httpOperation(api, r)})
		}
		paths = append(paths, member{res.Path, item})
	}
	if r := api.DefaultRoute(); r != nil {
		paths = append(paths, member{"/" + r.String(), object{
			{methodKey(""), append(object{{"isDefaultRoute", true}}, httpOperation(api, r)...)},
		}})
	}
	doc := object{
		{"openapi", "3.0.1"},
		{"info", object{{"title", sub("${AWS::StackName}-" + api.Name())}, {"version", "1"}}},
		{"paths", paths},
	}
	if schemes := s.httpSchemes(api); len(schemes) > 0 {
		doc = append(doc, member{"components", object{{"securitySchemes", schemes}}})
	}
	if cors := api.DeclaredCORS(); cors != nil {
		doc = append(doc, member{"x-amazon-apigateway-cors", httpCORS(cors)})
	}
	return doc
}

func httpOperation(api *tier.API, r *tier.Route) object {
	o := object{
		{"parameters", pathParameters(r.Pattern())},
		{"responses", object{{"default", object{{"description", "The answer of the function."}}}}},
		{"x-amazon-apigateway-integration", object{
			{"type", "aws_proxy"},
			{"httpMethod", "POST"},
			{"uri", invocationURI(r.Function())},
			{"payloadFormatVersion", string(api.PayloadFormat())},
			{"timeoutInMillis", httpTimeout},
		}},
	}
	if a := r.Authorizer(); a != nil {
		o = append(o, member{"security", array{object{{a.Name(), texts(r.Scopes())}}}})
	}
	return o
}

// httpSchemes are the authorizers of the API, by name. One that has no form here
// is a mistake at each of its routes, which would be open without it.
func (s *stack) httpSchemes(api *tier.API) object {
	var schemes object
	for _, a := range api.Authorizers() {
		scheme := httpAuthorizer(a)
		if scheme != nil {
			schemes = append(schemes, member{a.Name(), scheme})
			continue
		}
		for _, r := range api.Routes() {
			if r.Authorizer() == a {
				s.errs = append(s.errs, &datastore.DeclarationError{At: r.At(), Message: "route " + r.String() +
					": authorizer " + a.Name() + ": the template has no form for it in an HTTP API"})
			}
		}
	}
	return schemes
}

// httpCORS is what the gateway answers preflights by, and adds to every answer.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html.
func httpCORS(cors *handler.CORS) object {
	o := object{
		{"allowOrigins", texts(cors.Origins)},
		{"allowMethods", texts(cors.AllowedMethods())},
		{"allowHeaders", texts(cors.AllowedHeaders())},
	}
	if len(cors.Expose) > 0 {
		o = append(o, member{"exposeHeaders", texts(cors.Expose)})
	}
	if cors.Credentials {
		o = append(o, member{"allowCredentials", true})
	}
	if cors.MaxAge > 0 {
		o = append(o, member{"maxAge", int(cors.MaxAge / time.Second)})
	}
	return o
}

// httpLimits are how fast the routes of a stage may be called.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-apigatewayv2-stage-routesettings.html.
func httpLimits(api *tier.API) object {
	var o, routes object
	if t := api.Throttling(); t != nil {
		o = append(o, member{"DefaultRouteSettings", limits(t)})
	}
	for _, r := range api.Routes() {
		t := r.Throttling()
		if t == nil {
			continue
		}
		method := r.Pattern().Method
		if method == "" {
			method = "ANY"
		}
		routes = append(routes, member{method + " " + r.Pattern().Resource(), limits(t)})
	}
	if len(routes) > 0 {
		o = append(o, member{"RouteSettings", routes})
	}
	return o
}
