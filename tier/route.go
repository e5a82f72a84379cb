package tier

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Route is one route of an API.
type Route struct {
	function   *Function
	runs       *Function // of a joined function the one that it was declared for, else nil
	text       string    // the pattern as written
	pattern    handler.Pattern
	handler    handler.Handler
	middleware []handler.Middleware
	at         datastore.Position
	order      int        // among the routes of the API
	authorizer Authorizer // its own, nil for the API's
	public     bool
	scopes     []string
	callers    []datastore.Spec // exchanges whose users may call it
	validated  bool
	mock       bool // the gateway answers it
	stream     bool
	routeTraffic
	in       []*Version // as declared; none for a route of the API itself
	version  string     // that it serves, of a route of a version
	versions []*Route   // of a gateway route that several versions share
}

// RouteOption adds to a route: [With], an [Authorizer] as [IAM], [SignedIn],
// [Public], [Scopes], [Throttle], [KeyRequired], [Cached], [Validated], [Mock], [Stream],
// [In].
type RouteOption interface{ applyRoute(*Route) }

type routeOption func(*Route)

func (o routeOption) applyRoute(r *Route) { o(r) }

// With puts middleware around one route, inside the API's own, or around the
// records of a source. The first is
// outermost. The handler keeps its description.
func With(mw ...handler.Middleware) MiddlewareOption { return withOption(mw) }

// MiddlewareOption is an option of the routes of all APIs and of [On].
type MiddlewareOption interface {
	RouteOption
	SocketRouteOption
	TriggerOption
}

type withOption []handler.Middleware

func (o withOption) applyRoute(r *Route)             { r.middleware = append(r.middleware, o...) }
func (o withOption) applySocketRoute(r *SocketRoute) { r.middleware = append(r.middleware, o...) }

// restMethods are the methods that a REST API can route.
// See https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html.
var restMethods = []string{"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}

func (f *Function) handle(at datastore.Position, pattern string, h handler.Handler, opts []RouteOption) {
	app := f.app
	if f.api == nil {
		app.fail(at, "route %s: function %s belongs to no REST or HTTP API; declare the route on one, or write Invoke in place of Handle", pattern, f.name)
		return
	}
	r := &Route{function: f, text: pattern, handler: h, at: at, order: f.api.nextOrder()}
	for _, o := range opts {
		if o == nil {
			app.fail(at, "route %s: an option is nil; leave it out", pattern)
			return
		}
		o.applyRoute(r)
	}
	if slices.ContainsFunc(r.middleware, func(mw handler.Middleware) bool { return mw == nil }) {
		app.fail(at, "route %s: a middleware is nil; leave it out", pattern)
		return
	}
	var err error
	r.pattern, err = handler.ParsePattern(pattern)
	switch {
	case err != nil:
		app.fail(at, "%v", err)
		return
	case h == nil:
		app.fail(at, "route %s: the handler is nil", pattern)
		return
	case r.pattern.Method != "" && !slices.Contains(restMethods, r.pattern.Method):
		app.fail(at, "route %s: API Gateway routes %s; write one of these", pattern, strings.Join(restMethods, ", "))
		return
	}
	for _, s := range r.pattern.Segments {
		if s.Kind == handler.Literal && !plainSegment(s.Text) {
			app.fail(at, "route %s: segment %q: API Gateway allows letters, digits and -._~:@$&+,;=!'() in a path", pattern, s.Text)
			return
		}
	}
	if len(r.in) > 0 {
		r.declareIn()
		return
	}
	for _, other := range f.api.Routes() {
		if other.pattern.Method == r.pattern.Method && shape(other.pattern) == shape(r.pattern) {
			app.fail(at, "route %s: %s at %s serves the same requests; remove one", pattern, other.text, other.at)
			return
		}
		if mine, theirs, ok := sibling(r.pattern, other.pattern); ok {
			app.fail(at, "route %s: %s beside %s of %s at %s: API Gateway allows one parameter below a path; write the same name and kind in both",
				pattern, mine, theirs, other.text, other.at)
			return
		}
	}
	f.routes = append(f.routes, r)
}

// sibling finds two different parameters below the same path.
// See https://docs.aws.amazon.com/apigateway/latest/api/API_CreateResource.html.
func sibling(p, q handler.Pattern) (mine, theirs string, ok bool) {
	for i := range min(len(p.Segments), len(q.Segments)) {
		a, b := p.Segments[i], q.Segments[i]
		if a == b {
			continue
		}
		if a.Kind == handler.Literal || b.Kind == handler.Literal {
			break
		}
		return a.String(), b.String(), true
	}
	return "", "", false
}

// plainSegment reports whether API Gateway takes the text as a path part.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
func plainSegment(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9':
		case strings.IndexByte("-._~:@$&+,;=!'()", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// shape is the path with the parameters' names left out: what decides whether
// two patterns are the same resource.
func shape(p handler.Pattern) string {
	var b strings.Builder
	for _, s := range p.Segments {
		b.WriteByte('/')
		switch s.Kind {
		case handler.Literal:
			b.WriteString(s.Text)
		case handler.Param:
			b.WriteString("{}")
		case handler.Greedy:
			b.WriteString("{...}")
		}
	}
	return b.String()
}

func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "-", "")) }

func (r *Route) register(mux *handler.Mux, plan *versionPlan) error {
	if c, ok := r.handler.(handler.Compiler); ok {
		if err := c.Compile(r.pattern.Params()); err != nil {
			return err
		}
	}
	h := handler.Chain(r.handler, r.middleware...)
	switch v, shared := r.handler.(*versioned); {
	case r.Mock() != nil:
		h = r.Mock().answers()
	case shared:
		h = v.dispatch(plan)
	case r.version != "":
		h = inVersion(r.version, h)
	}
	return mux.Route(r.text, functionContext(runsAs(r.function, r.runs), r.onceKeyed(h)))
}

// Pattern of the route.
func (r *Route) Pattern() handler.Pattern { return r.pattern }

// Handler as it was declared, without middleware.
func (r *Route) Handler() handler.Handler { return r.handler }

// Function that serves the route.
func (r *Route) Function() *Function { return r.function }

// At is where the route was declared.
func (r *Route) At() datastore.Position { return r.at }

// String is the pattern as it was written.
func (r *Route) String() string { return r.text }
