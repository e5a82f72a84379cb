package template_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type posting interface {
	connection.Sender[string]
	connection.Closer
}

// socket is a WebSocket API of two functions, and a REST API that posts to its
// connections.
func socket(data *datastore.Data) *tier.App {
	app := tier.New("talk")
	clients := connection.New[string](data, "chat")
	chat := app.WebSocket("chat", tier.Memory(512))
	chat.Authorize(tier.IAM())
	chat.Select("$request.body.do")
	datastore.Use[posting](chat, clients)
	chat.Handle("$connect", handler.New(list))
	chat.Handle("connect", handler.New(list))
	chat.Handle("say", handler.New(place), tier.RouteResponse())
	rest := chat.Function("rest")
	rest.Handle("$default", handler.New(list))
	rest.Handle("$disconnect", handler.New(list))
	api := app.API("notices")
	datastore.Use[connection.Sender[string]](api, clients)
	api.Handle("POST /notices", handler.New(place))
	return app
}

// gatedSocket are two WebSocket APIs behind Lambda authorizers, one of which guards a
// REST API too.
func gatedSocket(data *datastore.Data) *tier.App {
	app := tier.New("club")
	check := func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil }
	gate := app.Authorizer("gate", tier.AuthorizerSettings{
		Sources: []string{"query.token", "header.Origin", "context.identity.sourceIp"}, TTL: time.Minute}, tier.Memory(128))
	gate.Check(check)
	datastore.Use[table.Getter[session]](gate, table.New[session](data, "sessions"))
	any := app.Authorizer("any", tier.AuthorizerSettings{})
	any.Check(check)
	chat := app.WebSocket("chat")
	chat.Authorize(gate)
	chat.Handle("$connect", handler.New(list))
	chat.Handle("$default", handler.New(list))
	feed := app.WebSocket("feed")
	feed.Authorize(any)
	feed.Handle("$connect", handler.New(list))
	api := app.API("orders")
	api.Handle("GET /orders", handler.New(list), gate)
	return app
}

// TestSocketAuthorizers is WSK-05: the handshake asks the authorizer, no other route
// can, and each authorizer lets that one API ask it as that one authorizer.
func TestSocketAuthorizers(t *testing.T) {
	t.Parallel()
	d := socketResources(t, gatedSocket)
	for id, want := range map[string]string{
		"ChatSocketConnectRoute": "CUSTOM map[Ref:ChatSocketGateAuthorizer]",
		"ChatSocketDefaultRoute": "NONE <nil>",
		"FeedSocketConnectRoute": "CUSTOM map[Ref:FeedSocketAnyAuthorizer]",
	} {
		if got := fmt.Sprint(d.Resources[id].Properties["AuthorizationType"], " ", d.Resources[id].Properties["AuthorizerId"]); got != want {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
	}
	for id, want := range map[string]string{
		"ChatSocketGateAuthorizer": "map[Ref:ChatSocket] REQUEST [route.request.querystring.token route.request.header.Origin context.identity.sourceIp]",
		"FeedSocketAnyAuthorizer":  "map[Ref:FeedSocket] REQUEST []",
	} {
		p := d.Resources[id].Properties
		if got := fmt.Sprint(p["ApiId"], " ", p["AuthorizerType"], " ", p["IdentitySource"]); got != want || d.Resources[id].Type != "AWS::ApiGatewayV2::Authorizer" {
			t.Errorf("%s: %s, want %s", id, got, want)
		}
		if ttl := p["AuthorizerResultTtlInSeconds"]; ttl != nil {
			t.Errorf("%s: a TTL of %v, which a WebSocket API has not", id, ttl)
		}
	}
	got := map[string]string{}
	for id, r := range d.Resources {
		if arn := fmt.Sprint(r.Properties["SourceArn"]); strings.Contains(arn, "/authorizers/") {
			got[id] = fmt.Sprint(strings.TrimSuffix(arn[strings.LastIndex(arn, ":")+1:], "]"), " ", r.Properties["FunctionName"])
		}
	}
	want := map[string]string{
		"ChatSocketGateAuthorizerPermission": "${ChatSocket}/authorizers/${ChatSocketGateAuthorizer} map[Ref:GateFunction]",
		"FeedSocketAnyAuthorizerPermission":  "${FeedSocket}/authorizers/${FeedSocketAnyAuthorizer} map[Ref:AnyFunction]",
		"OrdersApiGateAuthorizerPermission":  "${OrdersApi}/authorizers/* map[Ref:GateFunction]",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("who may ask an authorizer (-want +got):\n%s", d)
	}
}

type socketDoc struct {
	Resources map[string]struct {
		Type       string
		DependsOn  []string
		Properties map[string]any
	}
	Outputs map[string]any
}

func socketResources(t *testing.T, newApp func(*datastore.Data) *tier.App) socketDoc {
	t.Helper()
	var d socketDoc
	if err := json.Unmarshal(sam(t, newApp), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestSocketPermissions is WSK-13: one permission a route, on its own ARN.
func TestSocketPermissions(t *testing.T) {
	t.Parallel()
	var got []string
	for _, r := range socketResources(t, socket).Resources {
		if r.Type != "AWS::Lambda::Permission" {
			continue
		}
		arn := r.Properties["SourceArn"].(map[string]any)["Fn::Sub"].(string)
		got = append(got, arn[strings.LastIndex(arn, ":")+1:]+" "+r.Properties["FunctionName"].(map[string]any)["Ref"].(string))
	}
	slices.Sort(got)
	want := []string{
		"${ChatSocket}/live/$connect ChatFunction", "${ChatSocket}/live/$default RestFunction", "${ChatSocket}/live/$disconnect RestFunction",
		"${ChatSocket}/live/connect ChatFunction", "${ChatSocket}/live/say ChatFunction", "${NoticesApi}/live/POST/notices NoticesFunction",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("permissions (-want +got):\n%s", d)
	}
}

// TestSocketGrants is WSK-12: each function may call the methods of @connections
// that its handle names, and is told the endpoint.
func TestSocketGrants(t *testing.T) {
	t.Parallel()
	d := socketResources(t, socket)
	for id, want := range map[string][]string{
		"ChatRole":    {"${ChatSocket}/live/DELETE/@connections/*", "${ChatSocket}/live/POST/@connections/*"},
		"NoticesRole": {"${ChatSocket}/live/POST/@connections/*"},
		"RestRole":    nil,
	} {
		var got []string
		for _, s := range statements(t, d.Resources[id].Properties) {
			if fmt.Sprint(s["Action"]) == "[execute-api:ManageConnections]" {
				arn := s["Resource"].(map[string]any)["Fn::Sub"].(string)
				got = append(got, strings.TrimPrefix(arn, "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"))
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", id, d)
		}
	}
	for id, want := range map[string]string{
		"ChatFunction":    "map[TIERKIT_CONNECTION_CHAT:map[Fn::Sub:https://${ChatSocket}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live]]",
		"NoticesFunction": "map[TIERKIT_CONNECTION_CHAT:map[Fn::Sub:https://${ChatSocket}.execute-api.${AWS::Region}.${AWS::URLSuffix}/live]]",
		"RestFunction":    "<nil>",
	} {
		got := "<nil>"
		if env, ok := d.Resources[id].Properties["Environment"].(map[string]any); ok {
			got = fmt.Sprint(env["Variables"])
		}
		if got != want {
			t.Errorf("%s: variables %s, want %s", id, got, want)
		}
	}
}

// TestSocketDeployment: the stage serves a deployment that is made after all
// routes, and anew when one of them changes.
func TestSocketDeployment(t *testing.T) {
	t.Parallel()
	deploymentOf := func(newApp func(*datastore.Data) *tier.App) (string, []string) {
		d := socketResources(t, newApp)
		id := d.Resources["ChatSocketStage"].Properties["DeploymentId"].(map[string]any)["Ref"].(string)
		if d.Resources[id].Type != "AWS::ApiGatewayV2::Deployment" {
			t.Fatalf("the stage serves %s, a %s", id, d.Resources[id].Type)
		}
		return id, d.Resources[id].DependsOn
	}
	first, depends := deploymentOf(socket)
	if len(depends) != 6 { // five routes and a response
		t.Errorf("the deployment depends on %q", depends)
	}
	second, _ := deploymentOf(func(data *datastore.Data) *tier.App {
		app := socket(data)
		app.WebSockets()[0].Handle("more", handler.New(place))
		return app
	})
	if first == second {
		t.Errorf("another route has the same deployment %s", first)
	}
	if again, _ := deploymentOf(socket); again != first {
		t.Errorf("the same declaration has the deployments %s and %s", first, again)
	}
}
