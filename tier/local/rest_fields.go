package local

import (
	"net/http"
)

// appendMaps appends fields, sorted by name, as the two maps of a REST event:
// the last value of each name, and all values of each name in order; null where
// there are none.
func appendMaps(b []byte, single, multi string, fields []field) []byte {
	if len(fields) == 0 {
		b = append(append(append(b, '"'), single...), `":null,"`...)
		return append(append(b, multi...), `":null`...)
	}
	b = append(append(append(b, '"'), single...), `":`...)
	b = appendMap(b, fields, appendLast)
	b = append(append(append(b, `,"`...), multi...), `":`...)
	return appendMap(b, fields, appendAll)
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
func (e *restEvents) appendHeaders(b []byte, x *exchange) []byte {
	var buf [32]field
	added := [...]string{x.Host, x.ids.trace, forwardedFor(x.Request), "443", "https"}
	fields := append(buf[:0],
		field{"Host", added[0:1]},
		field{"X-Amzn-Trace-Id", added[1:2]},
		field{"X-Forwarded-For", added[2:3]},
		field{"X-Forwarded-Port", added[3:4]},
		field{"X-Forwarded-Proto", added[4:5]},
	)
	spelled := spelling(x.Context())
	for name, values := range x.Header {
		canonical := http.CanonicalHeaderKey(name)
		if dropped(canonical) || len(values) == 0 || x.signed && canonical == "Authorization" {
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

// appendQuery appends the parameters of a raw query, decoded once. "&" and ";"
// divide it.
func appendQuery(b []byte, raw string) []byte {
	var buf [16]field
	fields := queryFields(buf[:0], raw, "&;", unescapeQuery)
	return appendMaps(b, "queryStringParameters", "multiValueQueryStringParameters", fields)
}
