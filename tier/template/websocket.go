package template

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// socketHost is where a WebSocket API is reached, for Fn::Sub.
func socketHost(id string) string {
	return "${" + id + "}.execute-api.${AWS::Region}.${AWS::URLSuffix}/" + tier.DefaultStage
}

// socket adds a WebSocket API: an integration for each function, a route for
// each route, with the one permission by which it may invoke the function, and
// one stage.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ApiGatewayV2.html
func (s *stack) socket(w *tier.WebSocket) {
	id := policy.SocketID(w.Name())
	s.add(resource{
		id: id, typ: "AWS::ApiGatewayV2::Api", at: w.At(),
		properties: object{
			{"Name", sub("${AWS::StackName}-" + w.Name())},
			{"ProtocolType", "WEBSOCKET"},
			{"RouteSelectionExpression", w.Selection()},
		},
	})
	widths := map[*tier.Function]width{}
	for _, f := range w.Functions() {
		widths[f] = s.socketWidth(f)
		s.add(resource{
			id: integrationID(w, f), typ: "AWS::ApiGatewayV2::Integration", at: f.At(),
			properties: object{
				{"ApiId", ref(id)},
				{"IntegrationType", "AWS_PROXY"},
				{"IntegrationUri", invocationURI(f)},
				{"TimeoutInMillis", integrationTimeout},
			},
		})
		if widths[f] == byStage {
			s.permit(integrationID(w, f)+"Permission", f, id, socketSource, f.At())
		}
	}
	if a, ok := w.Authorizer().(*tier.LambdaAuthorizer); ok {
		s.socketAuthorizer(w, a, id)
	}
	routes := s.socketRoutes(w, id, widths)
	s.socketStage(w, id, routes)
	s.output(id+"Url", "Where clients of the WebSocket API "+w.Name()+" connect.", sub("wss://"+socketHost(id)), w.At())
}

// socketSource is what the permission for all routes of a WebSocket API says of them.
const socketSource = tier.DefaultStage + "/*"

// socketWidth is by how many permissions a function has room for its routes, beside
// those that it has already: one each, or one for the stage.
func (s *stack) socketWidth(f *tier.Function) width {
	size := s.permitted(f)
	for _, r := range f.SocketRoutes() {
		size += statementSize + len(tier.DefaultStage+"/"+r.Key())
	}
	if size <= maxFunctionPolicy {
		return byRoute
	}
	return byStage
}

func integrationID(w *tier.WebSocket, f *tier.Function) string {
	return policy.LogicalID(w.Name(), "socket", f.Name(), "integration")
}

// socketRoutes adds the routes and returns their logical ids.
func (s *stack) socketRoutes(w *tier.WebSocket, id string, widths map[*tier.Function]width) []string {
	same := map[string]int{}
	for _, r := range w.Routes() {
		same[policy.LogicalID(w.Name(), "socket", r.Key())]++
	}
	var ids []string
	for _, r := range w.Routes() {
		words := policy.LogicalID(w.Name(), "socket", r.Key())
		if same[words] > 1 { // $connect and connect have the same words
			sum := sha256.Sum256([]byte(r.Key()))
			words += strings.ToUpper(hex.EncodeToString(sum[:4]))
		}
		ids = append(ids, words+"Route")
		s.socketRoute(w, r, id, words)
		if widths[r.Function()] == byRoute {
			s.permit(words+"Permission", r.Function(), id, tier.DefaultStage+"/"+r.Key(), r.At())
		}
		if r.Responds() {
			ids = append(ids, words+"RouteResponse")
		}
	}
	return ids
}

// socketAuthorizer adds the Lambda authorizer of a WebSocket API, and the one
// permission by which it may be asked. API Gateway wants a list of identity sources
// even where there is none.
// See https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-authorizer.html
func (s *stack) socketAuthorizer(w *tier.WebSocket, a *tier.LambdaAuthorizer, id string) {
	var sources []string
	for _, source := range a.Sources() {
		sources = append(sources, identitySource([]tier.Source{source}, "route.request.", ""))
	}
	s.add(resource{
		id: socketAuthorizerID(w), typ: "AWS::ApiGatewayV2::Authorizer", at: w.AuthorizedAt(),
		properties: object{
			{"ApiId", ref(id)},
			{"Name", a.Name()},
			{"AuthorizerType", "REQUEST"},
			{"AuthorizerUri", invocationURI(a.Function())},
			{"IdentitySource", texts(sources)},
		},
	})
	s.add(resource{
		id: policy.LogicalID(w.Name(), "socket", a.Name(), "authorizer", "permission"), typ: "AWS::Lambda::Permission", at: w.AuthorizedAt(),
		properties: object{
			{"FunctionName", invoked(a.Function())},
			{"Action", "lambda:InvokeFunction"},
			{"Principal", "apigateway.amazonaws.com"},
			{"SourceAccount", ref("AWS::AccountId")},
			{"SourceArn", sub(fmt.Sprintf("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${%s}/authorizers/${%s}",
				id, socketAuthorizerID(w)))},
		},
	})
}

func socketAuthorizerID(w *tier.WebSocket) string {
	return policy.LogicalID(w.Name(), "socket", w.Authorizer().Name(), "authorizer")
}

func (s *stack) socketRoute(w *tier.WebSocket, r *tier.SocketRoute, id, words string) {
	properties := append(object{
		{"ApiId", ref(id)},
		{"RouteKey", r.Key()},
	}, socketAuthorization(w, r)...)
	properties = append(properties, member{"Target", sub("integrations/${" + integrationID(w, r.Function()) + "}")})
	if r.Responds() {
		properties = append(properties, member{"RouteResponseSelectionExpression", "$default"})
	}
	s.add(resource{id: words + "Route", typ: "AWS::ApiGatewayV2::Route", at: r.At(), properties: properties})
	if r.Responds() {
		s.add(resource{
			id: words + "RouteResponse", typ: "AWS::ApiGatewayV2::RouteResponse", at: r.At(),
			properties: object{{"ApiId", ref(id)}, {"RouteId", ref(words + "Route")}, {"RouteResponseKey", "$default"}},
		})
	}
}

// socketAuthorization is who may cause the events of a route. Only a handshake can
// be protected.
func socketAuthorization(w *tier.WebSocket, r *tier.SocketRoute) object {
	a := w.Authorizer()
	switch {
	case a == nil || r.Event() != "CONNECT":
		return object{{"AuthorizationType", "NONE"}}
	case tier.IsIAM(a):
		return object{{"AuthorizationType", "AWS_IAM"}}
	}
	return object{{"AuthorizationType", "CUSTOM"}, {"AuthorizerId", ref(socketAuthorizerID(w))}}
}

// socketStage adds the stage and what it serves. A deployment is a picture of
// the routes at the time it is made, so another declaration has another one.
func (s *stack) socketStage(w *tier.WebSocket, id string, routes []string) {
	var content object
	for _, r := range s.resources {
		if strings.HasPrefix(r.id, id) && strings.HasPrefix(r.typ, "AWS::ApiGatewayV2::") {
			content = append(content, member{r.id, r.properties})
		}
	}
	deployment := id + "Deployment" + contentSum(content)
	s.add(resource{
		id: deployment, typ: "AWS::ApiGatewayV2::Deployment", at: w.At(),
		attributes: object{{"DependsOn", texts(routes)}},
		properties: object{{"ApiId", ref(id)}},
	})
	s.add(resource{
		id: id + "Stage", typ: "AWS::ApiGatewayV2::Stage", at: w.At(),
		properties: append(object{
			{"ApiId", ref(id)},
			{"StageName", tier.DefaultStage},
			{"DeploymentId", ref(deployment)},
		}, s.accessLog(w.DeclaredAccessLog(), id, "AccessLogSettings", socketLine)...),
	})
}
