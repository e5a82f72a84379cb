package template

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// integrationTimeout is what API Gateway waits for a function, in milliseconds.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html.
const integrationTimeout = 29000

func apiID(api *tier.API) string { return policy.LogicalID(api.Name(), "api") }

// api adds a REST API, and for each of its routes the one permission by which
// it may invoke the route's function.
func (s *stack) api(api *tier.API) {
	if api.Kind() != tier.REST || len(api.Authorizers()) > 0 {
		s.errs = append(s.errs, &datastore.DeclarationError{At: api.At(), Message: "API " + api.Name() +
			": the template has no form for HTTP APIs and authorizers yet"})
		return
	}
	id := apiID(api)
	s.add(resource{
		id: id, typ: "AWS::Serverless::Api", at: api.At(),
		properties: object{
			{"Name", sub("${AWS::StackName}-" + api.Name())},
			{"StageName", tier.Stage},
			// Without it SAM adds a second stage, named Stage.
			{"OpenApiVersion", "3.0.1"},
			{"EndpointConfiguration", object{{"Type", "REGIONAL"}}},
			{"DefinitionBody", openAPI(api)},
		},
	})
	ids := map[string]int{}
	for _, r := range api.Routes() {
		ids[permissionID(id, r)]++
	}
	for _, r := range api.Routes() {
		s.permission(id, r, ids[permissionID(id, r)] > 1)
	}
	s.outputs = append(s.outputs, member{id + "Url", object{
		{"Description", "Where the API " + api.Name() + " is served."},
		{"Value", sub(fmt.Sprintf("https://${%s}.execute-api.${AWS::Region}.${AWS::URLSuffix}/%s", id, tier.Stage))},
	}})
}

// permission lets one route of one stage of one API in this account invoke the
// function, and nothing else.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/arn-format-reference.html.
func (s *stack) permission(apiID string, r *tier.Route, ambiguous bool) {
	method := r.Pattern().Method
	if method == "" {
		method = "*"
	}
	id := permissionID(apiID, r)
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
				apiID, tier.Stage, method, sourcePath(r.Pattern())))},
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
func openAPI(api *tier.API) object {
	var paths object
	for _, res := range api.Resources() {
		paths = append(paths, member{res.Path, pathItem(res)})
	}
	doc := object{
		{"openapi", "3.0.1"},
		{"info", object{{"title", api.Name()}, {"version", "1"}}},
		{"paths", paths},
		{"x-amazon-apigateway-gateway-responses", gatewayResponses(api)},
	}
	if binary := api.BinaryMediaTypes(); len(binary) > 0 {
		doc = append(doc, member{"x-amazon-apigateway-binary-media-types", texts(binary)})
	}
	return doc
}

func pathItem(res *tier.Resource) object {
	var item object
	for _, r := range res.Routes {
		item = append(item, member{methodKey(r.Pattern().Method), object{
			{"parameters", pathParameters(r.Pattern())},
			{"responses", object{}},
			{"x-amazon-apigateway-integration", integration(r)},
		}})
	}
	if res.CORS != nil {
		item = append(item, member{"options", preflight(res)})
	}
	for _, method := range res.Refused {
		item = append(item, member{methodKey(method), methodNotAllowed(res)})
	}
	return item
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
