package tier

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// WebSocket is a WebSocket API of API Gateway and the functions behind it. A
// client connects once and sends messages; the route of a message is what the
// route selection expression finds in it ([WebSocket.Select]). It is itself the
// default function: routes and grants that are given to it belong to the
// function of its name.
//
//	chat := app.WebSocket("chat")
//	rooms := rooms{datastore.Use[connection.Sender[Note]](chat, connection.New[Note](data, "chat"))}
//	chat.Handle("$connect", handler.New(rooms.join))
//	chat.Handle("$disconnect", handler.New(rooms.leave))
//	chat.Handle("say", handler.New(rooms.say))
//
// Any function, also one of a REST API, posts to its connections through a store
// of package datastore/connection that has the name of the WebSocket API.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-overview.html
type WebSocket struct {
	app          *App
	name         string
	at           datastore.Position
	selection    string
	selected     bool // Select was called
	middleware   []handler.Middleware
	authorizer   Authorizer // of $connect, nil for none
	authorizedAt datastore.Position
	accessLog    *DeclaredAccessLog // nil for none
	functions    []*Function        // the first is the default
	routes       []*SocketRoute
}

// DefaultSelection is the route selection expression of a WebSocket API that
// declares none.
const DefaultSelection = "$request.body.action"

// WebSocket declares a WebSocket API and its default function, both of this name.
func (a *App) WebSocket(name string, opts ...FunctionOption) *WebSocket {
	at := datastore.Caller()
	a.checkName(at, "WebSocket API", name)
	w := &WebSocket{app: a, name: name, at: at, selection: DefaultSelection}
	a.sockets = append(a.sockets, w)
	w.function(name, at, opts)
	return w
}

// WebSockets in order of declaration.
func (a *App) WebSockets() []*WebSocket { return a.sockets }

// SocketFunction is a further function of a WebSocket API.
type SocketFunction struct{ *Function }

// Function declares a further function of the WebSocket API, with a role of its
// own. See [API.Function].
func (w *WebSocket) Function(name string, opts ...FunctionOption) *SocketFunction {
	at := datastore.Caller()
	w.app.checkName(at, "function", name)
	return &SocketFunction{w.function(name, at, opts)}
}

func (w *WebSocket) function(name string, at datastore.Position, opts []FunctionOption) *Function {
	f := w.app.newFunction(nil, name, at)
	f.socket = w
	f.apply(opts)
	w.functions = append(w.functions, f)
	return f
}

// Name of the WebSocket API.
func (w *WebSocket) Name() string { return w.name }

// At is where it was declared.
func (w *WebSocket) At() datastore.Position { return w.at }

// FunctionName is the name of the default function.
func (w *WebSocket) FunctionName() string { return w.name }

// AddGrant records a grant to the default function; datastore.Use calls it.
func (w *WebSocket) AddGrant(g *datastore.Grant) { w.functions[0].AddGrant(g) }

// Functions that have routes, in order of declaration.
func (w *WebSocket) Functions() []*Function {
	return slices.DeleteFunc(slices.Clone(w.functions), func(f *Function) bool { return !f.serves() })
}

// Use adds middleware around every route of the WebSocket API. The first is
// outermost.
func (w *WebSocket) Use(mw ...handler.Middleware) {
	if slices.ContainsFunc(mw, func(m handler.Middleware) bool { return m == nil }) {
		w.app.fail(datastore.Caller(), "WebSocket API %s: a middleware is nil; leave it out", w.name)
		return
	}
	w.middleware = append(w.middleware, mw...)
}

var selectionSyntax = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\$request\.body(\.[A-Za-z0-9_-]+)+$`)
})

// Select sets the route selection expression: where in a JSON message its route
// key is, "$request.body.action" (the default) or "$request.body.head.type". A
// message that is not JSON, or whose key no route has, is served by "$default".
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-selection-expressions.html
func (w *WebSocket) Select(expression string) {
	at := datastore.Caller()
	switch {
	case w.selected:
		w.app.fail(at, "WebSocket API %s: it has the route selection expression %s already; write one", w.name, w.selection)
	case !selectionSyntax().MatchString(expression):
		w.app.fail(at, "WebSocket API %s: route selection expression %q: write $request.body. and the member that names the route: %s",
			w.name, expression, DefaultSelection)
	default:
		w.selection, w.selected = expression, true
	}
}

// Selection is the route selection expression.
func (w *WebSocket) Selection() string { return w.selection }

// connectAuthorizer is an [Authorizer] that can protect the handshake of a
// WebSocket API: IAM, or a Lambda authorizer that looks at the request.
type connectAuthorizer interface {
	// protectsConnect is what keeps it from that, "" if nothing does.
	protectsConnect() string
}

func (iamAuthorizer) protectsConnect() string { return "" }

// Authorize makes a protect the handshake: [IAM], or a Lambda authorizer of type
// REQUEST ([App.Authorizer] without a Token). Who it lets in is the caller of
// every event of the connection, and what a Lambda authorizer passes on is in each
// of them, as text. What follows the handshake cannot be protected.
//
// A browser sends no headers of its own with a handshake: it says who it is in the
// query ("query.token" as a source), or by a presigned URL with IAM.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-control-access.html
// and https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
func (w *WebSocket) Authorize(a Authorizer) {
	at := datastore.Caller()
	connects, fits := a.(connectAuthorizer)
	switch {
	case a == nil:
		w.app.fail(at, "WebSocket API %s: the authorizer is nil; leave it out", w.name)
	case !fits:
		w.app.fail(at, "WebSocket API %s: authorizer %s: a handshake is protected by tier.IAM() or a Lambda authorizer of type REQUEST; write one of these, or decide in the handler of $connect, whose answer lets the client in",
			w.name, a.Name())
	case connects.protectsConnect() != "":
		w.app.fail(at, "WebSocket API %s: authorizer %s: a WebSocket API %s", w.name, a.Name(), connects.protectsConnect())
	case w.authorizer != nil:
		w.app.fail(at, "WebSocket API %s: authorizer %s protects it already; write one", w.name, w.authorizer.Name())
	default:
		w.authorizer, w.authorizedAt = a, at
	}
}

// Authorizer that protects the handshake, nil for none.
func (w *WebSocket) Authorizer() Authorizer { return w.authorizer }

// AuthorizedAt is where [WebSocket.Authorize] was called.
func (w *WebSocket) AuthorizedAt() datastore.Position { return w.authorizedAt }

// AuthorizerFunctions are the functions that API Gateway asks before a handshake:
// that of a Lambda authorizer, or none.
func (w *WebSocket) AuthorizerFunctions() []*Function {
	if l, ok := w.authorizer.(*LambdaAuthorizer); ok {
		return []*Function{l.function}
	}
	return nil
}

// check is what is wrong with the WebSocket API as a whole.
func (w *WebSocket) check() []error {
	if w.authorizer == nil || w.Route("$connect") != nil {
		return nil
	}
	return []error{&datastore.DeclarationError{At: w.authorizedAt, Message: fmt.Sprintf(
		"WebSocket API %s: authorizer %s protects the route $connect, and there is none; declare it with Handle(\"$connect\", ...)",
		w.name, w.authorizer.Name())}}
}

// checkConnections reports the stores of connections that name no WebSocket API.
func (a *App) checkConnections(f *Function) []error {
	var errs []error
	for _, g := range f.grants {
		if g.Spec.Kind() != "connection" ||
			slices.ContainsFunc(a.sockets, func(w *WebSocket) bool { return w.name == g.Spec.Name() }) {
			continue
		}
		errs = append(errs, &datastore.DeclarationError{At: g.At, Message: fmt.Sprintf(
			"function %s: the connections %q are those of a WebSocket API of that name, and app %s has none; declare it with app.WebSocket(%q)",
			f.name, g.Spec.Name(), a.name, g.Spec.Name())})
	}
	return errs
}

// Handler serves the events of all routes, each as the function that owns it.
// The error joins what is wrong with the routes.
func (w *WebSocket) Handler() (handler.Handler, error) { return w.compile(w.routes) }

// compile is middleware -> mux -> route middleware -> handler for some routes.
func (w *WebSocket) compile(routes []*SocketRoute) (handler.Handler, error) {
	mux := handler.NewMux()
	var errs []error
	for _, r := range routes {
		if err := r.register(mux); err != nil {
			for _, e := range datastore.Mistakes(err) {
				errs = append(errs, &datastore.DeclarationError{At: r.at, Message: e.Error()})
			}
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return handler.Chain(mux, w.middleware...), nil
}
