package tier_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func TestSiteMistakes(t *testing.T) {
	t.Parallel()
	const certificate = "arn:aws:acm:us-east-1:123456789012:certificate/x"
	site := func(o tier.SiteOptions) func(*tier.App) {
		return func(app *tier.App) { app.Site("web", o) }
	}
	header := func(name, value string) func(*tier.App) {
		return site(tier.SiteOptions{Folder: "web", Headers: map[string]string{name: value}})
	}
	with := func(do func(*tier.App, *tier.Site)) func(*tier.App) {
		return func(app *tier.App) { do(app, app.Site("web", tier.SiteOptions{Folder: "web", NotFound: "404.html"})) }
	}
	api := func(app *tier.App) *tier.API {
		api := app.API("orders")
		api.Handle("GET /", handler.New(ok))
		return api
	}
	at := func(path string) func(*tier.App) {
		return with(func(app *tier.App, s *tier.Site) { s.API(path, api(app)) })
	}
	many := map[string]string{}
	for _, c := range "abcdefg" {
		many["X-"+string(c)] = "1"
	}
	for name, c := range map[string]struct {
		declare func(*tier.App)
		want    string
	}{
		"no folder":        {site(tier.SiteOptions{}), "it has no folder"},
		"absolute folder":  {site(tier.SiteOptions{Folder: "/var/www"}), `folder "/var/www"`},
		"folder above":     {site(tier.SiteOptions{Folder: "../web"}), `folder "../web"`},
		"own folder":       {site(tier.SiteOptions{Folder: "."}), `folder "."`},
		"backslashes":      {site(tier.SiteOptions{Folder: `web\dist`}), "with slashes"},
		"error page":       {site(tier.SiteOptions{Folder: "web", NotFound: "/404.html"}), "NotFound"},
		"hidden page":      {site(tier.SiteOptions{Folder: "web", NotFound: ".404.html"}), "NotFound"},
		"immutable root":   {site(tier.SiteOptions{Folder: "web", Immutable: []string{"/"}}), "pages themselves change"},
		"half a second":    {site(tier.SiteOptions{Folder: "web", MaxAge: time.Second / 2}), "whole seconds"},
		"price":            {site(tier.SiteOptions{Folder: "web", PriceClass: "cheap"}), "tier.Price100"},
		"frame options":    {header("X-Frame-Options", "ALLOW-FROM x"), "DENY, SAMEORIGIN"},
		"referrer":         {header("Referrer-Policy", "never"), "CloudFront has no-referrer"},
		"transport":        {header("Strict-Transport-Security", "forever"), "max-age=SECONDS"},
		"cache control":    {header("Cache-Control", "no-store"), "with Immutable and MaxAge"},
		"cookie":           {header("Set-Cookie", "a=b"), "no session"},
		"CORS":             {header("Access-Control-Allow-Origin", "*"), "other origins"},
		"line break":       {header("X-A", "a\r\nSet-Cookie: b"), "printable ASCII"},
		"header name":      {header("X A", "a"), "name of a header"},
		"too many headers": {site(tier.SiteOptions{Folder: "web", Headers: many}), "at most 10"},
		"long name": {func(app *tier.App) {
			app.Site("w"+strings.Repeat("e", 40), tier.SiteOptions{Folder: "web"})
		}, "40 characters"},
		"twice": {func(app *tier.App) {
			app.Site("web", tier.SiteOptions{Folder: "web"})
			app.Site("Web", tier.SiteOptions{Folder: "web"})
		}, "declared already"},
		"no API":       {with(func(_ *tier.App, s *tier.Site) { s.API("/api", nil) }), "is nil"},
		"foreign API":  {with(func(_ *tier.App, s *tier.Site) { s.API("/api", api(tier.New("other"))) }), "app other"},
		"whole site":   {at("/"), `path "/"`},
		"slash at end": {at("/api/"), `path "/api/"`},
		"no slash":     {at("api"), `path "api"`},
		"dots":         {at("/a/../b"), `path "/a/../b"`},
		"wildcard":     {at("/a*"), `path "/a*"`},
		"long path":    {at("/" + strings.Repeat("a", 255)), "write a slash"},
		"page and API": {at("/api"), "leave NotFound out"},
		"private API":  {with(func(app *tier.App, s *tier.Site) { s.API("/api", app.API("inside", tier.Private())) }), "API inside is private"},
		"path twice":   {with(func(app *tier.App, s *tier.Site) { a := api(app); s.API("/api", a); s.API("/api", a) }), "is that of API orders"},
		"region": {with(func(_ *tier.App, s *tier.Site) {
			s.Domain(strings.Replace(certificate, "us-east-1", "eu-west-1", 1), "a.example")
		}), "those of us-east-1"},
		"certificate": {with(func(_ *tier.App, s *tier.Site) { s.Domain("x", "a.example") }), "ARN of a certificate"},
		"no names":    {with(func(_ *tier.App, s *tier.Site) { s.Domain(certificate) }), "has no names"},
		"upper case":  {with(func(_ *tier.App, s *tier.Site) { s.Domain(certificate, "A.example") }), "in lower case"},
		"names apart": {with(func(_ *tier.App, s *tier.Site) {
			s.Domain(certificate, "a.example")
			s.Domain(certificate, "b.example")
		}), "all of them there"},
		"name of others": {with(func(app *tier.App, s *tier.Site) {
			s.Domain(certificate, "a.example")
			app.Site("b", tier.SiteOptions{Folder: "b"}).Domain(certificate, "a.example")
		}), "CloudFront knows a name once"},
		"no zone":            {with(func(_ *tier.App, s *tier.Site) { s.Zone("shop.example") }), "the id of a hosted zone"},
		"long zone":          {with(func(_ *tier.App, s *tier.Site) { s.Zone("Z" + strings.Repeat("A", 32)) }), "the id of a hosted zone"},
		"zone of nothing":    {with(func(_ *tier.App, s *tier.Site) { s.Zone("Z01") }), "no domain names to make records of"},
		"two zones":          {with(func(_ *tier.App, s *tier.Site) { s.Domain(certificate, "a.example"); s.Zone("Z01"); s.Zone("Z02") }), "its zone is Z01 already"},
		"log of no days":     {with(func(_ *tier.App, s *tier.Site) { s.AccessLog(tier.SiteLog{Days: -1}) }), "write 1 or more"},
		"days of a bucket":   {with(func(_ *tier.App, s *tier.Site) { s.AccessLog(tier.SiteLog{Days: 1, Existing: true}) }), "says itself how long"},
		"two logs":           {with(func(_ *tier.App, s *tier.Site) { s.AccessLog(tier.SiteLog{}); s.AccessLog(tier.SiteLog{}) }), "declare it once"},
		"web ACL of its own": {with(func(_ *tier.App, s *tier.Site) { s.WAF(tier.WAF{RateLimit: 100}) }), "make one there, with its rules"},
		"two web ACLs":       {with(func(_ *tier.App, s *tier.Site) { s.WAF(tier.WAF{Existing: true}); s.WAF(tier.WAF{Existing: true}) }), "a distribution has one"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			c.declare(app)
			err := errors.Join(app.Check()...)
			var d *datastore.DeclarationError
			if err == nil || !strings.Contains(err.Error(), c.want) || !errors.As(err, &d) || !strings.HasSuffix(d.At.File, "site_test.go") {
				t.Errorf("Check() = %v, want %q with its line", err, c.want)
			}
		})
	}
}

func TestSiteFiles(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	site := app.Site("web", tier.SiteOptions{Folder: "web", Immutable: []string{"assets", "/_app/immutable/"}, MaxAge: time.Hour})
	asked := app.Site("asked", tier.SiteOptions{Folder: "asked"})
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	const forever, never, hour = "public, max-age=31536000, immutable", "no-cache", "public, max-age=3600"
	for key, want := range map[string]string{
		"index.html": never, "docs/a.HTML": never, "sw.js": never, "app.webmanifest": never, "favicon.ico": hour, "assets.js": hour,
		"assets/app-3f9ac1.js": forever, "_app/immutable/x.css": forever, "_app/version.json": hour, "x/assets/app.js": hour,
	} {
		if got := site.CacheControl(key); got != want {
			t.Errorf("CacheControl(%q) = %q, want %q", key, got, want)
		}
		if got := asked.CacheControl(key); got != never {
			t.Errorf("CacheControl(%q) = %q, want %q: nothing is declared", key, got, never)
		}
	}
	for key, want := range map[string]bool{"a/b.js": true, ".env": false, "a/.git/config": false, ".well-known/x": true, ".well-known/.x": false, "a/b.": true} {
		if got := site.Serves(key); got != want {
			t.Errorf("Serves(%q) = %v, want %v", key, got, want)
		}
	}
}
