package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// CORS says which pages of other origins a browser lets call an API. An API
// declares it with tier.API.CORS; [CORS.Middleware] is what it is made of.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-cors.html
// and https://fetch.spec.whatwg.org/#http-cors-protocol.
type CORS struct {
	// Origins that may call: "https://app.example", with a port if it is not
	// the scheme's own. "*" alone is every origin.
	Origins []string
	// Methods that they may use. Default: those of the routes at the path.
	Methods []string
	// Headers that they may send beside the ones every page may. Default:
	// Content-Type, Authorization, X-Amz-Date, X-Amz-Security-Token, X-Api-Key.
	Headers []string
	// Expose are the response headers that they may read beside the ones every
	// page may. Default none.
	Expose []string
	// Credentials lets them send cookies and TLS client certificates. It cannot
	// be had with every origin.
	Credentials bool
	// MaxAge is how long a browser may remember the answer to a preflight, whole
	// seconds up to 24 h. 0 leaves it to the browser (5 s).
	MaxAge time.Duration
}

var corsHeaders = []string{"Content-Type", "Authorization", "X-Amz-Date", "X-Amz-Security-Token", "X-Api-Key"}

// Check says what is wrong with c, all of it.
func (c CORS) Check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("CORS: "+format, args...)) }
	if len(c.Origins) == 0 {
		bad("no Origins; name them, or write %q for every origin", "*")
	}
	for _, o := range c.Origins {
		switch u, err := url.Parse(o); {
		case o == "*" && len(c.Origins) > 1:
			bad(`origin "*" is every origin; write it alone`)
		case o == "*":
		case err != nil || u.Scheme+"://"+u.Host != o || u.Host == "" || o != strings.ToLower(o) || strings.ContainsAny(o, `*'"\$#`):
			bad("origin %q: write scheme, host and port in lower case and nothing after them: %q", o, "https://app.example")
		}
	}
	if c.AnyOrigin() && c.Credentials {
		bad(`Credentials cannot be combined with origin "*"; name the origins`)
	}
	for _, m := range c.Methods {
		if !validMethod(m) {
			bad("method %q: write an HTTP method in upper case", m)
		}
	}
	for _, h := range slices.Concat(c.Headers, c.Expose) {
		if !validToken(h) {
			bad("header %q: write the name of a header", h)
		}
	}
	if c.MaxAge < 0 || c.MaxAge > 24*time.Hour || c.MaxAge%time.Second != 0 {
		bad("MaxAge %v: write whole seconds from 0 to 24h", c.MaxAge)
	}
	return errors.Join(errs...)
}

// validToken reports whether s is the name of a header, but for the two
// characters that mean something in a template.
func validToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		isAlnum := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
		if !isAlnum && strings.IndexByte("!#%&*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// AnyOrigin reports whether every origin may call.
func (c CORS) AnyOrigin() bool { return slices.Contains(c.Origins, "*") }

// AllowOrigin is the Access-Control-Allow-Origin header for an Origin header,
// "" if that origin may not call.
func (c CORS) AllowOrigin(origin string) string {
	switch {
	case origin == "":
		return ""
	case c.AnyOrigin():
		return "*"
	case slices.Contains(c.Origins, origin):
		return origin
	}
	return ""
}

// AllowedMethods are the methods that a page may use where the routes of a path
// do not say it.
func (c CORS) AllowedMethods() []string {
	if len(c.Methods) > 0 {
		return c.Methods
	}
	return slices.Clone(anyMethod)
}

// AllowedHeaders are the headers that a page may send.
func (c CORS) AllowedHeaders() []string {
	if len(c.Headers) > 0 {
		return c.Headers
	}
	return slices.Clone(corsHeaders)
}

// PreflightHeader are the headers of the answer to a preflight at a path with
// routes of these methods, but for Access-Control-Allow-Origin.
func (c CORS) PreflightHeader(methods []string) http.Header {
	if len(c.Methods) > 0 {
		methods = c.Methods
	}
	h := http.Header{
		"Access-Control-Allow-Methods": {strings.Join(methods, ",")},
		"Access-Control-Allow-Headers": {strings.Join(c.AllowedHeaders(), ",")},
	}
	if c.MaxAge > 0 {
		h.Set("Access-Control-Max-Age", strconv.Itoa(int(c.MaxAge/time.Second)))
	}
	if c.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if !c.AnyOrigin() {
		h.Set("Vary", "Origin")
	}
	return h
}

// isPreflight reports whether req is a browser's question before a request, and
// not a request of its own.
func isPreflight(req *Request) bool {
	return req.Method() == http.MethodOptions && req.Header("Origin") != "" && req.Header("Access-Control-Request-Method") != ""
}

// Middleware answers preflights with 204 and adds to every other answer, errors
// included, what lets an allowed page read it. An origin that is not allowed
// gets no such header, and no other difference. It belongs outside everything
// that can answer by itself.
//
// Panics if [CORS.Check] finds something.
func (c CORS) Middleware() Middleware {
	if err := c.Check(); err != nil {
		panic("handler: " + err.Error())
	}
	return func(next Handler) Handler {
		return HandlerFunc(func(ctx context.Context, req *Request) (*Response, error) {
			if isPreflight(req) {
				return c.preflight(req), nil
			}
			resp, err := next.Handle(ctx, req)
			if err != nil {
				resp = Respond(req, err)
			}
			if resp != nil {
				c.allow(req, resp)
			}
			return resp, nil
		})
	}
}

// anyMethod is what a preflight is told where the routes at the path are not
// known: the request itself finds out.
var anyMethod = []string{"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"}

func (c CORS) preflight(req *Request) *Response {
	resp := &Response{Status: http.StatusNoContent, Header: c.PreflightHeader(anyMethod)}
	if origin := c.AllowOrigin(req.Header("Origin")); origin != "" {
		resp.Header.Set("Access-Control-Allow-Origin", origin)
	}
	return resp
}

// allow lets the page that asked read resp, if it may. What the handler itself
// said of CORS is replaced: two answers to one question are none to a browser.
func (c CORS) allow(req *Request, resp *Response) {
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	h := resp.Header
	for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers"} {
		h.Del(name)
	}
	if !c.AnyOrigin() {
		addVary(h, "Origin")
	}
	origin := c.AllowOrigin(req.Header("Origin"))
	if origin == "" {
		return
	}
	h.Set("Access-Control-Allow-Origin", origin)
	c.expose(h)
}

// expose sets what lets a page that may call read an answer.
func (c CORS) expose(h http.Header) {
	if c.Credentials {
		h.Set("Access-Control-Allow-Credentials", "true")
	}
	if len(c.Expose) > 0 {
		h.Set("Access-Control-Expose-Headers", strings.Join(c.Expose, ","))
	}
}

// AnswerHeader are the headers that let a page read an answer, but for
// Access-Control-Allow-Origin, which depends on the page. They are for front
// doors that answer by themselves; functions have [CORS.Middleware].
func (c CORS) AnswerHeader() http.Header {
	h := http.Header{}
	if !c.AnyOrigin() {
		h.Set("Vary", "Origin")
	}
	c.expose(h)
	return h
}
