package lint

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// signedThroughSites finds routes that nobody can call through a site.
func signedThroughSites(d *declaration) {
	for _, site := range d.app.Sites() {
		for _, a := range site.APIs() {
			var signed []string
			for _, r := range a.API.Routes() {
				if auth := r.Authorizer(); auth != nil && tier.IsIAM(auth) {
					signed = append(signed, r.String())
				}
			}
			if len(signed) > 0 {
				d.found("site "+site.Name(), a.At, "have the page sign for the API's own address, which api.CORS lets it call, and name that in connect-src of its Content-Security-Policy",
					"reaches API %s under %s, where %s cannot be called: a signature is of the host and the path, and both are the site's", a.API.Name(), a.Path, list(signed))
			}
		}
	}
}

// addressesThroughSites finds resource policies that would judge CloudFront's address.
func addressesThroughSites(d *declaration) {
	for _, site := range d.app.Sites() {
		for _, a := range site.APIs() {
			p := a.API.DeclaredResourcePolicy()
			if p == nil {
				continue
			}
			judges := slices.ContainsFunc(p.Statements, func(s tier.PolicyStatement) bool {
				for _, c := range s.Conditions {
					if strings.EqualFold(c.Key, "aws:SourceIp") {
						return true
					}
				}
				return false
			})
			if judges {
				d.found("site "+site.Name(), a.At, "give the page another API, or judge the address in middleware: the last but one of X-Forwarded-For",
					"reaches API %s, whose resource policy is about the client's address (aws:SourceIp): through the site that is one of CloudFront's, which are everybody's", a.API.Name())
			}
		}
	}
}

// bareSites finds pages that browsers are told nothing about.
func bareSites(d *declaration) {
	for _, site := range d.app.Sites() {
		for _, needed := range []struct{ name, without string }{
			{"Content-Security-Policy", "a script that gets into a page runs there"},
			{"Strict-Transport-Security", "a first request over http can be answered by somebody else"},
		} {
			if !slices.ContainsFunc(site.Headers(), func(h tier.SiteHeader) bool { return h.Name == needed.name }) {
				d.found("site "+site.Name(), site.At(), "leave it out of Headers, or write a value of your own", "sends no %s: %s", needed.name, needed.without)
			}
		}
	}
}
