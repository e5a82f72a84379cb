package handler

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// httpRequest is req as net/http would give it to a handler. A body that cannot
// be decoded is the only error.
func httpRequest(ctx context.Context, req *Request) (*http.Request, error) {
	body, err := req.Body()
	if err != nil {
		return nil, err
	}
	facts := req.Facts()
	hr := (&http.Request{}).WithContext(ctx)
	hr.Method = req.Method()
	hr.URL = requestURL(req.Path(), req.RawQuery())
	hr.RequestURI = requestURI(hr.URL)
	hr.Proto, hr.ProtoMajor, hr.ProtoMinor = protocol(facts.Protocol)
	hr.Host = facts.Host
	hr.RemoteAddr = remoteAddr(facts.Remote)
	hr.ContentLength = int64(len(body))
	hr.Body = http.NoBody
	if len(body) > 0 {
		hr.Body = &requestBody{*bytes.NewReader(body)}
	}
	hr.Header = requestHeader(req.Headers(), len(body))
	setMatch(hr, req)
	return hr, nil
}

// requestBody is the body of a request in memory, one allocation.
type requestBody struct{ bytes.Reader }

func (*requestBody) Close() error { return nil }

var _ io.WriterTo = (*requestBody)(nil)

// requestURL is built from its parts, never parsed: in a path that a front door
// has decoded, "?" and "//" mean nothing but themselves.
func requestURL(path, rawQuery string) *url.URL {
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	u := &url.URL{Path: path, RawQuery: rawQuery}
	if decoded, err := url.PathUnescape(path); err == nil {
		u.Path = decoded
	}
	if u.EscapedPath() != path {
		u.RawPath = path
		if u.EscapedPath() != path { // not a valid encoding: the default one is sent
			u.RawPath = ""
		}
	}
	return u
}

func requestURI(u *url.URL) string {
	if u.RawQuery == "" {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + u.RawQuery
}

func protocol(p string) (proto string, major, minor int) {
	if major, minor, ok := http.ParseHTTPVersion(p); ok {
		return p, major, minor
	}
	return "HTTP/1.1", 1, 1
}

// remoteAddr is "ip:port" of what may be without port, or empty.
func remoteAddr(remote string) string {
	if _, _, err := net.SplitHostPort(remote); err == nil {
		return remote
	}
	return net.JoinHostPort(strings.Trim(remote, "[]"), "0")
}

// requestHeader makes h, which it may change, what net/http would deliver.
func requestHeader(h http.Header, length int) http.Header {
	if h == nil {
		return http.Header{}
	}
	h.Del("Host")
	h.Del("Transfer-Encoding")
	if lines := h["Cookie"]; len(lines) > 1 {
		h["Cookie"] = []string{strings.Join(lines, "; ")}
	}
	if _, ok := h["Content-Length"]; ok { // of the body before it was decoded or replaced
		h["Content-Length"] = []string{strconv.Itoa(length)}
	}
	return h
}

// setMatch tells hr what the mux found out.
func setMatch(hr *http.Request, req *Request) {
	m := req.matched()
	if m == nil {
		return
	}
	hr.Pattern = m.pattern
	for i, name := range m.names {
		hr.SetPathValue(name, m.values[i])
	}
}
