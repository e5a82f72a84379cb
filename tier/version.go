package tier

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Version is one of several versions of an API that are served side by side. It
// has what the version before it has, in order of declaration, but for what it
// declares and removes itself:
//
//	api := app.API("orders", tier.VersionByPath())
//	v1 := api.Version("1", tier.Deprecated(since, sunset, "https://shop.example/v1"))
//	v1.Handle("GET /orders/{id}", getV1)
//	v1.Handle("POST /orders", place)
//	v2 := api.Version("2")
//	v2.Handle("GET /orders/{id}", getV2) // POST /orders is that of version 1
//
// Routes of the API itself are in no version: GET /health is the same in all,
// and needs none to be named.
type Version struct {
	api     *API
	at      datastore.Position
	release handler.Release
	changes []change // in order of declaration
}

// change is a route that a version has of its own, or one that it has not.
type change struct {
	key   string
	text  string // the pattern as written
	at    datastore.Position
	route *Route // nil for a removal
}

// versioning is how requests name a version of the API.
type versioning struct {
	by       handler.Versions // Path, Header, MediaType and Default of it
	byStage  bool
	declared []*Version

	mu      sync.Mutex // guards what follows, and the routes of functions then
	changed bool       // since the routes of the versions were made
}

func (ver *versioning) ways() int {
	n := 0
	for _, used := range []bool{ver.by.Path, ver.by.Header != "", ver.by.MediaType != "", ver.byStage} {
		if used {
			n++
		}
	}
	return n
}

// VersionByPath makes "v" and the version the first segment of paths, /v1 and
// /v2: each version is a set of ordinary routes, and different functions may
// serve them.
func VersionByPath() APIOption {
	return apiOption(func(api *API) { api.versionBy(func(v *versioning) { v.by.Path = true }) })
}

// VersionByHeader lets a request header name the version: "Api-Version". It and
// the further ways but the path make one gateway route of all versions of a
// pattern, so one function serves them.
func VersionByHeader(name string) APIOption {
	return apiOption(func(api *API) { api.versionBy(func(v *versioning) { v.by.Header = name }) })
}

// VersionByMediaType lets the Accept header, or the type of the body, name the
// version: with "application/vnd.shop", application/vnd.shop.v2+json and
// application/vnd.shop+json;version=2 name version 2.
func VersionByMediaType(mediaType string) APIOption {
	return apiOption(func(api *API) { api.versionBy(func(v *versioning) { v.by.MediaType = mediaType }) })
}

// VersionByStage serves in each stage the version that [Stage] names.
func VersionByStage() APIOption {
	return apiOption(func(api *API) { api.versionBy(func(v *versioning) { v.byStage = true }) })
}

// DefaultVersion is the version of requests that name none. Without it such a
// request is answered 400, or 404 where paths name the version.
func DefaultVersion(name string) APIOption {
	return apiOption(func(api *API) { api.versions.by.Default = name })
}

type apiOption func(*API)

func (o apiOption) applyAPI(api *API) { o(api) }

func (api *API) versionBy(set func(*versioning)) {
	if api.versions.ways() > 0 {
		api.app.fail(api.at, "API %s: two ways to name a version; write one tier.VersionBy", api.name)
		return
	}
	set(&api.versions)
}

// VersionOption says something of a [Version]: [Deprecated].
type VersionOption interface{ applyVersion(*Version) }

type versionOption func(*Version)

func (o versionOption) applyVersion(v *Version) { o(v) }

// Deprecated tells clients in every answer of a version that it is deprecated, in
// the past or from a time to come, when it is expected to end, and where to read
// about it: the headers Deprecation, Sunset and Link. A zero sunset and an empty
// link say nothing. See https://www.rfc-editor.org/rfc/rfc9745 and
// https://www.rfc-editor.org/rfc/rfc8594.
func Deprecated(since, sunset time.Time, link string) VersionOption {
	return versionOption(func(v *Version) {
		v.release.Deprecated, v.release.Sunset, v.release.Link = since, sunset, link
	})
}

// Version declares a version of the API after those that are declared already.
// The name has letters, digits, '.', '-' and '_', at most 32: "1", "2026-01".
func (api *API) Version(name string, opts ...VersionOption) *Version {
	v := &Version{api: api, at: datastore.Caller(), release: handler.Release{Name: name}}
	for _, o := range opts {
		if o == nil {
			api.app.fail(v.at, "version %s: an option is nil; leave it out", name)
			continue
		}
		o.applyVersion(v)
	}
	if api.versions.ways() == 0 {
		api.app.fail(v.at, "version %s: API %s does not say how a request names a version; give it tier.VersionByPath(), VersionByHeader, VersionByMediaType or VersionByStage",
			name, api.name)
	}
	alone := handler.Versions{Path: true, Releases: []handler.Release{v.release}}
	for _, err := range datastore.Mistakes(alone.Check()) {
		api.app.fail(v.at, "%v", err)
	}
	for _, other := range api.versions.declared {
		if strings.EqualFold(other.release.Name, name) {
			api.app.fail(v.at, "version %s: it is declared at %s already; give it another name", name, other.at)
			return v // what it declares goes nowhere
		}
	}
	api.versions.declared = append(api.versions.declared, v)
	api.versions.changed = true
	return v
}

// Name of the version.
func (v *Version) Name() string { return v.release.Name }

// Handle declares a route of this version and those after it, served by the
// default function of the API. It takes the place of that of the version before
// with the same method and path.
func (v *Version) Handle(pattern string, h handler.Handler, opts ...RouteOption) {
	v.api.functions[0].handle(datastore.Caller(), pattern, h, append(slices.Clone(opts), In(v)))
}

// In makes a route one of a version: reads.Handle("GET /orders", h, tier.In(v2))
// is [Version.Handle] for another function than the default one.
func In(v *Version) RouteOption { return routeOption(func(r *Route) { r.in = append(r.in, v) }) }

// Remove takes a route out of this version and those after it, which the version
// before has.
func (v *Version) Remove(pattern string) {
	at := datastore.Caller()
	p, err := handler.ParsePattern(pattern)
	if err != nil {
		v.api.app.fail(at, "version %s: %v", v.Name(), err)
		return
	}
	v.add(change{key: routeKey(p), text: pattern, at: at})
}

// add keeps a change, which must be the version's only one of a route.
func (v *Version) add(c change) {
	for _, other := range v.changes {
		if other.key == c.key {
			v.api.app.fail(c.at, "route %s: version %s says something else of it at %s; remove one", c.text, v.Name(), other.at)
			return
		}
	}
	v.changes = append(v.changes, c)
	v.api.versions.changed = true
}

// routeKey tells the routes of a version apart, whatever their parameters are
// called.
func routeKey(p handler.Pattern) string { return p.Method + " " + shape(p) }

// Versions are those of the API, in order of declaration.
func (api *API) Versions() []*Version { return slices.Clone(api.versions.declared) }

// VersionHeader is the request header that chooses among the versions of one
// route, which a cache must not mix: "Api-Version", "Accept"; "" for none.
func (api *API) VersionHeader() string {
	switch by := api.versions.by; {
	case len(api.versions.declared) == 0:
		return ""
	case by.MediaType != "":
		return "Accept"
	default:
		return by.Header
	}
}

// handlerVersions is what the functions are told of the versions.
func (api *API) handlerVersions() handler.Versions {
	v := api.versions.by
	for _, d := range api.versions.declared {
		v.Releases = append(v.Releases, d.release)
	}
	if api.versions.byStage {
		v.Stages = map[string]string{}
		for _, s := range api.stages {
			if s.Version != "" {
				v.Stages[s.Name] = s.Version
			}
		}
	}
	of := map[string]string{}
	outside := map[string]bool{}
	for _, r := range api.Routes() {
		of[r.text] = r.version
		outside[r.text] = r.version == "" && len(r.versions) == 0
	}
	v.Of = func(pattern string) string { return of[pattern] }
	v.Outside = func(pattern string) bool { return outside[pattern] }
	return v
}

// NotFound is what the gateway answers for a path that the API has not, as far
// as it can be told: [NotFoundBody], with the versions if paths name them.
func (api *API) NotFound() string {
	if !api.versions.by.Path || len(api.versions.declared) == 0 {
		return NotFoundBody
	}
	return strings.Replace(NotFoundBody, "there is nothing at this path", api.handlerVersions().NothingHere(), 1)
}

// Release is what clients are told of the version.
func (v *Version) Release() handler.Release { return v.release }

// At is where the version was declared.
func (v *Version) At() datastore.Position { return v.at }
