package lint

import (
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// openRoutes finds APIs whose gateway asks nobody who is calling before something changes.
func openRoutes(d *declaration) {
	for _, api := range d.app.APIs() {
		if _, private := api.IsPrivate(); private || len(api.Authorizers()) > 0 || api.DeclaredResourcePolicy() != nil {
			continue // every other route says that it is public
		}
		var open []string
		for _, r := range api.Routes() {
			if !safe(r) && r.Mock() == nil && !r.KeyRequired() {
				open = append(open, r.String())
			}
		}
		if len(open) > 0 {
			d.found("API "+api.Name(), api.At(), "add api.Authorize, or have middleware ask (middleware.JWT, middleware.Signed)",
				"lets everybody call %s", list(open))
		}
	}
}

func safe(r *tier.Route) bool {
	return slices.Contains([]string{"GET", "HEAD", "OPTIONS"}, r.Pattern().Method)
}

// openURLs finds functions that everybody can invoke by a URL.
func openURLs(d *declaration) {
	for _, f := range d.app.Functions() {
		_, limited := f.ReservedConcurrency()
		if u := f.URL(); u != nil && u.Auth == tier.URLPublic && !limited {
			d.found(function(f), f.At(), "write tier.URLIAM, or put CloudFront with origin access control in front; or limit how often it runs at once with tier.Reserved",
				"has a URL at which everybody invokes it, without a limit but the account's concurrency")
		}
	}
}

// openCaches finds caches that ask nobody for a password.
func openCaches(d *declaration) {
	for _, spec := range d.data.Specs() {
		if c, ok := spec.(cache.Spec); ok && c.Anonymous {
			name, at := d.store(spec)
			d.found(name, at, "leave it out, so that functions log in with IAM",
				"lets whatever is in the network read and write it without logging in")
		}
	}
}

// anyOrigin finds APIs with authorizers that pages of any origin may call.
func anyOrigin(d *declaration) {
	for _, api := range d.app.APIs() {
		if c := api.DeclaredCORS(); c != nil && c.AnyOrigin() && len(api.Authorizers()) > 0 {
			d.found("API "+api.Name(), api.At(), "list the origins of your pages in handler.CORS",
				"asks who is calling, and lets pages of every origin do it: a token that leaks works from anywhere")
		}
	}
}

// unthrottled finds APIs in which one client can use up what the account has.
func unthrottled(d *declaration) {
	for _, api := range d.app.APIs() {
		if api.Throttling() == nil && len(api.Plans()) == 0 && slices.ContainsFunc(api.Routes(), func(r *tier.Route) bool { return r.Throttling() == nil }) {
			d.found("API "+api.Name(), api.At(), "add api.Throttle(100, 200), or middleware.RateLimit for a limit of each caller",
				"has no limit of its own: one client can use up the 10,000 requests a second that all APIs of the account share, and the concurrency of its functions")
		}
	}
}

// unlogged finds APIs of which nobody can tell later who was refused, and why.
func unlogged(d *declaration) {
	const problem = "writes nothing of requests that the gateway refuses or cannot answer: functions log only those that reach them"
	for _, api := range d.app.APIs() {
		if api.DeclaredAccessLog() == nil {
			d.found("API "+api.Name(), api.At(), "add api.AccessLog(tier.AccessLog{})", problem)
		}
	}
	for _, w := range d.app.WebSockets() {
		if w.DeclaredAccessLog() == nil {
			d.found("WebSocket API "+w.Name(), w.At(), "add AccessLog(tier.AccessLog{})", problem)
		}
	}
}

// plainCaches finds response caches that keep what callers were answered in the clear.
func plainCaches(d *declaration) {
	for _, api := range d.app.APIs() {
		if c := api.DeclaredCache(); c != nil && !c.Encrypted {
			d.found("API "+api.Name(), api.CacheAt(), "write Encrypted: true in tier.Cache",
				"keeps answers in its cache unencrypted")
		}
	}
}

// wildcards finds roles and policies that say more than they need to.
func wildcards(d *declaration) {
	for _, f := range d.functions() {
		for _, g := range f.Grants() {
			if spec, ok := g.Spec.(service.Spec); ok && spec.Signed && spec.Path == "" {
				name, _ := d.store(spec)
				d.found(function(f), g.At, "narrow it to the routes that it calls, such as billing.Route(\"GET /invoices/{id}\")",
					"may send every request to %s: its role allows all methods and paths", name)
			}
		}
	}
	for _, api := range d.app.APIs() {
		p := api.DeclaredResourcePolicy()
		if _, private := api.IsPrivate(); private || p == nil {
			continue
		}
		denies := slices.ContainsFunc(p.Statements, func(s tier.PolicyStatement) bool { return s.Effect == tier.Deny })
		for i, s := range p.Statements {
			if s.Effect == tier.Allow && s.Everybody() && len(s.Conditions) == 0 && !denies {
				d.found("API "+api.Name(), p.At, "name Principals or Conditions, or add a statement that denies",
					"statement %d of its resource policy lets everybody in, and none keeps anybody out", i+1)
			}
		}
	}
}
