package tier

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Site is a static website: files in a private bucket of S3, which CloudFront serves
// to browsers, beside APIs of the App under paths of their own.
//
//	site := app.Site("web", tier.SiteOptions{Folder: "web/dist", SPA: true, Immutable: []string{"assets"}})
//	site.API("/api", orders)
//
// The files are no part of the program: "go run . site" uploads them, so that a page
// can change without a function, and no function carries them.
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html.
type Site struct {
	app         *App
	name        string
	at          datastore.Position
	options     SiteOptions
	headers     []SiteHeader
	certificate string
	domains     []string
	domainsAt   datastore.Position
	apis        []SiteAPI
	zone        string
	zoneAt      datastore.Position
	accessLog   *DeclaredSiteLog
	waf         datastore.Position // zero for none
}

// SiteOptions say what a site is made of. Folder is needed; the zero value of each
// other field is its default.
type SiteOptions struct {
	// Folder with the files, from the folder that the program is started in, with
	// slashes: "web/dist". It must have an index.html. Files whose names begin with a
	// dot are not served, but for those in ".well-known".
	Folder string
	// SPA answers index.html, with 200, to requests for pages that there is no file
	// for, as applications of a single page with a router want it: GET and HEAD, where
	// the last segment of the path has no dot, outside of /.well-known/, and where the
	// header Accept, if there is one, takes text/html.
	//
	// Without it a path that ends in "/", or whose last segment has no dot, is that of
	// the index.html in that folder: /docs and /docs/ are docs/index.html.
	SPA bool
	// NotFound is the page that is answered, with 404, where there is no file:
	// "404.html". Default: what S3 says, in XML. A site with APIs has none: CloudFront
	// would put it in place of what the APIs answer with 404, too.
	NotFound string
	// Immutable are folders, "assets", whose files never change under their names,
	// because those have a sum of the content, as bundlers name them. Browsers keep
	// them for a year and never ask again.
	Immutable []string
	// MaxAge is how long browsers and CloudFront keep other files, pages excepted,
	// without asking whether they changed: whole seconds, at most a year. Default 0:
	// they ask each time, and are mostly answered 304.
	MaxAge time.Duration
	// Headers of all answers of files, in place of the defaults or beside them; one of
	// "" is not sent. The defaults are those of [Site.Headers].
	Headers map[string]string
	// PriceClass says on which continents CloudFront keeps copies. Default [PriceAll].
	PriceClass PriceClass
}

// PriceClass says on which continents CloudFront keeps copies of a site. Where it
// keeps none, requests go to the next continent that has some.
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/PriceClass.html.
type PriceClass string

// The price classes.
const (
	PriceAll PriceClass = "PriceClass_All"
	// Price200 is PriceAll without South America, Australia and New Zealand.
	Price200 PriceClass = "PriceClass_200"
	// Price100 is North America, Europe and Israel.
	Price100 PriceClass = "PriceClass_100"
)

// SiteAPI is an API that a site reaches under a path.
type SiteAPI struct {
	Path string // "/api", which the API's routes do not have
	API  *API
	At   datastore.Position
}

const (
	// maxSiteName leaves room for what CloudFront's names have behind it, in 64
	// characters.
	maxSiteName = 40
	maxMaxAge   = 365 * 24 * time.Hour
	// wellKnown is the folder of RFC 8615, whose files often have no ending.
	wellKnown = ".well-known"
)

// Site declares a static website. The name is as for an App, of up to 40 characters.
func (a *App) Site(name string, opts SiteOptions) *Site {
	s := &Site{app: a, name: name, at: datastore.Caller(), options: opts}
	a.checkName(s.at, "site", name)
	if len(name) > maxSiteName {
		a.fail(s.at, "site %s: its name has more than %d characters, for which CloudFront's names have no room", name, maxSiteName)
	}
	for _, other := range a.sites {
		if strings.EqualFold(other.name, name) {
			a.fail(s.at, "site %s is declared already at %s; give one of the two another name", name, other.at)
		}
	}
	a.sites = append(a.sites, s)
	s.options.Headers, s.options.Immutable = maps.Clone(opts.Headers), nil
	if s.options.PriceClass == "" {
		s.options.PriceClass = PriceAll
	}
	for _, folder := range opts.Immutable {
		s.options.Immutable = append(s.options.Immutable, strings.Trim(folder, "/"))
	}
	s.checkOptions()
	s.headers = s.checkHeaders()
	return s
}

// Name of the site.
func (s *Site) Name() string { return s.name }

// At is where the site was declared.
func (s *Site) At() datastore.Position { return s.at }

// Options of the site, with their defaults.
func (s *Site) Options() SiteOptions { return s.options }

// Sites in order of declaration.
func (a *App) Sites() []*Site { return a.sites }

func (s *Site) fail(at datastore.Position, format string, args ...any) {
	s.app.fail(at, "site %s: %s", s.name, fmt.Sprintf(format, args...))
}

func (s *Site) checkOptions() {
	o := s.options
	if o.Folder == "" {
		s.fail(s.at, `it has no folder; write where its files are, from main's folder: tier.SiteOptions{Folder: "web/dist"}`)
	} else if clean := path.Clean(o.Folder); clean != strings.TrimSuffix(o.Folder, "/") || path.IsAbs(clean) || clean == "." || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(clean, `\`) {
		s.fail(s.at, "folder %q: write a path below main's folder, with slashes: %q", o.Folder, "web/dist")
	}
	if o.NotFound != "" && !validKey(o.NotFound) {
		s.fail(s.at, "NotFound %q: write the path of a file from the site's folder: %q", o.NotFound, "404.html")
	}
	for _, folder := range o.Immutable {
		if !validKey(folder) {
			s.fail(s.at, "Immutable %q: write a folder of the site, such as %q; pages themselves change", folder, "assets")
		}
	}
	if o.MaxAge < 0 || o.MaxAge > maxMaxAge || o.MaxAge%time.Second != 0 {
		s.fail(s.at, "MaxAge %v: write whole seconds, at most a year", o.MaxAge)
	}
	if !slices.Contains([]PriceClass{PriceAll, Price200, Price100}, o.PriceClass) {
		s.fail(s.at, "price class %q: write tier.PriceAll, tier.Price200 or tier.Price100", o.PriceClass)
	}
}

// validKey reports whether the text is the path of a file that a site can have.
func validKey(key string) bool {
	return key != "" && key != "." && path.Clean("/"+key) == "/"+key && !strings.ContainsAny(key, "\\?#%\x00") && served(key)
}

// Serves reports whether the site serves files of that path, "assets/logo.svg": not if a
// segment begins with a dot, which is how tools name what is theirs, but for
// ".well-known".
func (s *Site) Serves(key string) bool { return served(key) }

func served(key string) bool {
	for _, segment := range strings.Split(key, "/") {
		if strings.HasPrefix(segment, ".") && segment != wellKnown {
			return false
		}
	}
	return true
}

// API reaches an API of the App below a path of the site: with "/api", a request for
// /api/orders/7 is one for /orders/7 of the API's first stage. The longest path counts
// where several fit. Nothing is cached, and every header but Host goes on.
//
// What is signed for tier.IAM is signed for the API's own host and path, so who signs
// calls the API and not the site.
func (s *Site) API(path string, api *API) {
	at := datastore.Caller()
	switch {
	case api == nil:
		s.fail(at, "the API at %s is nil; write one of app.API", path)
		return
	case api.app != s.app:
		s.fail(at, "API %s is one of app %s, and not of %s; reach it at its own address", api.name, api.app.name, s.app.name)
		return
	case api.private.declared:
		s.fail(at, "API %s is private, so that CloudFront does not reach it; leave tier.Private out, or call the API from its network alone", api.name)
		return
	case !validSitePath(path):
		s.fail(at, "path %q of API %s: write a slash and letters, digits, and -_.~ between slashes: %q", path, api.name, "/api")
		return
	}
	for _, other := range s.apis {
		if other.Path == path {
			s.fail(at, "path %s is that of API %s at %s; give one of the two another", path, other.API.name, other.At)
			return
		}
	}
	s.apis = append(s.apis, SiteAPI{path, api, at})
}

// APIs that the site reaches, the longest path first, as they are looked for.
func (s *Site) APIs() []SiteAPI {
	all := slices.Clone(s.apis)
	slices.SortStableFunc(all, func(a, b SiteAPI) int { return len(b.Path) - len(a.Path) })
	return all
}

// maxSitePath is what CloudFront takes as a path pattern, without the end.
//
// See https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CacheBehavior.html.
const maxSitePath = 255 - len("/*")

func validSitePath(text string) bool {
	return len(text) <= maxSitePath && len(text) > 1 && text[0] == '/' && path.Clean(text) == text &&
		!strings.ContainsFunc(text, func(r rune) bool {
			return r >= 0x80 || !isLetterOrDigit(byte(r)) && !strings.ContainsRune("/-_.~", r)
		})
}

// Domain serves the site under domain names of its own, too, by a certificate for them
// in us-east-1, whatever the region of the stack. Their DNS records must point at what
// the template puts out, unless [Site.Zone] has it make them. TLS is 1.2 or later then;
// CloudFront's own name takes older ones.
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html.
func (s *Site) Domain(certificate string, names ...string) {
	at := datastore.Caller()
	switch parts := strings.Split(certificate, ":"); {
	case s.certificate != "":
		s.fail(at, "it has domain names already at %s; name all of them there", s.domainsAt)
		return
	case !validCertificate(certificate):
		s.fail(at, "certificate %q: write the ARN of a certificate: %q", certificate, "arn:aws:acm:us-east-1:123456789012:certificate/...")
		return
	case parts[3] != "us-east-1":
		s.fail(at, "the certificate is in %s; CloudFront takes those of us-east-1 alone: ask for one there", parts[3])
		return
	case len(names) == 0:
		s.fail(at, "Domain has no names; write those that the certificate is for")
		return
	}
	for _, name := range names {
		if !validDomain(name) {
			s.fail(at, "domain %q: write a name of at least two labels in lower case: %q", name, "www.example.com")
			return
		}
		for _, other := range s.app.sites {
			if slices.Contains(other.domains, name) {
				s.fail(at, "domain %s is that of site %s at %s; CloudFront knows a name once", name, other.name, other.domainsAt)
				return
			}
		}
		s.domains = append(s.domains, name)
	}
	s.certificate, s.domainsAt = certificate, at
}

// Domains are the site's own domain names, and Certificate that of them; none and ""
// if it has none.
func (s *Site) Domains() []string { return s.domains }

// Certificate is the ARN of that for the domain names.
func (s *Site) Certificate() string { return s.certificate }

// check is what is wrong with the site as a whole.
func (s *Site) check() []error {
	if s.zone != "" && len(s.domains) == 0 {
		return []error{mistake(s.zoneAt, "site %s: Zone has no domain names to make records of; write them with Domain", s.name)}
	}
	if s.options.NotFound == "" || len(s.apis) == 0 {
		return nil
	}
	return []error{mistake(s.apis[0].At, "site %s: NotFound %s, and API %s: CloudFront has error pages for a whole distribution, "+
		"and would answer the page where the API answers 404 itself; leave NotFound out, and show it in the page (SPA), or have another site for the API",
		s.name, s.options.NotFound, s.apis[0].API.name)}
}
