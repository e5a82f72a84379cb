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

// Gateway is a front door with the functions of an API behind it: an
// http.Handler for one API at the root. It is safe for concurrent use.
type Gateway struct {
	door   opened
	now    func() time.Time
	random io.Reader
	log    *slog.Logger
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
// Invoke, an option out of its bounds, a door that serves one function where
// there are several to choose from.
func NewGateway(api *tier.API, invoke func(function string) Function, opts *Options) (*Gateway, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	o.complete()
	if len(api.Routes()) == 0 {
		return nil, fmt.Errorf("local gateway: API %s has no routes; give it one with Handle", api.Name())
	}
	functions, err := functionsOf(api.Functions(), invoke)
	if err != nil {
		return nil, err
	}
	door, err := o.Door.open(api, functions, &o)
	if err != nil {
		return nil, err
	}
	return &Gateway{door: door, now: o.Now, random: o.Random, log: o.Log}, nil
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

// ServeHTTP answers r as the front door would.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Request: r, at: g.now(), method: r.Method, path: requestPath(r.URL)}
	a := g.serve(x)
	a.write(w, x, g.door)
	if g.log != nil {
		x.record(g.log, a.status, g.now().Sub(x.at))
	}
}

// serve is the way of a request: read, route, event, invoke, answer.
func (g *Gateway) serve(x *exchange) *answer {
	if x.ids, x.err = newIdentifiers(g.random, x.at, x.Request); x.err != nil {
		return g.door.failed(ErrNotInvoked).answer("")
	}
	x.id = g.door.id(&x.ids)
	if refused := g.door.read(x); refused != nil {
		return refused.answer(x.id)
	}
	if a := g.door.route(x); a != nil {
		return a
	}
	event, refused := g.door.event(x)
	if refused != nil {
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
	x.invoked = true
	output, err := x.function.invoke(event, &x.ids, g.door.wait)
	if err != nil {
		return nil, err
	}
	a, err := g.door.answer(x, output)
	if err != nil {
		return nil, fmt.Errorf("function %s: malformed answer: %w", x.function.Name, err)
	}
	return a, nil
}
