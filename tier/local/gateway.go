package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// Gateway is an API Gateway REST API with the functions behind it: an
// http.Handler for one API at the root. It is safe for concurrent use.
type Gateway struct {
	router   *router
	events   *restEvents
	binary   mediaTypes
	timeout  time.Duration
	override bool // X-HTTP-Method-Override counts
	now      func() time.Time
	random   io.Reader
	log      *slog.Logger
}

var _ http.Handler = (*Gateway)(nil)

// Options are what a [Gateway] can be told. The zero value is an API as AWS
// makes it.
type Options struct {
	// Stage names the stage in events: letters, digits, '-' and '_', at most
	// 128. Default "local".
	Stage string
	// BinaryMediaTypes of the API: "image/png", "image/*", "*/*". Default none:
	// every body is text.
	// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings.html.
	BinaryMediaTypes []string
	// Timeout is how long the gateway waits for a function, at least 50 ms.
	// Default 29 s.
	Timeout time.Duration
	// IgnoreMethodOverride takes the method of a request as it is, whatever its
	// X-HTTP-Method-Override header says. API Gateway heeds it.
	IgnoreMethodOverride bool
	// Now is the clock of events and of the log. Default time.Now.
	Now func() time.Time
	// Random is where ids are drawn from, by several requests at once. Default
	// crypto/rand.
	Random io.Reader
	// Log gets one line a request, of level error where the answer is 500 or
	// more because the function failed. Default none.
	Log *slog.Logger
}

// NewGateway makes the gateway of an API. It asks invoke once for each function
// of the API, by the name it was declared with. A nil opts means the defaults.
//
// The error says what is wrong: an API without routes, a function without
// Invoke, an option out of its bounds.
func NewGateway(api *tier.API, invoke func(function string) Function, opts *Options) (*Gateway, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	resources := api.Resources()
	if len(resources) == 0 {
		return nil, fmt.Errorf("local gateway: API %s has no routes; give it one with Handle", api.Name())
	}
	functions, err := functionsOf(api, invoke)
	if err != nil {
		return nil, err
	}
	binary := newMediaTypes(o.BinaryMediaTypes)
	return &Gateway{
		router: newRouter(resources, functions), events: newRestEvents(api.Name(), o.Stage, binary),
		binary: binary, timeout: o.Timeout, override: !o.IgnoreMethodOverride,
		now: o.Now, random: o.Random, log: o.Log,
	}, nil
}

// complete fills in the defaults.
func (o *Options) complete() error {
	if o.Stage == "" {
		o.Stage = "local"
	}
	if !validStage(o.Stage) {
		return fmt.Errorf("local gateway: stage %q: write up to 128 letters, digits, '-' and '_'", o.Stage)
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Timeout < minTimeout {
		return fmt.Errorf("local gateway: timeout %v: write %v or more", o.Timeout, minTimeout)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return nil
}

// validStage reports whether API Gateway takes the text as a stage name.
// See https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html.
func validStage(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return name != "" && len(name) <= 128
}

// functionsOf asks for the functions of the API and completes them with what
// was declared.
func functionsOf(api *tier.API, invoke func(string) Function) (map[string]*Function, error) {
	if invoke == nil {
		return nil, errors.New("local gateway: invoke is nil; give it a function that says how each function runs")
	}
	functions := map[string]*Function{}
	for _, declared := range api.Functions() {
		f := invoke(declared.Name())
		if f.Invoke == nil {
			return nil, fmt.Errorf("local gateway: function %s has no Invoke", declared.Name())
		}
		if f.Name == "" {
			f.Name = declared.Name()
		}
		if f.Timeout <= 0 {
			f.Timeout = declared.Timeout()
		}
		if f.Memory <= 0 {
			f.Memory = declared.Memory()
		}
		f.arn = functionARN(f.Name)
		functions[declared.Name()] = &f
	}
	return functions, nil
}

// ServeHTTP answers r as API Gateway would.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := exchange{at: g.now(), method: r.Method, path: requestPath(r.URL)}
	a := g.serve(&x, r)
	a.write(w, &x.ids)
	if g.log != nil {
		x.record(g.log, a.status, g.now().Sub(x.at))
	}
}

// serve is the way of a request: read, route, event, invoke, answer.
func (g *Gateway) serve(x *exchange, r *http.Request) *answer {
	var m match
	if x.ids, x.err = newIdentifiers(g.random, x.at, r); x.err != nil {
		return notInvoked.answer("")
	}
	body, refused, err := read(r)
	if refused != nil {
		x.err = err
		return refused.answer(x.ids.request)
	}
	if refused := g.route(x, r, &m); refused != nil {
		return refused
	}
	event := g.events.build(&restRequest{
		Request: r, ids: &x.ids, at: x.at, method: x.method, path: x.path, match: &m, body: body,
	})
	if len(event) > limitEvent.max {
		x.err = limitEvent.exceeded()
		return limitEvent.answer.answer(x.ids.request)
	}
	return g.invoke(x, r, m.method.function, event)
}

// route finds what serves the request, or answers it: 404 or 405.
func (g *Gateway) route(x *exchange, r *http.Request, m *match) *answer {
	x.method = routedMethod(r, !g.override)
	if !g.router.find(m, x.method, routedPath(x.path)) {
		return notFound.answer(x.ids.request)
	}
	if m.method.function == nil {
		a := methodNotAllowed.answer(x.ids.request)
		a.header.Set("Allow", m.method.allow)
		return a
	}
	return nil
}

// invoke runs the function and makes an answer of what it returns.
func (g *Gateway) invoke(x *exchange, r *http.Request, f *Function, event []byte) *answer {
	x.function = f
	a, err := g.run(x, r, f, event)
	if err != nil {
		x.err = err
		return failed(err).answer(x.ids.request)
	}
	a.trace = x.ids.trace
	return a
}

func (g *Gateway) run(x *exchange, r *http.Request, f *Function, event []byte) (*answer, error) {
	data, err := f.invoke(event, &x.ids, g.timeout)
	if err != nil {
		return nil, err
	}
	o, err := parseOutput(data)
	if err != nil {
		return nil, fmt.Errorf("function %s: malformed answer: %w", f.Name, err)
	}
	a, err := newAnswer(o, g.binary, r.Header.Get("Accept"))
	if err != nil {
		return nil, fmt.Errorf("function %s: malformed answer: %w", f.Name, err)
	}
	return a, nil
}
