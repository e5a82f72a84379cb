package local

import (
	"net/http"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// mapping is a base path of a custom domain name and what it leads to.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html.
type mapping struct {
	domain string
	base   string // "/orders/v1"; "" for what no other base path fits
	stage  string // "" for the one that the door has
	// gateway of the API; nil if the domain has no mapping that fits.
	gateway *Gateway
}

// mappings are those of each domain name, the longest base path first.
type mappings map[string][]*mapping

// newMappings are the mappings of one API.
func newMappings(api *tier.API, g *Gateway) mappings {
	all := mappings{}
	for _, d := range api.Domains() {
		m := &mapping{domain: d.Name, stage: d.Stage, gateway: g}
		if !api.DeclaresStages() {
			m.stage = ""
		}
		if d.BasePath != "" {
			m.base = "/" + d.BasePath
		}
		all[d.Name] = append(all[d.Name], m)
	}
	all.sort()
	return all
}

func (all mappings) sort() {
	for _, list := range all {
		slices.SortStableFunc(list, func(a, b *mapping) int { return len(b.base) - len(a.base) })
	}
}

// ShareDomains lets gateways of several APIs answer for each other: a request to
// any of them for a custom domain name goes to the API that the base path leads
// to, as with the one listener that the name has on AWS. Call it before they
// serve.
func ShareDomains(gateways ...*Gateway) {
	all := mappings{}
	for _, g := range gateways {
		for name, list := range g.mappings {
			all[name] = append(all[name], list...)
		}
	}
	all.sort()
	for _, g := range gateways {
		if g.mappings != nil {
			g.mappings = all
		}
	}
}

// find is the mapping of a host and a path: nil for a host that is no custom
// domain name, one without a gateway if no base path fits. The top-level domain
// "localhost" behind a name does not count.
func (all mappings) find(host, path string) *mapping {
	if len(all) == 0 {
		return nil
	}
	name := strings.TrimSuffix(strings.ToLower(hostName(host)), ".localhost")
	list := all[name]
	if list == nil {
		return nil
	}
	path = routedPath(path)
	for _, m := range list {
		if path == m.base || strings.HasPrefix(path, m.base+"/") {
			return m
		}
	}
	return &mapping{domain: name}
}

// maps reports whether the mapping leads anywhere.
func (m *mapping) maps() bool { return m.gateway != nil }

// cut is a path without the base path.
func (m *mapping) cut(path string) string {
	return strings.TrimPrefix(routedPath(path), m.base)
}

// pong is what API Gateway says at /ping and /sping of a custom domain, which
// are reserved. It is so by experience and not documented.
var pong = refusal{status: http.StatusOK, contentType: "text/plain", body: "healthy connection"}

// reserved answers the paths that API Gateway keeps for itself at the root of a
// custom domain name; nil for others.
func (m *mapping) reserved(x *exchange) *answer {
	if path := routedPath(x.path); path != "/ping" && path != "/sping" {
		return nil
	}
	x.note("domain", "%s is reserved at the root of a custom domain name", x.path)
	return pong.answer(x.id)
}

// domain is requestContext.domainName.
func (x *exchange) domain() string {
	if x.mapping != nil {
		return x.mapping.domain
	}
	return hostName(x.Host)
}
