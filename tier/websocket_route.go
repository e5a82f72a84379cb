package tier

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// SocketRoute is one route of a WebSocket API.
type SocketRoute struct {
	function   *Function
	runs       *Function // of a joined function the one that it was declared for, else nil
	key        string
	handler    handler.Handler
	middleware []handler.Middleware
	responds   bool
	at         datastore.Position
}

// SocketRouteOption adds to a route of a WebSocket API: [With], [RouteResponse].
type SocketRouteOption interface{ applySocketRoute(*SocketRoute) }

type socketRouteOption func(*SocketRoute)

func (o socketRouteOption) applySocketRoute(r *SocketRoute) { o(r) }

// RouteResponse sends the body of the function's answer to the client that sent
// the message; without it the answer is dropped. An error's answer is its
// problem document.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html
func RouteResponse() SocketRouteOption {
	return socketRouteOption(func(r *SocketRoute) { r.responds = true })
}

// Handle declares a route of the default function: "$connect", "$disconnect",
// "$default", or the key that a message names.
//
// The handler of "$connect" decides the handshake: with an answer of status 2xx
// the client is connected, with another it is refused with that status. If the
// client offers subprotocols, the answer must choose one in the header
// Sec-WebSocket-Protocol. That of "$disconnect" runs when the connection has
// ended, if the end was noticed; its answer is dropped.
//
// A key has up to 128 letters, digits and -_.:~@, and matches with case.
func (w *WebSocket) Handle(routeKey string, h handler.Handler, opts ...SocketRouteOption) {
	w.handle(datastore.Caller(), w.functions[0], routeKey, h, opts)
}

// Handle declares a route that this function serves. See [WebSocket.Handle].
func (f *SocketFunction) Handle(routeKey string, h handler.Handler, opts ...SocketRouteOption) {
	f.socket.handle(datastore.Caller(), f.Function, routeKey, h, opts)
}

func (w *WebSocket) handle(at datastore.Position, f *Function, key string, h handler.Handler, opts []SocketRouteOption) {
	r := &SocketRoute{function: f, key: key, handler: h, at: at}
	for _, o := range opts {
		if o == nil {
			w.app.fail(at, "route %s: an option is nil; leave it out", key)
			return
		}
		o.applySocketRoute(r)
	}
	switch other := w.Route(key); {
	case strings.ContainsAny(key, "/{} "):
		w.app.fail(at, "route %q: a WebSocket API has no methods and paths; write $connect, $disconnect, $default or the key that a message names", key)
	case !validRouteKey(key):
		w.app.fail(at, "route %q: write $connect, $disconnect, $default or up to 128 letters, digits and -_.:~@", key)
	case h == nil:
		w.app.fail(at, "route %s: the handler is nil", key)
	case slices.ContainsFunc(r.middleware, func(mw handler.Middleware) bool { return mw == nil }):
		w.app.fail(at, "route %s: a middleware is nil; leave it out", key)
	case other != nil:
		w.app.fail(at, "route %s: it is declared at %s already; remove one", key, other.at)
	case r.responds && r.Event() != "MESSAGE":
		w.app.fail(at, "route %s: only a message has a route response; leave tier.RouteResponse() out", key)
	default:
		w.routes = append(w.routes, r)
	}
}

const maxRouteKey = 128

// validRouteKey reports whether a route can have the key. What stands for
// several routes in the ARN of a permission is left out.
func validRouteKey(key string) bool {
	switch key {
	case "$connect", "$disconnect", "$default":
		return true
	}
	for i := range len(key) {
		c := key[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && strings.IndexByte("-_.:~@", c) < 0 {
			return false
		}
	}
	return key != "" && len(key) <= maxRouteKey
}

func (r *SocketRoute) register(mux *handler.Mux) error {
	if c, ok := r.handler.(handler.Compiler); ok {
		if err := c.Compile(nil); err != nil {
			return err
		}
	}
	h := handler.Chain(r.handler, r.middleware...)
	return mux.Route(r.Event()+" /"+r.key, functionContext(runsAs(r.function, r.runs), h))
}

// Routes in order of declaration.
func (w *WebSocket) Routes() []*SocketRoute { return w.routes }

// Route of that key, nil if there is none.
func (w *WebSocket) Route(key string) *SocketRoute {
	for _, r := range w.routes {
		if r.key == key {
			return r
		}
	}
	return nil
}

// Key of the route.
func (r *SocketRoute) Key() string { return r.key }

// Event is what the route serves: "CONNECT", "MESSAGE" or "DISCONNECT".
func (r *SocketRoute) Event() string {
	switch r.key {
	case "$connect":
		return "CONNECT"
	case "$disconnect":
		return "DISCONNECT"
	}
	return "MESSAGE"
}

// Responds reports whether the route has a [RouteResponse].
func (r *SocketRoute) Responds() bool { return r.responds }

// Handler as it was declared, without middleware.
func (r *SocketRoute) Handler() handler.Handler { return r.handler }

// Function that serves the route.
func (r *SocketRoute) Function() *Function { return r.function }

// At is where the route was declared.
func (r *SocketRoute) At() datastore.Position { return r.at }

// String is the key.
func (r *SocketRoute) String() string { return r.key }

// WebSocket that the function belongs to, nil for none.
func (f *Function) WebSocket() *WebSocket { return f.socket }

// SocketRoutes of the function, in order of declaration.
func (f *Function) SocketRoutes() []*SocketRoute {
	if f.socket == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(f.socket.routes), func(r *SocketRoute) bool { return r.function != f })
}

// Socket compiles the function's routes of a WebSocket API, and no other's, and
// serves them. It is nil, without an error, for a function that has none.
func (f *Function) Socket() (handler.Handler, error) {
	routes := f.SocketRoutes()
	if len(routes) == 0 {
		return nil, nil
	}
	if f.members != nil {
		return f.joinedSocket(routes)
	}
	return f.socket.compile(routes)
}
