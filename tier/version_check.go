package tier

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// checkVersions finds what is wrong with the versions together.
func (api *API) checkVersions(fail func(at datastore.Position, format string, args ...any)) {
	ver := &api.versions
	for _, s := range api.stages {
		if s.Version != "" && !ver.byStage {
			fail(api.stagesAt, "API %s: stage %q: Version, and the API does not tell versions by stage; leave it out, or write tier.VersionByStage()", api.name, s.Name)
		}
	}
	if len(ver.declared) == 0 {
		if ver.ways() > 0 || ver.by.Default != "" {
			fail(api.at, "API %s: it says how a request names a version and has none; declare one with api.Version", api.name)
		}
		return
	}
	if ver.ways() != 1 {
		return // said at each version
	}
	for _, err := range datastore.Mistakes(api.handlerVersions().Check()) {
		fail(api.at, "API %s: %v", api.name, err)
	}
	if h := ver.by.Header; h != "" && api.cors != nil && !slices.ContainsFunc(api.cors.AllowedHeaders(), func(name string) bool { return strings.EqualFold(name, h) }) {
		fail(api.at, "API %s: pages of other origins could not name a version; add %q to the Headers of its CORS, beside those that it has by default", api.name, h)
	}
	api.checkVersionStages(fail)
	for _, v := range ver.declared {
		for _, c := range v.changes {
			if c.route == nil && !api.inherits(v, c.key) {
				fail(c.at, "route %s: version %s removes it, and the version before does not have it; leave this out", c.text, v.Name())
			}
		}
	}
	api.checkDispatch(fail)
}

func (api *API) checkVersionStages(fail func(at datastore.Position, format string, args ...any)) {
	served := map[string]bool{api.versions.by.Default: true}
	for _, s := range api.stages {
		switch {
		case s.Version != "" && api.versions.byStage && !slices.ContainsFunc(api.versions.declared, func(v *Version) bool { return v.Name() == s.Version }):
			fail(api.stagesAt, "API %s: stage %q: there is no version %q", api.name, s.Name, s.Version)
		case s.Version == "" && api.versions.byStage && api.versions.by.Default == "":
			fail(api.stagesAt, "API %s: stage %q: it has no version; name one", api.name, s.Name)
		}
		served[s.Version] = true
	}
	for _, v := range api.versions.declared {
		if api.versions.byStage && !served[v.Name()] {
			fail(v.at, "version %s: no stage serves it; name it in one of api.Stages", v.Name())
		}
	}
}

// checkDispatch finds what the versions of one gateway route cannot differ in,
// and routes of versions that stand in each other's way.
func (api *API) checkDispatch(fail func(at datastore.Position, format string, args ...any)) {
	routes := api.Routes()
	for i, r := range routes {
		for _, other := range r.versions {
			first := r.versions[0]
			if other.mock || other.validated {
				fail(other.at, "route %s: version %s: tier.Mock and tier.Validated are the gateway's, which cannot tell versions apart here; leave them out, or write tier.VersionByPath()",
					other.text, other.version)
				continue
			}
			if what := differ(first, other); what != "" {
				fail(other.at, "route %s: version %s has another %s than version %s at %s; all versions of a route have the same unless paths name the version",
					other.text, other.version, what, first.version, first.at)
			}
		}
		for _, other := range routes[:i] {
			if r.version == "" && len(r.versions) == 0 && other.version == "" && len(other.versions) == 0 {
				continue // said where they are declared
			}
			if routeKey(r.pattern) == routeKey(other.pattern) {
				fail(r.at, "route %s: %s at %s serves the same requests; remove one", r.text, other.text, other.at)
			} else if mine, theirs, ok := sibling(r.pattern, other.pattern); ok {
				fail(r.at, "route %s: %s beside %s of %s at %s: API Gateway allows one parameter below a path; write the same name and kind in both",
					r.text, mine, theirs, other.text, other.at)
			}
		}
	}
}

// differ is what two versions of a gateway route have not in common, "" if that
// is nothing that the gateway sees.
func differ(a, b *Route) string {
	switch {
	case a.function != b.function:
		return "function"
	case a.Authorizer() != b.Authorizer() || a.public != b.public:
		return "authorizer"
	case !slices.Equal(a.scopes, b.scopes):
		return "set of scopes"
	case !slices.EqualFunc(a.callers, b.callers, datastore.Same):
		return "set of exchanges in tier.SignedIn"
	case a.text != b.text:
		return "pattern"
	case a.stream != b.stream:
		return "way to send its answers (tier.Stream)"
	case !a.routeTraffic.equal(b.routeTraffic):
		return "limit, need of an API key or caching"
	}
	return ""
}
