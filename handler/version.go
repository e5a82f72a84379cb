package handler

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Versions are the versions of an API that are served side by side, and how a
// request names the one it wants: by exactly one of Path, Header, MediaType and
// Stages. An API declares them with tier.API.Version; [Versions.Middleware] and
// [Versions.Dispatch] are what that is made of.
type Versions struct {
	// Releases in order, the oldest first.
	Releases []Release
	// Default is the version of a request that names none; "" makes that a
	// mistake of the request.
	Default string

	// Path: the first segment of paths is "v" and the version, "/v1".
	Path bool
	// Header is the name of a request header: "Api-Version".
	Header string
	// MediaType of the representations, without version and suffix. With
	// "application/vnd.shop" a request names version 2 by a media type in its
	// Accept header, or that of its body: application/vnd.shop.v2+json, or
	// application/vnd.shop+json;version=2.
	MediaType string
	// Stages are versions by the stage that the request came through.
	Stages map[string]string

	// Outside reports whether a pattern is one of a route that is the same in
	// every version. nil stands for none.
	Outside func(pattern string) bool
	// Of is the version of a pattern that has it as its Path. nil stands for what
	// the path says.
	Of func(pattern string) string
}

// Release is one version.
type Release struct {
	// Name of letters, digits, '.', '-' and '_', at most 32: "1", "2026-01".
	Name string
	// Deprecated is when the version was or will be deprecated; zero for never.
	// See https://www.rfc-editor.org/rfc/rfc9745.
	Deprecated time.Time
	// Sunset is when it is expected to end; zero if that is not known. Not before
	// Deprecated. See https://www.rfc-editor.org/rfc/rfc8594.
	Sunset time.Time
	// Link is the URL of a page about that; "" for none.
	Link string
}

// Check says what is wrong with v, all of it.
func (v Versions) Check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("versions: "+format, args...)) }
	ways := 0
	for _, used := range []bool{v.Path, v.Header != "", v.MediaType != "", v.Stages != nil} {
		if used {
			ways++
		}
	}
	switch kind, _, found := strings.Cut(v.MediaType, "/"); {
	case ways != 1:
		bad("%d ways to name one; write one of Path, Header, MediaType and Stages", ways)
	case v.Header != "" && !validToken(v.Header):
		bad("header %q: write the name of a header", v.Header)
	case v.MediaType != "" && (!found || !validToken(kind) || !validToken(v.MediaType[len(kind)+1:]) || strings.ContainsAny(v.MediaType, "+*")):
		bad("media type %q: write type and subtype without suffix and version: %q", v.MediaType, "application/vnd.shop")
	}
	if len(v.Releases) == 0 {
		bad("there are none; declare one")
	}
	for i, r := range v.Releases {
		for _, e := range r.check() {
			bad("%s", e)
		}
		if slices.ContainsFunc(v.Releases[:i], func(o Release) bool { return strings.EqualFold(o.Name, r.Name) }) {
			bad("version %q is declared twice; case does not tell versions apart", r.Name)
		}
	}
	if v.Default != "" && v.release(v.Default) == nil {
		bad("the default %q is none of them: %s", v.Default, v.list())
	}
	return errors.Join(errs...)
}

func (r Release) check() []string {
	var problems []string
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if r.Name == "" || len(r.Name) > 32 || strings.Trim(r.Name, versionBytes) != "" {
		bad("version %q: write up to 32 letters, digits, '.', '-' and '_'", r.Name)
	}
	if !r.Sunset.IsZero() && r.Sunset.Before(r.Deprecated) {
		bad("version %s: it ends at %v, before it is deprecated at %v", r.Name, r.Sunset.UTC(), r.Deprecated.UTC())
	}
	if r.Deprecated.IsZero() && (!r.Sunset.IsZero() || r.Link != "") {
		bad("version %s: it has a sunset or a link and is never deprecated; say when", r.Name)
	}
	if u, err := url.Parse(r.Link); r.Link != "" && (err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || strings.ContainsAny(r.Link, "<>\"\r\n ")) {
		bad("version %s: link %q: write a URL with scheme and host", r.Name, r.Link)
	}
	return problems
}

const versionBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

// release is that of a name, in any case; nil for none.
func (v Versions) release(name string) *Release {
	for i := range v.Releases {
		if strings.EqualFold(v.Releases[i].Name, name) {
			return &v.Releases[i]
		}
	}
	return nil
}

// list is the names of all versions, for people.
func (v Versions) list() string {
	names := make([]string, len(v.Releases))
	for i, r := range v.Releases {
		names[i] = r.Name
		if v.Path {
			names[i] = "/v" + r.Name
		}
	}
	return strings.Join(names, ", ")
}

// Version is the version of the API that the request asks for, or the one that it
// gets for asking for none; "" where the API has no versions or the request
// names one that there is not. It is known to all middleware of the API; where a
// default version is served without a version in the path, to that of routes. What is
// outside of all that learns it once it is known.
func (r *Request) Version() string {
	if r.version == "" {
		if first := r.told.version.Load(); first != nil {
			return *first
		}
	}
	return r.version
}

// WithVersion is the request for another version of the API. Earlier copies that have
// none learn the first one.
func (r *Request) WithVersion(name string) *Request {
	c := *r
	c.version = name
	r.told.version.CompareAndSwap(nil, &c.version)
	return &c
}
