package local

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// Gateway is a front door with the functions of an API behind it: an
// http.Handler for one API at the root. It is safe for concurrent use.
type Gateway struct {
	door     opened
	kind     Door
	custom   customiser // nil for doors whose errors are always the same
	mappings mappings   // nil for doors without custom domain names
	now      func() time.Time
	random   io.Reader
	log      *slog.Logger
	iam      *authority // nil if nothing is signed
	// explain, if it is not nil, is told of every request.
	explain func(*Explanation)
	redact  redactor
}

var _ http.Handler = (*Gateway)(nil)

// Options are what a [Gateway] can be told. The zero value is a REST API as AWS
// makes it.
type Options struct {
	// Door is the front door to imitate. Default REST{}.
	Door Door
	// Timeout is how long the gateway waits for a function, at least 50 ms. A
	// REST API waits 29 s by default and longer if asked to, an HTTP API 30 s
	// and no longer. A function URL and a load balancer wait as long as the
	// function may run, and have no timeout.
	Timeout time.Duration
	// Account limits all routes of a REST API or an HTTP API together, as
	// [AccountThrottling] does in AWS. Default nil, no limit: one process is not
	// an account, and a load test on it would measure this.
	Account *tier.Throttling
	// Now is the clock of events and of the log, and of what is limited or
	// cached for a time. Default time.Now.
	Now func() time.Time
	// Random is where ids are drawn from, by several requests at once. Default
	// crypto/rand.
	Random io.Reader
	// Log gets one line a request, of level error where the answer is 500 or
	// more because the function failed. Default none.
	Log *slog.Logger
	// Identities are who may call: those who sign requests to routes with
	// tier.IAM, the API keys that usage plans know by their names, and where the
	// key sets of token issuers are. Default nobody signs and no key is known;
	// the keys of issuers are where the authorizers say.
	Identities *Identities
	// Explain is told of every request after it was answered, by several at
	// once. Default nobody, and nothing is kept.
	Explain func(*Explanation)

	iam *authority // of the door, if it has routes with IAM
}

// NewGateway makes the gateway of an API. It asks invoke once for each function
// of the API and of its Lambda authorizers, by the name it was declared with. A
// nil opts means the defaults.
//
// The error says what is wrong: an API without routes, a function without
// Invoke, an option out of its bounds, an identity without a secret, an authorizer
// that the door does not have, a door that serves one function where there are
// several to choose from.
func NewGateway(api *tier.API, invoke func(function string) Function, opts *Options) (*Gateway, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	o.complete()
	if err := o.Identities.check(); err != nil {
		return nil, err
	}
	if len(api.Routes()) == 0 {
		return nil, fmt.Errorf("local gateway: API %s has no routes; give it one with Handle", api.Name())
	}
	functions, err := functionsOf(slices.Concat(api.Functions(), api.AuthorizerFunctions()), invoke)
	if err != nil {
		return nil, err
	}
	door, err := o.Door.open(api, functions, &o)
	if err != nil {
		return nil, err
	}
	custom, _ := door.steps.(customiser)
	g := &Gateway{
		door: door, kind: o.Door, custom: custom, now: o.Now, random: o.Random, log: o.Log, iam: o.iam, explain: o.Explain, redact: newRedactor(api),
	}
	switch o.Door.(type) {
	case REST, HTTP:
		g.mappings = newMappings(api, g)
	}
	return g, nil
}

// complete fills in the defaults.
func (o *Options) complete() {
	if o.Door == nil {
		o.Door = REST{}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Reader
	}
}

// functionsOf asks for the functions of an API and completes them with what was
// declared.
func functionsOf(all []*tier.Function, invoke func(string) Function) (map[string]*Function, error) {
	if invoke == nil {
		return nil, errors.New("local gateway: invoke is nil; give it a function that says how each function runs")
	}
	functions := map[string]*Function{}
	for _, declared := range all {
		f, err := completeFunction(declared, invoke)
		if err != nil {
			return nil, fmt.Errorf("local gateway: %w", err)
		}
		functions[declared.Name()] = f
	}
	return functions, nil
}

// completeFunction asks how a function runs and adds what was declared.
func completeFunction(declared *tier.Function, invoke func(string) Function) (*Function, error) {
	f := invoke(declared.Name())
	if f.Invoke == nil {
		return nil, fmt.Errorf("function %s has no Invoke", declared.Name())
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
	f.arn, f.tenancy = functionARN(f.Name), declared.Tenancy()
	return &f, nil
}

// ServeHTTP answers r as the front door would. A streamed answer that breaks off
// ends in a panic with http.ErrAbortHandler, as net/http wants it.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Request: r, at: g.now(), method: r.Method, path: requestPath(r.URL)}
	if x.mapping = g.mappings.find(r.Host, x.path); x.mapping != nil && x.mapping.maps() {
		g = x.mapping.gateway
	}
	x.explained = g.explain != nil
	a := g.serve(x)
	if a.refused != nil && g.custom != nil {
		g.custom.customise(x, a)
	}
	a.write(w, x, g.door)
	if g.log != nil {
		x.record(g.log, a.status, g.now().Sub(x.at))
	}
	if x.explained {
		g.explain(x.explanation(g.kind, g.redact, a, w.Header()))
	}
	if x.cut {
		breakConnection()
	}
}

// serve is the way of a request: read, route, event, invoke, answer.
func (g *Gateway) serve(x *exchange) *answer {
	if x.ids, x.err = newIdentifiers(g.random, x.at, x.Request); x.err != nil {
		return g.door.failed(ErrNotInvoked).answer("")
	}
	x.id = g.door.id(&x.ids)
	if refused := g.door.read(x); refused != nil {
		x.stopped("request", len(x.notes), refused.status)
		return refused.answer(x.id)
	}
	x.taken(g.kind)
	told := len(x.notes)
	if a := g.door.route(x); a != nil {
		x.stopped("gateway", told, a.status)
		return a
	}
	told = len(x.notes)
	event, refused := g.door.event(x)
	if refused != nil {
		x.stopped("event", told, refused.status)
		return refused.answer(x.id)
	}
	a, err := g.run(x, event)
	if err != nil {
		x.err = err
		return g.door.failed(err).answer(x.id)
	}
	a.invoked = true
	if x.finish != nil {
		x.finish(a)
	}
	return a
}

// run invokes the function and makes an answer of what it returns.
func (g *Gateway) run(x *exchange, event []byte) (*answer, error) {
	if err := x.enterTenant(); err != nil {
		return nil, err
	}
	x.invoked = true
	if door, ok := g.door.steps.(streamer); ok && door.streams(x) {
		return g.stream(x, event, door)
	}
	output, err := x.function.invoke(event, &x.ids, g.door.wait)
	if err != nil {
		x.ran(event, nil, nil, err)
		return nil, err
	}
	a, err := g.door.answer(x, output)
	if err != nil {
		err = fmt.Errorf("function %s: malformed answer: %w", x.function.Name, err)
	}
	x.ran(event, output, a, err)
	return a, err
}
