package handler

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// Middleware tells the rest of the chain the version of a request, and adds to
// its answer, errors included, what clients must know of it: Deprecation, Sunset
// and Link of a deprecated version, Vary where a header names the version, and
// in the Content-Type of JSON the media type that was asked for. It belongs
// outside everything that can answer by itself, but for CORS.
//
// The error is what [Versions.Check] finds.
func (v Versions) Middleware() (Middleware, error) {
	if err := v.Check(); err != nil {
		return nil, err
	}
	return func(next Handler) Handler {
		return HandlerFunc(func(ctx context.Context, req *Request) (*Response, error) {
			asked := v.choose(req)
			if asked.release != nil {
				req = req.WithVersion(asked.release.Name)
			}
			resp, err := next.Handle(ctx, req)
			if v.Outside != nil && v.Outside(req.Pattern()) {
				return resp, err
			}
			if err != nil {
				if v.Path {
					err = v.unknownPath(req, asked, err)
				}
				resp = Respond(req, err)
			}
			if resp != nil {
				v.tell(req, asked, resp)
			}
			return resp, nil
		})
	}, nil
}

// tell adds to the answer.
func (v Versions) tell(req *Request, asked choice, resp *Response) {
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	h := resp.Header
	switch {
	case v.Header != "":
		addVary(h, v.Header)
	case v.MediaType != "":
		addVary(h, "Accept")
		if asked.mediaType != "" && h.Get("Content-Type") == jsonType {
			h.Set("Content-Type", asked.mediaType)
		}
	}
	release := asked.release
	if release == nil && v.Of != nil {
		release = v.release(v.Of(req.Pattern()))
	}
	if release == nil || release.Deprecated.IsZero() {
		return
	}
	h.Set("Deprecation", "@"+strconv.FormatInt(release.Deprecated.Unix(), 10))
	if !release.Sunset.IsZero() {
		h.Set("Sunset", release.Sunset.UTC().Format(http.TimeFormat))
	}
	if release.Link != "" {
		h.Add("Link", "<"+release.Link+`>; rel="deprecation"`)
		if !release.Sunset.IsZero() {
			h.Add("Link", "<"+release.Link+`>; rel="sunset"`)
		}
	}
}

// addVary adds a name to Vary, unless it is there.
func addVary(h http.Header, name string) {
	for _, line := range h.Values("Vary") {
		for n := range strings.SplitSeq(line, ",") {
			if n = strings.TrimSpace(n); n == "*" || strings.EqualFold(n, name) {
				return
			}
		}
	}
	h.Add("Vary", name)
}

// unknownPath is the error of a path that starts with no version: what a 404
// says is which versions there are.
func (v Versions) unknownPath(req *Request, asked choice, err error) error {
	var e *Error
	if asked.release != nil || req.Pattern() != "" || !errors.As(err, &e) || e.Status != http.StatusNotFound {
		return err
	}
	return &Error{Status: e.Status, Code: "unknown_version", Message: v.NothingHere(), Err: err}
}

// NothingHere is what a 404 says of a path that no version has.
func (v Versions) NothingHere() string {
	return "there is nothing at this path; the versions of this API are " + v.list()
}

// Dispatch serves each version by a handler of its own; versions that have none
// answer 405 if allow names their methods for the path ("GET, PUT"), else 404. A
// request that names no version, or one that there is not, is answered 400 with
// the names of those that exist.
func (v Versions) Dispatch(handlers map[string]Handler, allow map[string]string) Handler {
	var having []string
	for _, r := range v.Releases {
		if handlers[r.Name] != nil {
			having = append(having, r.Name)
		}
	}
	return HandlerFunc(func(ctx context.Context, req *Request) (*Response, error) {
		name := req.version
		if v.release(name) == nil {
			asked := v.choose(req)
			if asked.release == nil {
				return nil, v.refuse(asked)
			}
			name = asked.release.Name
			req = req.WithVersion(name)
		}
		if h := handlers[name]; h != nil {
			return h.Handle(ctx, req)
		}
		if methods := allow[name]; methods != "" {
			return nil, &Error{
				Status: http.StatusMethodNotAllowed, Message: "version " + name + " of this path allows " + methods,
				Header: http.Header{"Allow": {methods}},
			}
		}
		return nil, Errorf(http.StatusNotFound, "there is nothing at this path in version %s; it is in %s", name, strings.Join(having, ", "))
	})
}
