package local

import (
	"net/http"
	"slices"
	"strings"
)

// field is a header or a query parameter of an event with all its values.
type field struct {
	name   string
	values []string
}

// appendMaps appends fields, sorted by name, as the two maps of a REST event:
// the last value of each name, and all values of each name in order; null where
// there are none.
func appendMaps(b []byte, single, multi string, fields []field) []byte {
	b = append(b, '"')
	b = append(b, single...)
	b = append(b, `":`...)
	b = appendMap(b, fields, func(b []byte, values []string) []byte {
		return appendString(b, values[len(values)-1])
	})
	b = append(b, `,"`...)
	b = append(b, multi...)
	b = append(b, `":`...)
	return appendMap(b, fields, func(b []byte, values []string) []byte {
		sep := byte('[')
		for _, v := range values {
			b = append(b, sep)
			b = appendString(b, v)
			sep = ','
		}
		return append(b, ']')
	})
}

func appendMap(b []byte, fields []field, value func([]byte, []string) []byte) []byte {
	if len(fields) == 0 {
		return append(b, "null"...)
	}
	sep := byte('{')
	for _, f := range fields {
		b = append(b, sep)
		b = appendString(b, f.name)
		b = append(b, ':')
		b = value(b, f.values)
		sep = ','
	}
	return append(b, '}')
}

// merge sorts fields by name and makes one of those of the same name.
func merge(fields []field) []field {
	slices.SortStableFunc(fields, func(x, y field) int { return strings.Compare(x.name, y.name) })
	merged := fields[:0]
	for _, f := range fields {
		last := len(merged) - 1
		if last >= 0 && merged[last].name == f.name {
			merged[last].values = append(slices.Clip(merged[last].values), f.values...)
			continue
		}
		merged = append(merged, f)
	}
	return merged
}

// dropped are the request headers, under canonical names, that do not reach a
// function, and those that the gateway writes itself.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html.
func dropped(name string) bool {
	switch name {
	case "Connection", "Content-Length", "Content-Md5", "Expect", "Max-Forwards", "Proxy-Authenticate",
		"Server", "Te", "Trailer", "Transfer-Encoding", "Upgrade", "Www-Authenticate":
		return true
	case "Host", "X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto":
		return true
	}
	return false
}

// appendHeaders appends the headers as the client spelled them, as far as the
// server knows how, and those that the gateway adds.
func (e *restEvents) appendHeaders(b []byte, r *restRequest) []byte {
	var buf [32]field
	added := [...]string{r.Host, r.ids.trace, forwardedFor(r.Request), "443", "https"}
	fields := append(buf[:0],
		field{"Host", added[0:1]},
		field{"X-Amzn-Trace-Id", added[1:2]},
		field{"X-Forwarded-For", added[2:3]},
		field{"X-Forwarded-Port", added[3:4]},
		field{"X-Forwarded-Proto", added[4:5]},
	)
	spelled := spelling(r.Context())
	for name, values := range r.Header {
		canonical := http.CanonicalHeaderKey(name)
		if dropped(canonical) || len(values) == 0 {
			continue
		}
		switch canonical {
		case "Authorization", "User-Agent":
			name = canonical
		default:
			if s := spelled[name]; s != "" {
				name = s
			}
		}
		fields = append(fields, field{validText(name), values})
	}
	return appendMaps(b, "headers", "multiValueHeaders", merge(fields))
}

// forwardedFor is the chain of addresses with the client's at its end.
func forwardedFor(r *http.Request) string {
	client := hostName(r.RemoteAddr)
	if before := r.Header["X-Forwarded-For"]; len(before) > 0 {
		return strings.Join(before, ", ") + ", " + client
	}
	return client
}

// appendQuery appends the parameters of a raw query, decoded once. "&" and ";"
// divide it.
func appendQuery(b []byte, raw string) []byte {
	var buf [16]field
	fields := buf[:0]
	for raw != "" {
		var pair string
		if i := strings.IndexAny(raw, "&;"); i >= 0 {
			pair, raw = raw[:i], raw[i+1:]
		} else {
			pair, raw = raw, ""
		}
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		fields = append(fields, field{unescapeQuery(name), []string{unescapeQuery(value)}})
	}
	return appendMaps(b, "queryStringParameters", "multiValueQueryStringParameters", merge(fields))
}
