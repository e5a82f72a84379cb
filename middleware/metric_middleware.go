package middleware

import (
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// automatic are the metrics of every invocation.
type automatic struct {
	sandbox
	coldStart, duration, errors, faults *Metric

	mu     sync.RWMutex
	routes map[routeKey][]Dimension
}

// routeKey is what the dimensions of an invocation follow from.
type routeKey struct{ route, method, path, version string }

func (a *automatic) init(m *Metrics) {
	a.sandbox.begin()
	a.coldStart = m.metric(KindCounter, "ColdStart", UnitCount)
	a.duration = m.metric(KindDistribution, "Duration", UnitMilliseconds)
	a.errors = m.metric(KindCounter, "Errors", UnitCount)
	a.faults = m.metric(KindCounter, "Faults", UnitCount)
	a.routes = map[routeKey][]Dimension{}
}

// Middleware measures each request and each record, and hands over what was measured
// while it was worked off. Of every one it measures
//
//	Duration   until the last byte of the answer, in milliseconds; its count is that of requests
//	Errors     1 for an answer of status 400 to 499, else 0, so that the average is the rate
//	Faults     1 for one of 500 and more, for an answer that was cut off and for a panic, else 0
//	ColdStart  1 for the first of a sandbox that was not made beforehand
//
// and but for ColdStart by "route", the pattern that the mux matched: "GET /orders/{id}",
// "RECORD /queue/jobs", "invoke" for direct invocations and "unmatched" where there is
// none. APIs with versions have "version" too. What clients choose is in no dimension.
//
// It belongs outside of what can answer by itself. A panic inside becomes an error, as
// [Recover] makes it one. Several middlewares of one Metrics in a chain measure several
// times.
func (m *Metrics) Middleware() handler.Middleware {
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			if m.sink == nil {
				return next.Handle(ctx, req)
			}
			return m.measure(ctx, req, next)
		})
	}
}

func (m *Metrics) measure(ctx context.Context, req *handler.Request, next handler.Handler) (*handler.Response, error) {
	inv := &measured{metrics: m, invocation: invocation{req: req, began: m.now()}}
	inv.Context = inv.begin(ctx, m.automatic.first())
	ended := false
	defer func() {
		if !ended { // it was aborted
			inv.end()
		}
	}()
	resp, err := guarded(inv, req, next)
	ended = true
	if err != nil {
		inv.Finish(err)
		return nil, err
	}
	inv.resp = resp
	resp.WhenDone(inv)
	return resp, nil
}

// Finish measures how the invocation ended.
func (inv *measured) Finish(err error) {
	if inv.metrics.ownOnly {
		inv.end()
		return
	}
	a, now := &inv.metrics.automatic, inv.metrics.now()
	out := inv.outcome(err)
	dims := inv.dimensions()
	count := func(is bool) float64 {
		if is {
			return 1
		}
		return 0
	}
	own := [4]Measurement{
		{a.duration, milliseconds(now.Sub(inv.began)), now, dims},
		{a.errors, count(out.status >= http.StatusBadRequest && !out.failed()), now, dims},
		{a.faults, count(out.failed()), now, dims},
		{a.coldStart, 1, inv.began, inv.metrics.base},
	}
	if inv.cold {
		inv.end(own[:]...)
	} else {
		inv.end(own[:3]...)
	}
}

// end hands over what was measured, and more.
func (inv *measured) end(more ...Measurement) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if len(more) > 0 && !inv.ended {
		inv.gather(more)
	}
	inv.ended = true
	if inv.list == nil {
		return
	}
	inv.metrics.record(inv.Context, *inv.list)
	clear(*inv.list)
	*inv.list = (*inv.list)[:0]
	gathered.Put(inv.list)
	inv.list = nil
}

const unmatched = "unmatched"

// dimensions of what is measured of every invocation. They are made once a route.
func (inv *measured) dimensions() []Dimension {
	a := &inv.metrics.automatic
	key := routeKey{route: inv.req.Pattern(), version: inv.req.Version()}
	if key.route == "" && isRecord(inv.req) {
		key.method, key.path = inv.req.Method(), inv.req.Path()
	} else if key.route == "" {
		key.route = inv.notes.route()
	}
	a.mu.RLock()
	dims, known := a.routes[key]
	a.mu.RUnlock()
	if known {
		return dims
	}
	route := inv.notes.route()
	if route == "" {
		route = unmatched
	}
	own := []Dimension{{noteRoute, route}}
	if key.version != "" {
		own = append(own, Dimension{noteVersion, key.version})
	}
	dims = slices.Clip(slices.Concat(inv.metrics.base, own))
	a.mu.Lock()
	defer a.mu.Unlock()
	a.routes[key] = dims
	return dims
}
