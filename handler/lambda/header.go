package lambda

import (
	"net"
	"net/http"
	"strings"
)

// Values are the values of one header. Events have each name once in each of
// their maps; the map of lists is preferred. VPC Lattice has lists in the only
// map.
func (e *event) Values(name string) []string {
	switch name {
	case "Host":
		return nil
	case "Cookie":
		if line := e.cookie(); line != "" {
			return []string{line}
		}
		return nil
	}
	return e.values(name)
}

func (e *event) values(name string) []string {
	var list, single span
	for key, value := range e.members(e.multiHeaders) {
		if len(key) == len(name) && strings.EqualFold(key, name) {
			list = value
		}
	}
	if found := e.list(list); len(found) > 0 {
		return found
	}
	for key, value := range e.members(e.headers) {
		if len(key) == len(name) && strings.EqualFold(key, name) {
			single = value
		}
	}
	return e.texts(single)
}

// texts are the values of a header: a text, or a list of them.
func (e *event) texts(v span) []string {
	if text, ok := e.scalar(v); ok {
		return []string{text}
	}
	return e.list(v)
}

// list are the texts of an array.
func (e *event) list(v span) []string {
	var texts []string
	for value := range e.elements(v) {
		if text, ok := e.scalar(value); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// value is the first value of a header.
func (e *event) value(name string) string {
	if v := e.values(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// cookie is the one Cookie line. An HTTP API has the cookies in an array and not
// among the headers, a function URL has them in both.
func (e *event) cookie() string {
	if list := e.list(e.cookies); len(list) > 0 {
		return strings.Join(list, "; ")
	}
	return strings.Join(e.values("Cookie"), "; ")
}

// Header has all headers.
func (e *event) Header() http.Header {
	h := http.Header{}
	for key, value := range e.members(e.headers) {
		if values := e.texts(value); len(values) > 0 {
			h[http.CanonicalHeaderKey(key)] = values
		}
	}
	for key, values := range e.members(e.multiHeaders) {
		if list := e.list(values); len(list) > 0 {
			h[http.CanonicalHeaderKey(key)] = list
		}
	}
	delete(h, "Host")
	delete(h, "Cookie")
	if line := e.cookie(); line != "" {
		h["Cookie"] = []string{line}
	}
	return h
}

// host is the host that the client asked for.
func (e *event) host() string {
	if host := e.value("Host"); host != "" {
		return host
	}
	return e.text(e.ctx.domain)
}

// scheme is what the front door says the client spoke; API Gateway and function
// URLs speak nothing but https.
func (e *event) scheme() string {
	if e.value("X-Forwarded-Proto") == "http" {
		return "http"
	}
	return "https"
}

// lastForwarded is the right-most forwarded address, "" if there is none.
func (e *event) lastForwarded() string {
	list := e.values("X-Forwarded-For")
	if len(list) == 0 {
		return ""
	}
	last := list[len(list)-1]
	return remote(strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:]))
}

// remote is an address with a port, 0 if it is not known.
func remote(ip string) string {
	if ip == "" {
		return ""
	}
	return net.JoinHostPort(strings.Trim(ip, "[]"), "0")
}
