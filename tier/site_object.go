package tier

import (
	"path"
	"strconv"
	"strings"
)

// indexPage is the page of a folder.
const indexPage = "index.html"

// Object is the path of the file, percent-encoded and from a slash, that answers a
// request for a path of the site: what the function of CloudFront in the template says.
// accept is the header, "" for none.
func (s *Site) Object(method, uri, accept string) string {
	name := uri[strings.LastIndexByte(uri, '/')+1:]
	if method != "GET" && method != "HEAD" || strings.Contains(name, ".") || strings.HasPrefix(uri, "/"+wellKnown+"/") {
		return uri
	}
	switch {
	case s.options.SPA && (accept == "" || strings.Contains(accept, "text/html") || strings.Contains(accept, "*/*")):
		return "/" + indexPage
	case s.options.SPA:
		return uri
	case name == "":
		return uri + indexPage
	}
	return uri + "/" + indexPage
}

// The values of Cache-Control.
const (
	neverChanges = "public, max-age=31536000, immutable"
	askFirst     = "no-cache"
)

// CacheControl of a file, by its path from the site's folder: "assets/app-3f9ac1.js".
// Files of immutable folders are kept for a year, pages are asked for each time, and
// other files as MaxAge says.
func (s *Site) CacheControl(key string) string {
	if s.immutable(key) {
		return neverChanges
	}
	if s.options.MaxAge == 0 || s.Page(key) {
		return askFirst
	}
	return "public, max-age=" + strconv.Itoa(int(s.options.MaxAge.Seconds()))
}

func (s *Site) immutable(key string) bool {
	if key == indexPage || key == s.options.NotFound {
		return false
	}
	for _, folder := range s.options.Immutable {
		if strings.HasPrefix(key, folder+"/") {
			return true
		}
	}
	return false
}

// Page reports whether a file refers to others by names that change with their
// content: pages, and what a service worker is made of are replaced after what they
// need is there.
func (s *Site) Page(key string) bool {
	if s.immutable(key) {
		return false
	}
	switch strings.ToLower(path.Ext(key)) {
	case ".html", ".htm", ".xhtml", ".webmanifest":
		return true
	}
	name := path.Base(key)
	return name == "sw.js" || name == "service-worker.js"
}
