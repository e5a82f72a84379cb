package lint

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// calls finds functions that wait for one which may take longer than they have.
func calls(d *declaration) {
	for _, f := range d.functions() {
		for _, g := range f.Grants() {
			spec, ok := g.Spec.(call.Spec)
			if !ok || !slices.Contains(g.Ops, "Call") {
				continue
			}
			callee := d.app.FunctionNamed(spec.Name())
			if callee == nil || callee.Timeout() < f.Timeout() {
				continue
			}
			d.found(function(f), g.At,
				fmt.Sprintf("give %s a tier.Timeout above %s, or %s one below %s; or start it (call.Starter) and do not wait", function(f), span(callee.Timeout()), function(callee), span(f.Timeout())),
				"waits up to %s for %s, which may take %s: it is stopped first, and both are paid for", span(f.Timeout()), function(callee), span(callee.Timeout()))
		}
	}
}

// gatewayTimeout is what API Gateway waits for a function.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
const gatewayTimeout = 29 * time.Second

// lastMoments finds functions that may work until the gateway has answered 504.
func lastMoments(d *declaration) {
	for _, f := range d.app.Functions() {
		waited := slices.ContainsFunc(f.Routes(), func(r *tier.Route) bool { return !r.Streams() && r.Mock() == nil })
		if f.Timeout() == gatewayTimeout && waited {
			d.found(function(f), f.At(), "write tier.Timeout(28*time.Second) or less, and middleware.Timeout for an answer of its own",
				"has all of the 29 s that API Gateway waits, cold start included: when it is stopped, the client has heard a 504 that nothing logs")
		}
	}
}

// perRecord is what a record should have at least, on average.
const perRecord = 20 * time.Millisecond

// batches finds batches whose records have next to no time each.
func batches(d *declaration) {
	for _, t := range d.triggers() {
		set := t.Settings()
		if set.Batch == 0 {
			continue
		}
		each := t.Function().Timeout() * time.Duration(max(1, set.Parallel)) / time.Duration(set.Batch)
		if each < perRecord {
			d.found(t.String(), t.At(), "write a smaller tier.BatchSize, a longer tier.Timeout of the function, or tier.Parallel",
				"a batch of %d records has %s, which is %v for each: one that is not through in time is delivered again as a whole", set.Batch, span(t.Function().Timeout()), each)
		}
	}
}

// overlaps finds schedules that fire while the function may still work.
func overlaps(d *declaration) {
	for _, t := range d.triggers() {
		spec, ok := t.Feed().Spec.(event.ScheduleSpec)
		if !ok || spec.Off {
			continue
		}
		if gap := shortest(spec); gap > 0 && gap < t.Function().Timeout() {
			d.found(t.String(), t.At(), "give the function a shorter tier.Timeout, or middleware.Once so that one of them works",
				"fires every %s, but the function may take %s: two may run at once", span(gap), span(t.Function().Timeout()))
		}
	}
}

// firings is how many are looked at: those of a day, of a schedule that fires every
// quarter of an hour.
const firings = 96

// shortest is the shortest time between two firings of a schedule, 0 if it fires once.
func shortest(spec event.ScheduleSpec) time.Duration {
	clock, err := spec.Clock()
	if err != nil {
		return 0
	}
	var gap time.Duration
	at := clock.Next(time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC))
	for range firings {
		next := clock.Next(at)
		if at.IsZero() || next.IsZero() {
			break
		}
		if between := next.Sub(at); gap == 0 || between < gap {
			gap = between
		}
		at = next
	}
	return gap
}
