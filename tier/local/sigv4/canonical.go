package sigv4

import (
	"cmp"
	"slices"
	"strings"
)

// redacted replaces the value of a credential in what [Refusal] shows.
const redacted = "(redacted)"

// credentialHeaders are the header fields whose values are credentials.
var credentialHeaders = []string{headerToken, "authorization", "cookie", "proxy-authorization", "x-api-key"}

// canonicalRequest is the text whose hash is signed. With hide, credentials in
// it are replaced.
func canonicalRequest(service string, r *Request, query []pair, signedHeaders []string, payloadHash string, hide bool) string {
	var b strings.Builder
	b.Grow(512)
	b.WriteString(r.Method)
	b.WriteByte('\n')
	b.WriteString(canonicalPath(service, r.Path))
	b.WriteByte('\n')
	b.WriteString(canonicalQuery(query, hide))
	b.WriteByte('\n')
	for _, name := range signedHeaders {
		b.WriteString(name)
		b.WriteByte(':')
		if hide && slices.Contains(credentialHeaders, name) {
			b.WriteString(redacted)
		} else {
			writeHeaderValues(&b, r.values(name))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	b.WriteString(strings.Join(signedHeaders, ";"))
	b.WriteByte('\n')
	b.WriteString(payloadHash)
	return b.String()
}

// writeHeaderValues writes the values, separated by commas, trimmed and with
// each run of white space as one space, inside quotes too.
func writeHeaderValues(b *strings.Builder, values []string) {
	for i, value := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		space := false
		start := b.Len()
		for j := range len(value) {
			switch c := value[j]; c {
			case ' ', '\t', '\n', '\v', '\f', '\r':
				space = true
			default:
				if space && b.Len() > start {
					b.WriteByte(' ')
				}
				space = false
				b.WriteByte(c)
			}
		}
	}
}

// canonicalPath is the path as it is signed. Only S3 takes it as it is, because
// its object keys may have dots and slashes of any kind.
func canonicalPath(service, path string) string {
	if path == "" {
		return "/"
	}
	if service == serviceS3 {
		return string(appendEncoded(nil, unescape(path, false), true))
	}
	return string(appendEncoded(nil, normalizePath(path), true))
}

// normalizePath removes empty, "." and ".." segments, and keeps a slash at the end.
func normalizePath(path string) string {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	normal := "/" + strings.Join(kept, "/")
	if strings.HasSuffix(path, "/") && len(kept) > 0 {
		normal += "/"
	}
	return normal
}

// pair is a parameter of the query, decoded.
type pair struct{ name, value string }

// parseQuery decodes a raw query. What is no valid escape stands for itself.
func parseQuery(raw string) []pair {
	if raw == "" {
		return nil
	}
	pairs := make([]pair, 0, strings.Count(raw, "&")+1)
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		pairs = append(pairs, pair{unescape(name, true), unescape(value, true)})
	}
	return pairs
}

// canonicalQuery encodes the parameters but the signature, sorted by their
// encoded names and values.
func canonicalQuery(pairs []pair, hide bool) string {
	if len(pairs) == 0 {
		return ""
	}
	encoded := make([]pair, 0, len(pairs))
	size := 0
	for _, p := range pairs {
		if p.name == paramSignature {
			continue
		}
		e := pair{encode(p.name), encode(p.value)}
		if hide && strings.EqualFold(p.name, paramToken) {
			e.value = redacted
		}
		encoded = append(encoded, e)
		size += len(e.name) + len(e.value) + 2
	}
	slices.SortFunc(encoded, func(a, b pair) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	var b strings.Builder
	b.Grow(size)
	for i, p := range encoded {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(p.name)
		b.WriteByte('=')
		b.WriteString(p.value)
	}
	return b.String()
}

// encode escapes all but the unreserved characters.
func encode(s string) string {
	for i := range len(s) {
		if !unreserved(s[i]) {
			return string(appendEncoded(make([]byte, 0, len(s)+16), s, false))
		}
	}
	return s
}

func appendEncoded(dst []byte, s string, keepSlash bool) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if unreserved(c) || keepSlash && c == '/' {
			dst = append(dst, c)
			continue
		}
		dst = append(dst, '%', hex[c>>4], hex[c&15])
	}
	return dst
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// unescape decodes %XX, and + as a space in a query.
func unescape(s string, query bool) string {
	if !strings.Contains(s, "%") && (!query || !strings.Contains(s, "+")) {
		return s
	}
	decoded := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '+' && query {
			c = ' '
		}
		if c == '%' && i+2 < len(s) {
			if high, low := fromHex(s[i+1]), fromHex(s[i+2]); high >= 0 && low >= 0 {
				c = byte(high<<4 | low)
				i += 2
			}
		}
		decoded = append(decoded, c)
	}
	return string(decoded)
}

func fromHex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
