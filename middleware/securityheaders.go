package middleware

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// SecurityHeadersOptions changes what [SecurityHeaders] sets. The zero value of each field
// is its default.
type SecurityHeadersOptions struct {
	// Set are headers by their names, in place of the defaults or beside them; one of ""
	// is not set.
	Set map[string]string
	// Pages is the Content-Security-Policy of HTML, in place of the default.
	Pages string
}

// The defaults, by OWASP's cheat sheets on HTTP headers and REST.
var (
	// allAnswers have these.
	allAnswers = [][2]string{
		{"Cross-Origin-Resource-Policy", "same-site"},
		{"Referrer-Policy", "no-referrer"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		{"X-Permitted-Cross-Domain-Policies", "none"},
	}
	// allPages have these too, and what is no page none of them.
	allPages = [][2]string{
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Permissions-Policy", "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()"},
	}
)

const (
	policyHeader = "Content-Security-Policy"
	strictHeader = "Strict-Transport-Security"

	strictTransport = "max-age=31536000; includeSubDomains"
	policyOfPages   = "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
	policyOfData    = "default-src 'none'; frame-ancestors 'none'"
)

// SecurityHeaders sets what tells browsers to be careful with an answer, errors included,
// where the handler has not set it itself:
//
//	Strict-Transport-Security          max-age=31536000; includeSubDomains; not over http
//	X-Content-Type-Options             nosniff
//	X-Frame-Options                    DENY
//	Referrer-Policy                    no-referrer
//	Cross-Origin-Resource-Policy       same-site
//	X-Permitted-Cross-Domain-Policies  none
//	Content-Security-Policy            default-src 'none'; frame-ancestors 'none'
//	of HTML, Content-Security-Policy   default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'
//	of HTML, Cross-Origin-Opener-Policy  same-origin
//	of HTML, Permissions-Policy        no camera, microphone, place, payment, and so on
//
// It takes Server and X-Powered-By away, which say what to attack. Cache-Control it leaves to
// the handler and to [Cache]. Records pass.
//
// It belongs as far outside as can be. opts may be nil. Panics with a
// [*datastore.DeclarationError] if a header cannot be.
//
// See https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html
func SecurityHeaders(opts *SecurityHeadersOptions) handler.Middleware {
	var own SecurityHeadersOptions
	if opts != nil {
		own = *opts
	}
	if own.Pages == "" {
		own.Pages = policyOfPages
	}
	s := newSecurityHeaders(own)
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			resp, err := next.Handle(ctx, req)
			switch {
			case datastore.RecordFrom(ctx) != nil:
			case err != nil:
				return resp, withErrorHeader(err, func(h http.Header) { s.add(req, h) })
			case resp != nil:
				if resp.Header == nil {
					resp.Header = make(http.Header, len(s.pages))
				}
				s.add(req, resp.Header)
			}
			return resp, err
		})
	}
}

type securityHeaders struct {
	data, pages []securityHeader
}

// securityHeader has its values ready: they are not changed by anybody.
type securityHeader struct {
	name   string
	values []string
}

func newSecurityHeaders(opts SecurityHeadersOptions) *securityHeaders {
	list := func(policy string, all ...[2]string) []securityHeader {
		set := map[string]string{strictHeader: strictTransport, policyHeader: policy}
		for _, h := range all {
			set[h[0]] = h[1]
		}
		for name, value := range opts.Set {
			set[http.CanonicalHeaderKey(name)] = value
		}
		var ready []securityHeader
		for _, name := range slices.Sorted(maps.Keys(set)) {
			if !isToken(name) || strings.ContainsFunc(set[name], func(r rune) bool { return r < ' ' || r > '~' }) {
				misdeclared("SecurityHeaders: %s: %q: write the name of a header and printable ASCII", name, set[name])
			}
			if set[name] != "" {
				ready = append(ready, securityHeader{name, []string{set[name]}})
			}
		}
		return ready
	}
	return &securityHeaders{
		data:  list(policyOfData, allAnswers...),
		pages: list(opts.Pages, slices.Concat(allAnswers, allPages)...),
	}
}

func (s *securityHeaders) add(req *handler.Request, h http.Header) {
	all := s.data
	if isPage(h["Content-Type"]) {
		all = s.pages
	}
	plain := req.Facts().Scheme == "http"
	for _, own := range all {
		if _, has := h[own.name]; !has && (own.name != strictHeader || !plain) {
			h[own.name] = slices.Clip(own.values)
		}
	}
	delete(h, "Server")
	delete(h, "X-Powered-By")
}

func isPage(contentType []string) bool {
	return len(contentType) > 0 && (hasPrefixFold(contentType[0], "text/html") || hasPrefixFold(contentType[0], "application/xhtml+xml"))
}
