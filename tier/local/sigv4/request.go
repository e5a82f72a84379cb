package sigv4

import (
	"net/http"
	"net/textproto"
	"slices"
	"strconv"
	"strings"
)

// Request is what of an HTTP request is signed, as it came over the wire.
type Request struct {
	// Method as sent: "GET".
	Method string
	// Scheme is "http" or "https", which "" means; its default port is not part
	// of the host.
	Scheme string
	// Host is the Host header or the :authority, with its port as sent.
	Host string
	// Path as sent, escapes not decoded: "/a%20b". "" is "/".
	Path string
	// Query as sent, without the question mark.
	Query string
	// Header holds the header fields without Host; the values of a name in order
	// of arrival.
	Header http.Header
	// Body is the whole payload. It is not read if BodyHash is set.
	Body []byte
	// BodyHash is the SHA-256 of the payload in lower-case hex, for a caller that
	// has it already. "" means that it is calculated from Body.
	BodyHash string
}

// FromHTTP is the request that a server received, with the body that it read,
// or that a client is about to send. The header is shared, not copied, unless
// it lacks the Content-Length that net/http keeps beside it.
func FromHTTP(r *http.Request, body []byte) *Request {
	req := &Request{Method: r.Method, Scheme: "http", Host: r.Host, Header: r.Header, Body: body}
	if req.Method == "" {
		req.Method = http.MethodGet
	}
	if r.URL != nil {
		req.Path, req.Query = r.URL.EscapedPath(), r.URL.RawQuery
		if req.Host == "" {
			req.Host = r.URL.Host
		}
	}
	// Only the request line has the path exactly as it was sent; a client's
	// request has none.
	if target, ok := strings.CutPrefix(r.RequestURI, "/"); ok {
		req.Path, req.Query, _ = strings.Cut("/"+target, "?")
	}
	if r.TLS != nil || r.URL != nil && r.URL.Scheme == "https" {
		req.Scheme = "https"
	}
	if r.ContentLength > 0 && r.Header.Get("Content-Length") == "" {
		req.Header = r.Header.Clone()
		if req.Header == nil {
			req.Header = http.Header{}
		}
		req.Header.Set("Content-Length", strconv.FormatInt(r.ContentLength, 10))
	}
	return req
}

// values of the header field of that lower-case name, in order of arrival. A
// field of net/http has the canonical spelling; others are found as well.
func (r *Request) values(lower string) []string {
	if lower == "host" {
		return []string{canonicalHost(r.Scheme, r.Host)}
	}
	canonical := textproto.CanonicalMIMEHeaderKey(lower)
	all := r.Header[canonical]
	var others []string
	for name := range r.Header {
		if name != canonical && len(name) == len(lower) && strings.EqualFold(name, lower) {
			others = append(others, name)
		}
	}
	if others == nil {
		return all
	}
	slices.Sort(others) // a map has no order: at least the same one every time
	all = slices.Clone(all)
	for _, name := range others {
		all = append(all, r.Header[name]...)
	}
	return all
}

// one is the value of a field that may occur once.
func (r *Request) one(lower string) (value string, count int) {
	all := r.values(lower)
	if len(all) == 0 {
		return "", 0
	}
	return strings.TrimSpace(all[0]), len(all)
}

// canonicalHost is the host without the default port of the scheme.
func canonicalHost(scheme, host string) string {
	port := ":443"
	if strings.EqualFold(scheme, "http") {
		port = ":80"
	}
	return strings.TrimSuffix(host, port)
}
