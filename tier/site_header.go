package tier

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// SiteHeader is a header of all answers of a site's files.
type SiteHeader struct{ Name, Value string }

// siteHeaders are the defaults, by OWASP's cheat sheet on HTTP headers; those of pages
// in middleware.SecurityHeaders, but for the referrer, which other pages of the site
// may know.
var siteHeaders = map[string]string{
	"Content-Security-Policy":           "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
	"Cross-Origin-Opener-Policy":        "same-origin",
	"Cross-Origin-Resource-Policy":      "same-site",
	"Permissions-Policy":                "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()",
	"Referrer-Policy":                   "strict-origin-when-cross-origin",
	"Strict-Transport-Security":         "max-age=31536000; includeSubDomains",
	"X-Content-Type-Options":            "nosniff",
	"X-Frame-Options":                   "DENY",
	"X-Permitted-Cross-Domain-Policies": "none",
}

// Headers of all answers of the site's files, in order of their names. The defaults
// are
//
//	Content-Security-Policy            default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'
//	Cross-Origin-Opener-Policy         same-origin
//	Cross-Origin-Resource-Policy       same-site
//	Permissions-Policy                 no camera, microphone, place, payment, and so on
//	Referrer-Policy                    strict-origin-when-cross-origin
//	Strict-Transport-Security          max-age=31536000; includeSubDomains
//	X-Content-Type-Options             nosniff
//	X-Frame-Options                    DENY
//	X-Permitted-Cross-Domain-Policies  none
//
// A page that calls another host than the site's, an API that it signs for among them,
// names it in connect-src of a Content-Security-Policy of its own.
//
// See https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html.
func (s *Site) Headers() []SiteHeader { return slices.Clone(s.headers) }

// StrictTransport is what Strict-Transport-Security says, as CloudFront writes it
// itself. ok is false for what it has no word for.
func (h SiteHeader) StrictTransport() (seconds int, subdomains, preload, ok bool) {
	seconds = -1
	for _, part := range strings.Split(h.Value, ";") {
		name, age, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch strings.ToLower(name) {
		case "max-age":
			n, err := strconv.Atoi(age)
			if err != nil || n < 0 || n > 1<<31-1 {
				return 0, false, false, false
			}
			seconds = n
		case "includesubdomains":
			subdomains = true
		case "preload":
			preload = true
		default:
			return 0, false, false, false
		}
	}
	return seconds, subdomains, preload, seconds >= 0
}

// ownHeaders are those that CloudFront or S3 decide, and what to write instead.
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/understanding-response-headers-policies.html.
var ownHeaders = map[string]string{
	"Cache-Control": "say how long files are kept with Immutable and MaxAge", "Expires": "say how long files are kept with Immutable and MaxAge",
	"Connection": "leave it out", "Content-Encoding": "leave it out", "Content-Length": "leave it out", "Content-Type": "leave it out",
	"Date": "leave it out", "Etag": "leave it out", "Transfer-Encoding": "leave it out", "Upgrade": "leave it out", "Via": "leave it out",
	"Location": "leave it out", "Set-Cookie": "leave it out: one cookie for everybody is no session",
	"X-Xss-Protection": "leave it out, and write a Content-Security-Policy",
}

// maxOwnHeaders is how many headers CloudFront adds that are not about security.
//
// See https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html.
const maxOwnHeaders = 10

// isSecurityHeader reports whether a header is one for which CloudFront has a field of
// its own, and not one among the others.
func isSecurityHeader(name string) bool {
	switch name {
	case "Content-Security-Policy", "Referrer-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options":
		return true
	}
	return false
}

// checkHeaders are the defaults with those of the options.
func (s *Site) checkHeaders() []SiteHeader {
	set := maps.Clone(siteHeaders)
	for _, written := range slices.Sorted(maps.Keys(s.options.Headers)) {
		name, value := http.CanonicalHeaderKey(written), s.options.Headers[written]
		if problem := wrongSiteHeader(name, value); problem != "" {
			s.fail(s.at, "header %s: %s", written, problem)
		}
		set[name] = value
	}
	var all []SiteHeader
	others := 0
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if set[name] == "" {
			continue
		}
		if !isSecurityHeader(name) {
			others++
		}
		all = append(all, SiteHeader{name, set[name]})
	}
	if others > maxOwnHeaders {
		s.fail(s.at, "%d headers beside those about security; CloudFront adds at most %d", others, maxOwnHeaders)
	}
	return all
}

// wrongSiteHeader says what is wrong with a header, "" for nothing.
func wrongSiteHeader(name, value string) string {
	isToken := name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r >= 0x80 || !isLetterOrDigit(byte(r)) && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
	oneOf := func(values ...string) string {
		if value == "" || slices.Contains(values, value) {
			return ""
		}
		return strconv.Quote(value) + ": CloudFront has " + strings.Join(values, ", ")
	}
	switch instead := ownHeaders[name]; {
	case !isToken || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }):
		return strconv.Quote(value) + ": write the name of a header and printable ASCII"
	case instead != "":
		return "it is not a site's to say; " + instead
	case strings.HasPrefix(name, "Access-Control-"):
		return "pages of other origins do not read files of a site; serve them there, or from an API with CORS"
	}
	switch name {
	case "X-Frame-Options":
		return oneOf("DENY", "SAMEORIGIN")
	case "X-Content-Type-Options":
		return oneOf("nosniff")
	case "Referrer-Policy":
		return oneOf("no-referrer", "no-referrer-when-downgrade", "origin", "origin-when-cross-origin", "same-origin",
			"strict-origin", "strict-origin-when-cross-origin", "unsafe-url")
	case "Strict-Transport-Security":
		if _, _, _, ok := (SiteHeader{name, value}).StrictTransport(); value != "" && !ok {
			return strconv.Quote(value) + `: write "max-age=SECONDS", and "; includeSubDomains" and "; preload" behind it if you mean them`
		}
	}
	return ""
}
