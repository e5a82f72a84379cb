package tier_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/connection"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localsocket"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type socketIn struct {
	From handler.Connection
	Text string `json:"text"`
}

func routeOf(_ context.Context, in socketIn) (string, error) { return in.From.Route + in.Text, nil }

// socketGate is a Lambda authorizer that lets everybody in.
func socketGate(app *tier.App, s tier.AuthorizerSettings) *tier.LambdaAuthorizer {
	g := app.Authorizer("gate", s)
	g.Check(func(context.Context, handler.Check) (handler.Verdict, error) {
		return handler.Verdict{Allow: true}, nil
	})
	return g
}

// TestWebSocketMistakes: each with the line of this file and what to write
// instead.
func TestWebSocketMistakes(t *testing.T) {
	t.Parallel()
	h := handler.New(routeOf)
	type sender = connection.Sender[string]
	for name, c := range map[string]struct {
		declare func(*tier.App, *tier.WebSocket, *datastore.Data)
		want    string // "" for no mistake
	}{
		"all keys": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			for _, key := range []string{"$connect", "$disconnect", "$default", "send", "a-b_c.d:e~f@G9", strings.Repeat("x", 128)} {
				w.Handle(key, h)
			}
		}, ""},
		"a path":       {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("/send", h) }, "no methods and paths"},
		"a method":     {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("POST send", h) }, "no methods and paths"},
		"a pattern":    {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("{key}", h) }, "no methods and paths"},
		"a wildcard":   {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("send*", h) }, `route "send*": write $connect`},
		"an unknown $": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("$open", h) }, "write $connect, $disconnect, $default or"},
		"no key":       {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("", h) }, `route "": write`},
		"a long key":   {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle(strings.Repeat("x", 129), h) }, "up to 128"},
		"twice": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("a", h)
			w.Function("f").Handle("a", h)
		}, "is declared at tier/websocket_test.go:"},
		"nil handler":        {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("a", nil) }, "the handler is nil"},
		"nil option":         {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("a", h, nil) }, "an option is nil"},
		"nil middleware":     {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("a", h, tier.With(nil)) }, "a middleware is nil"},
		"nil API middleware": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("a", h); w.Use(nil) }, "a middleware is nil"},
		"a response of connect": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("$connect", h, tier.RouteResponse()) },
			"only a message has a route response"},
		"no route": {func(*tier.App, *tier.WebSocket, *datastore.Data) {}, "function chat serves nothing"},
		"a path field": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("a", handler.New(func(context.Context, struct {
				ID string `path:"id"`
			}) (struct{}, error) {
				return struct{}{}, nil
			}))
		}, "the pattern has no parameter {id}"},
		"selection": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("a", h)
			w.Select("$request.body.head.type")
		}, ""},
		"selection twice": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("a", h)
			w.Select("$request.body.a")
			w.Select("$request.body.b")
		}, "has the route selection expression $request.body.a already"},
		"wrong selection": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("a", h); w.Select("action") }, "write $request.body. and the member"},
		"IAM": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("$connect", h)
			w.Authorize(tier.IAM())
		}, ""},
		"IAM twice": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("$connect", h)
			w.Authorize(tier.IAM())
			w.Authorize(tier.IAM())
		}, "authorizer iam protects it already"},
		"Lambda authorizer": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("$connect", h)
			w.Authorize(socketGate(app, tier.AuthorizerSettings{Sources: []string{"query.token", "header.Origin", "context.routeKey"}}))
		}, ""},
		"shared with a REST API": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			g := socketGate(app, tier.AuthorizerSettings{Sources: []string{"query.token"}, TTL: time.Minute})
			w.Handle("$connect", h)
			w.Authorize(g)
			app.API("rest").Handle("GET /", handler.New(ok), g)
		}, ""},
		"a token authorizer": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("$connect", h)
			w.Authorize(socketGate(app, tier.AuthorizerSettings{Token: "X-Token"}))
		}, `authorizer gate: a WebSocket API gives an authorizer the whole request, not a token; write Sources: []string{"header.X-Token"} instead of Token`},
		"a source that a handshake lacks": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("$connect", h)
			w.Authorize(socketGate(app, tier.AuthorizerSettings{Sources: []string{"context.path"}}))
		}, "a WebSocket API has no context.path; write one of: context.domainName, context.identity.sourceIp"},
		"a TTL of handshakes": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("$connect", h)
			w.Authorize(socketGate(app, tier.AuthorizerSettings{Sources: []string{"query.token"}, TTL: time.Minute}))
		}, "authorizer gate: a TTL of 1m0s, and it guards WebSocket APIs alone, for which API Gateway keeps no verdict; leave TTL out"},
		"a simple answer": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("$connect", h)
			w.Authorize(socketGate(app, tier.AuthorizerSettings{Simple: true}))
		}, "Format and Simple are of HTTP APIs, and it guards none; leave them out"},
		"an authorizer of tokens": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("$connect", h)
			w.Authorize(tier.JWT("users", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"chat"}}))
		}, "authorizer users: a handshake is protected by tier.IAM() or a Lambda authorizer of type REQUEST; write one of these"},
		"two authorizers of a name": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("$connect", h)
			w.Authorize(socketGate(app, tier.AuthorizerSettings{}))
			api := app.API("rest", tier.HTTP)
			api.Handle("GET /", handler.New(ok), tier.JWT("Gate", tier.JWTSettings{Issuer: "https://id.example.com", Audience: []string{"chat"}}))
		}, "give one another name"},
		"an authorizer that decides nothing": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("$connect", h)
			w.Authorize(app.Authorizer("gate", tier.AuthorizerSettings{}))
		}, "authorizer gate: it decides nothing; give it a function with Check"},
		"nil authorizer": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("$connect", h); w.Authorize(nil) }, "the authorizer is nil"},
		"nothing to protect": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Handle("a", h); w.Authorize(tier.IAM()) },
			"authorizer iam protects the route $connect, and there is none"},
		"a route of another kind": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			f := w.Function("f")
			f.Handle("a", h)
			f.Function.Handle("GET /", handler.New(ok))
		}, "function f belongs to no REST or HTTP API"},
		"connections": {func(_ *tier.App, w *tier.WebSocket, data *datastore.Data) {
			w.Handle("a", h)
			datastore.Use[sender](w, connection.New[string](data, "chat"))
		}, ""},
		"connections of none": {func(app *tier.App, w *tier.WebSocket, data *datastore.Data) {
			w.Handle("a", h)
			api := app.API("rest")
			api.Handle("GET /", handler.New(ok))
			datastore.Use[sender](api, connection.New[string](data, "rest"))
		}, `the connections "rest" are those of a WebSocket API of that name, and app shop has none`},
		"a taken name": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Handle("a", h)
			app.API("Chat").Handle("GET /", handler.New(ok))
		}, "chat is declared at"},
		"an idle default": {func(_ *tier.App, w *tier.WebSocket, _ *datastore.Data) { w.Function("f").Handle("a", h) }, ""},
		"memory": {func(app *tier.App, w *tier.WebSocket, _ *datastore.Data) {
			w.Function("f", tier.Memory(1)).Handle("a", h)
		}, "memory 1 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := datastore.New(nil, nil)
			app := tier.New("shop")
			c.declare(app, app.WebSocket("chat"), data)
			errs := app.Check()
			err := errors.Join(append(errs, data.Errs()...)...)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("Check = %v, want %q", err, c.want)
			}
			for _, e := range errs {
				var d *datastore.DeclarationError
				if !errors.As(e, &d) || !strings.HasSuffix(d.At.File, "websocket_test.go") {
					t.Errorf("%v: no line of this file", e)
				}
			}
		})
	}
}

// TestWebSocketServes: middleware, routes and functions, and who may use what.
func TestWebSocketServes(t *testing.T) {
	t.Parallel()
	hub := localsocket.NewHub()
	data := datastore.New([]datastore.Driver{hub}, nil)
	app := tier.New("shop")
	chat := app.WebSocket("chat")
	clients := datastore.Use[connection.Closer](chat, connection.New[string](data, "chat"))
	var seen []string
	mark := func(name string) handler.Middleware {
		return func(next handler.Handler) handler.Handler {
			return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				resp, err := next.Handle(ctx, req)
				seen = append(seen, name+" "+req.Pattern())
				return resp, err
			})
		}
	}
	closes := handler.New(func(ctx context.Context, in socketIn) (struct{}, error) {
		return struct{}{}, clients.Close(ctx, in.From.ID)
	})
	chat.Use(mark("api"))
	chat.Handle("$connect", handler.New(routeOf), tier.With(mark("route")))
	chat.Handle("end", closes, tier.RouteResponse())
	other := chat.Function("other")
	other.Handle("$default", handler.New(routeOf))
	other.Handle("steal", closes)
	h, err := chat.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		req  *handler.Request
		want string
	}{
		{handlertest.Connect(), `200 "$connect"`},
		{handlertest.Message("$default", `{"text":"!"}`), `200 "$default!"`},
		{handlertest.Message("end", `{}`), `404 `},
		{handlertest.Message("steal", `{}`), `500 `}, // of another function's handle
		{handlertest.Message("$connect", `{}`), `405 `},
		{handlertest.Disconnect(1000, ""), `404 `},
	} {
		answer, _ := handlertest.Do(t.Context(), h, tt.req)
		if got := fmt.Sprint(answer.Status, " ", string(answer.Body)); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s %s: %s, want %s", tt.req.Method(), tt.req.Path(), got, tt.want)
		}
	}
	if got := strings.Join(seen[:2], ","); got != "route CONNECT /$connect,api CONNECT /$connect" {
		t.Errorf("middleware saw %s", got)
	}
	// A function compiles its own routes and no other's.
	own, err := app.FunctionNamed("other").Socket()
	if err != nil {
		t.Fatal(err)
	}
	if answer, _ := handlertest.Do(t.Context(), own, handlertest.Message("end", `{}`)); answer.Status != 404 {
		t.Errorf("a route of another function answered %d", answer.Status)
	}
	if s, err := app.FunctionNamed("other").Handler(); s != nil || err != nil {
		t.Errorf("Handler of a WebSocket function = %v, %v", s, err)
	}
	if f := app.FunctionNamed("chat"); f.WebSocket() != chat || f.API() != nil || len(f.SocketRoutes()) != 2 || !f.SocketRoutes()[1].Responds() {
		t.Errorf("function chat: %v %v", f.WebSocket(), f.SocketRoutes())
	}
}

func ExampleApp_WebSocket() {
	app := tier.New("shop")
	chat := app.WebSocket("chat", tier.Memory(512))
	chat.Select("$request.body.do")
	chat.Handle("$connect", handler.New(routeOf))
	chat.Handle("echo", handler.New(routeOf), tier.RouteResponse())
	for _, r := range chat.Routes() {
		fmt.Println(r.Event(), r, r.Responds())
	}
	fmt.Println(chat.Selection(), len(app.Check()))
	// Output:
	// CONNECT $connect false
	// MESSAGE echo true
	// $request.body.do 0
}

// TestWebSocketAuthorizer: what protects the handshake is a function of the App
// that is asked before it.
func TestWebSocketAuthorizer(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	chat := app.WebSocket("chat")
	chat.Handle("$connect", handler.New(routeOf))
	if a := chat.Authorizer(); a != nil || chat.AuthorizerFunctions() != nil {
		t.Errorf("without an authorizer there is %v", a)
	}
	gate := socketGate(app, tier.AuthorizerSettings{Sources: []string{"query.token"}})
	chat.Authorize(gate)
	if fs := chat.AuthorizerFunctions(); len(fs) != 1 || fs[0].Name() != "gate" || chat.Authorizer() != tier.Authorizer(gate) {
		t.Errorf("functions of the authorizer: %v", fs)
	}
	if errs := app.Check(); errs != nil {
		t.Errorf("Check = %v", errs)
	}
	signed := app.WebSocket("signed")
	signed.Handle("$connect", handler.New(routeOf))
	signed.Authorize(tier.IAM())
	if fs := signed.AuthorizerFunctions(); fs != nil {
		t.Errorf("IAM has functions: %v", fs)
	}
}

// TestConnectionStage: what a function may post to is the stage that is deployed.
func TestConnectionStage(t *testing.T) {
	t.Parallel()
	if connection.Stage != tier.DefaultStage {
		t.Errorf("connections are of stage %q, the APIs' is %q", connection.Stage, tier.DefaultStage)
	}
}
