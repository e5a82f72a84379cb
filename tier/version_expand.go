package tier

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// settle makes the routes of the functions anew if versions have changed: those
// of no version stay, and those of the versions become, where paths name the
// version, a route each; else one route for all versions of a pattern.
func (api *API) settle() {
	ver := &api.versions
	ver.mu.Lock()
	defer ver.mu.Unlock()
	if !ver.changed {
		return
	}
	ver.changed = false
	for _, f := range api.functions {
		f.routes = slices.DeleteFunc(f.routes, func(r *Route) bool { return r.version != "" || len(r.versions) > 0 })
	}
	if ver.by.Path {
		api.expandPaths()
	} else {
		api.expandDispatched()
	}
}

// settled are the routes of the function, those of versions included.
func (f *Function) settled() []*Route {
	if f.api != nil {
		f.api.settle()
	}
	return f.routes
}

// nextOrder counts the routes of an API as they are declared.
func (api *API) nextOrder() int {
	api.ordered++
	return api.ordered
}

// resolved are the routes of a version, its own and those it inherits, in order
// of the first declaration of each.
func (api *API) resolved(of *Version) []*Route {
	var keys []string
	routes := map[string]*Route{}
	for _, v := range api.versions.declared {
		for _, c := range v.changes {
			if _, known := routes[c.key]; !known {
				keys = append(keys, c.key)
			}
			routes[c.key] = c.route
		}
		if v == of {
			break
		}
	}
	var all []*Route
	for _, key := range keys {
		if r := routes[key]; r != nil {
			all = append(all, r)
		}
	}
	return all
}

// inherits reports whether the version before has a route of that key.
func (api *API) inherits(v *Version, key string) bool {
	i := slices.Index(api.versions.declared, v)
	return i > 0 && slices.ContainsFunc(api.resolved(api.versions.declared[i-1]), func(r *Route) bool { return routeKey(r.pattern) == key })
}

func (api *API) expandPaths() {
	for _, v := range api.versions.declared {
		for _, r := range api.resolved(v) {
			api.addCopy(r, v, "/v"+v.Name())
			if v.Name() == api.versions.by.Default {
				api.addCopy(r, v, "")
			}
		}
	}
}

// addCopy adds a route of a version below a prefix.
func (api *API) addCopy(r *Route, v *Version, prefix string) {
	c := *r
	c.pattern.Segments = slices.Clone(r.pattern.Segments)
	if prefix != "" {
		c.pattern.Segments = slices.Insert(c.pattern.Segments, 0, handler.Segment{Text: prefix[1:]})
	}
	c.text, c.version, c.order = c.pattern.String(), v.Name(), api.nextOrder()
	r.function.routes = append(r.function.routes, &c)
}

func (api *API) expandDispatched() {
	var keys []string
	first := map[string]*Route{}
	versions := map[string][]*Route{}
	for _, v := range api.versions.declared {
		for _, r := range api.resolved(v) {
			key := routeKey(r.pattern)
			if first[key] == nil {
				keys = append(keys, key)
				first[key] = r
			}
			c := *r
			c.version = v.Name()
			versions[key] = append(versions[key], &c)
		}
	}
	for _, key := range keys {
		gateway := *first[key]
		gateway.handler, gateway.middleware = &versioned{api: api, routes: versions[key]}, nil
		gateway.versions, gateway.order = versions[key], api.nextOrder()
		gateway.function.routes = append(gateway.function.routes, &gateway)
	}
}

// versioned is the handler of a gateway route behind which each version has its
// own.
type versioned struct {
	api    *API
	routes []*Route
	once   sync.Once
	served handler.Handler
}

var _ handler.Compiler = (*versioned)(nil)

// Handle serves the version that the request names.
func (v *versioned) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	v.once.Do(func() { v.served = v.dispatch(v.api.planVersions()) })
	return v.served.Handle(ctx, req)
}

// Compile compiles the handler of every version.
func (v *versioned) Compile(params []string) error {
	for _, r := range v.routes {
		if c, ok := r.handler.(handler.Compiler); ok {
			if err := c.Compile(params); err != nil {
				return &datastore.DeclarationError{At: r.at, Message: "version " + r.version + ": " + err.Error()}
			}
		}
	}
	return nil
}

// versionPlan is what the handlers of versions have in common.
type versionPlan struct {
	handler.Versions
	// allow are by path the methods that each version has there
	allow map[string]map[string]string
}

func (api *API) planVersions() *versionPlan {
	return &versionPlan{api.handlerVersions(), api.allow()}
}

// dispatch is the handler of all versions.
func (v *versioned) dispatch(plan *versionPlan) handler.Handler {
	handlers := map[string]handler.Handler{}
	for _, r := range v.routes {
		handlers[r.version] = handler.Chain(r.handler, r.middleware...)
	}
	return plan.Dispatch(handlers, plan.allow[shape(v.routes[0].pattern)])
}

// allow are the methods of each version, by the shape of the path.
func (api *API) allow() map[string]map[string]string {
	methods := map[string]map[string][]string{}
	for _, v := range api.versions.declared {
		for _, r := range api.resolved(v) {
			path := shape(r.pattern)
			if methods[path] == nil {
				methods[path] = map[string][]string{}
			}
			methods[path][v.Name()] = append(methods[path][v.Name()], r.pattern.Method)
		}
	}
	allow := map[string]map[string]string{}
	for path, versions := range methods {
		allow[path] = map[string]string{}
		for name, list := range versions {
			slices.Sort(list)
			allow[path][name] = strings.Join(list, ", ")
		}
	}
	return allow
}

// Version of a route that is one of a version alone; "" for others.
func (r *Route) Version() string { return r.version }

// Versions are, of a gateway route behind which each version has its own
// handler, the routes of the versions, in order of the versions; none for
// others.
func (r *Route) Versions() []*Route { return slices.Clone(r.versions) }

// declareIn makes r a route of its version.
func (r *Route) declareIn() {
	app := r.function.app
	switch v := r.in[0]; {
	case len(r.in) > 1:
		app.fail(r.at, "route %s: it is given to several versions; give it to the first, from which the others inherit it", r.text)
	case v == nil:
		app.fail(r.at, "route %s: tier.In(nil); leave it out, or name a version", r.text)
	case v.api != r.function.api:
		app.fail(r.at, "route %s: version %s is one of API %s, and function %s one of API %s", r.text, v.Name(), v.api.name, r.function.name, r.function.api.name)
	default:
		v.add(change{key: routeKey(r.pattern), text: r.text, at: r.at, route: r})
	}
}

// inVersion tells a handler its version, which a path without one does not say.
func inVersion(name string, h handler.Handler) handler.Handler {
	return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		if req.Version() != name {
			req = req.WithVersion(name)
		}
		return h.Handle(ctx, req)
	})
}
