//go:build !lambda.norpc

package run

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// siteServer is a site of the App that listens.
type siteServer struct {
	server
	site *tier.Site
}

// siteServers are the sites of the App, before the gateways that listen already. base
// and taken are as for [portAfter].
func siteServers(app *tier.App, gateways []server, base, taken int) (sites []siteServer, err error) {
	apis := map[*tier.API]local.SiteAPI{}
	for _, g := range gateways {
		if g.api != nil && g.function == nil {
			apis[g.api] = local.SiteAPI{Gateway: g.handler, Host: g.listener.Addr().String()}
		}
	}
	for i, site := range app.Sites() {
		handler, err := local.NewSite(site, site.Options().Folder, apis)
		if err != nil {
			return sites, err
		}
		listener, err := local.Listen(portAfter(base, taken+i))
		if err != nil {
			return sites, err
		}
		sites = append(sites, siteServer{server{handler: handler, listener: listener}, site})
	}
	return sites, nil
}

// announceSites says where the sites are served, and what is missing.
func (p *program) announceSites(app *tier.App, sites []siteServer) {
	for _, s := range sites {
		fmt.Fprintf(p.stdout, "%s: site %s of %s on http://%s\n", app.Name(), s.site.Name(), s.site.Options().Folder, s.listener.Addr())
		p.printSiteAPIs(s.site)
		if _, err := os.Stat(filepath.FromSlash(s.site.Options().Folder)); err != nil {
			fmt.Fprintf(p.stderr, "site %s: there is no folder %s yet; build the site, it is looked at for each request\n", s.site.Name(), s.site.Options().Folder)
		}
	}
}

// printSiteAPIs prints of each API of a site the path, and the Go line.
func (p *program) printSiteAPIs(site *tier.Site) {
	var rows [][]string
	for _, a := range site.APIs() {
		rows = append(rows, []string{a.Path + "/", "API " + a.API.Name(), a.At.RelativeTo(p.folder)})
	}
	p.printTable("  ", rows)
}
