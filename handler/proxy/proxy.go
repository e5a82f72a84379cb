// Package proxy mounts an adapter of awslabs/aws-lambda-go-api-proxy as a
// [handler.Handler]: a function written for gin, echo, fiber, chi or any other
// framework moves into an API as it is, behind its middleware and its routes.
//
//	adapter := httpadapter.New(router) // or chiadapter.New, ginadapter.New, ...
//	api.Handle("/{path...}", proxy.V1(adapter.ProxyWithContext))
//
// An adapter takes the event of one front door; proxy makes that event of
// whatever request there is, so the function runs behind any front door. Which
// constructor to use is said by the argument of the adapter's ProxyWithContext:
// [V1], [V2], [ALB] or [Switchable].
//
// New code is better served by [handler.FromHTTP], which needs no adapter: it
// streams, and it has none of the defects of the module (v0.16.2), which stay
// visible through this package:
//
//   - The last WriteHeader wins, informational ones included, and changes of the
//     header count to the end.
//   - A handler that writes nothing is an error and answers 500, not 200.
//   - RemoteAddr is the client's address without a port; [ALB] leaves it empty.
//   - [V1] and [ALB] lose the order of query parameters, but not of their values,
//     and pairs that cannot be decoded.
//   - [V2] splits header values at commas, but those of 13 names: "Date",
//     "X-Forwarded-For" and "Sec-Ch-Ua" arrive in pieces, "User-Agent" whole.
//   - Flush does nothing with V1 and is missing elsewhere: answers do not stream.
//   - Messages about bad requests go to standard output and the standard logger.
//   - Environment variable GO_API_HOST replaces the host.
//
// Defects that an event can avoid are avoided: several Cookie lines, Host among
// the headers, a twice-encoded query from a load balancer, a path that is taken
// for a host or a query.
//
// This package links aws-lambda-go's event types and the module's core package,
// which need nothing beyond the standard library. The module's own packages for
// gin, echo, fiber, iris and others link these frameworks; they are the
// application's to import.
//
// See https://github.com/awslabs/aws-lambda-go-api-proxy.
package proxy

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// parts are what all events are made of.
type parts struct {
	path   string // encoded; safe to be parsed as the path of a URL
	body   string
	base64 bool
	header http.Header // without Host, with one Cookie line
	facts  handler.Facts
	ip     string
}

func read(req *handler.Request) (parts, error) {
	body, err := req.Body()
	if err != nil {
		return parts{}, err
	}
	p := parts{path: escaped(req.Path()), header: req.Headers(), facts: req.Facts()}
	if p.body = string(body); !utf8.ValidString(p.body) {
		p.body, p.base64 = base64.StdEncoding.EncodeToString(body), true
	}
	if p.header == nil {
		p.header = http.Header{}
	}
	p.header.Del("Host")
	if lines := p.header["Cookie"]; len(lines) > 1 {
		p.header["Cookie"] = []string{strings.Join(lines, "; ")}
	}
	p.ip = p.facts.Remote
	if ip, _, err := net.SplitHostPort(p.ip); err == nil {
		p.ip = ip
	}
	return p, nil
}

// escaped is a path in which "?", "#" and spaces, which a front door may have
// decoded, are encoded: the adapters parse it.
func escaped(path string) string {
	u := url.URL{Path: path, RawPath: path}
	if decoded, err := url.PathUnescape(path); err == nil {
		u.Path = decoded
	}
	return u.EscapedPath()
}

// values are the parameters of a query, decoded; broken pairs are passed over.
func values(rawQuery string) url.Values {
	q, _ := url.ParseQuery(rawQuery)
	return q
}

// last are the single-value maps of payload 1.0: the last value of each name.
func last(m map[string][]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	single := make(map[string]string, len(m))
	for name, vs := range m {
		if len(vs) > 0 {
			single[name] = vs[len(vs)-1]
		}
	}
	return single
}

// answer is what an adapter gave back, of any event type.
type answer struct {
	status  int
	headers map[string]string
	multi   map[string][]string
	cookies []string
	body    string
	base64  bool
}

// response checks what a front door would check.
func (a answer) response() (*handler.Response, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if a.status < 200 || a.status > 599 {
		return nil, fmt.Errorf("proxy: adapter answered with status %d", a.status)
	}
	resp := &handler.Response{Status: a.status, Header: a.header(), Body: []byte(a.body)}
	if a.base64 {
		body, err := base64.StdEncoding.DecodeString(a.body)
		if err != nil {
			return nil, fmt.Errorf("proxy: adapter's body is not base64: %w", err)
		}
		resp.Body = body
	}
	return resp, nil
}

// header has multi values first, then single ones that are not among them, as
// API Gateway merges the two.
func (a answer) header() http.Header {
	h := make(http.Header, len(a.multi)+len(a.headers))
	for name, vs := range a.multi {
		for _, v := range vs {
			h.Add(name, v)
		}
	}
	for name, v := range a.headers {
		if !slices.Contains(h.Values(name), v) {
			h.Add(name, v)
		}
	}
	for _, c := range a.cookies {
		h.Add("Set-Cookie", c)
	}
	return h
}

// failed is the error of an adapter, which it has already printed.
func failed(err error) error { return fmt.Errorf("proxy: adapter: %w", err) }

var errNoVersion = errors.New("proxy: adapter answered in neither version")

// proxied is a handler of one request's parts.
type proxied func(ctx context.Context, req *handler.Request, p parts) (answer, error)

func (f proxied) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	p, err := read(req)
	if err != nil {
		return nil, err
	}
	a, err := f(ctx, req, p)
	if err != nil {
		return nil, failed(err)
	}
	return a.response()
}
