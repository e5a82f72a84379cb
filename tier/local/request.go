package local

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// lowerFields appends the headers of x under lower-case names, sorted, as all
// front doors but a REST API deliver them: what the client sent but for what
// drop says, and what the front door adds to every request.
func (x *exchange) lowerFields(fields []field, drop func(name string) bool) []field {
	added := [...]string{x.Host, x.ids.seen(x.Header.Get("X-Amzn-Trace-Id")), forwardedFor(x.Request), "443", "https"}
	for name, values := range x.Header {
		lower := strings.ToLower(validText(name))
		switch lower {
		case "host", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto":
			continue
		}
		if len(values) > 0 && !drop(lower) && (!x.signed || lower != "authorization") {
			fields = append(fields, field{lower, values})
		}
	}
	return merge(append(fields,
		field{"host", added[0:1]},
		field{"x-amzn-trace-id", added[1:2]},
		field{"x-forwarded-for", added[2:3]},
		field{"x-forwarded-port", added[3:4]},
		field{"x-forwarded-proto", added[4:5]},
	))
}

// withLength sets the content length, which front doors deliver as that of the
// body they have read.
func (x *exchange) withLength(fields []field) []field {
	length := []string{strconv.Itoa(len(x.body))}
	i, found := find(fields, "content-length")
	if found {
		fields[i].values = length
		return fields
	}
	return slices.Insert(fields, i, field{"content-length", length})
}

// cookies are the cookies as they stand in the Cookie headers.
func (x *exchange) cookies() []string {
	var cookies []string
	for name, values := range x.Header {
		if !strings.EqualFold(name, "Cookie") {
			continue
		}
		for _, line := range values {
			if line != "" {
				cookies = append(cookies, strings.Split(line, "; ")...)
			}
		}
	}
	return cookies
}

// forwardedFor is the chain of addresses with the client's at its end.
func forwardedFor(r *http.Request) string {
	client := hostName(r.RemoteAddr)
	if before := r.Header["X-Forwarded-For"]; len(before) > 0 {
		return strings.Join(before, ", ") + ", " + client
	}
	return client
}

// hostName is an address without its port and without brackets.
func hostName(address string) string {
	colon := strings.LastIndexByte(address, ':')
	if colon >= 0 && strings.IndexByte(address[colon:], ']') < 0 &&
		(strings.IndexByte(address, ':') == colon || address[0] == '[') {
		address = address[:colon]
	}
	return strings.Trim(address, "[]")
}
