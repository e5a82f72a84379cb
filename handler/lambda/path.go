package lambda

import "strings"

// escapePath makes path safe to stand in a request line: what may not stand in
// a path is percent-encoded, and it starts with "/". Of an encoded path the
// escapes are kept; a decoded one has none, so a "%" in it is a character.
func escapePath(path string, decoded bool) string {
	if path == "" || path[0] != '/' {
		path = "/" + path
	}
	bad := 0
	for i := range len(path) {
		if !pathByte(path, i, decoded) {
			bad++
		}
	}
	return escaped(path, bad, func(s string, i int) bool { return pathByte(s, i, decoded) })
}

// escaped is s with the bytes that may not stand in it percent-encoded, of
// which there are bad.
func escaped(s string, bad int, may func(s string, i int) bool) string {
	if bad == 0 {
		return s
	}
	const hex = "0123456789ABCDEF"
	b := make([]byte, 0, len(s)+2*bad)
	for i := range len(s) {
		c := s[i]
		if may(s, i) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(b)
}

// The bytes that may stand in a path as they are (RFC 3986, pchar and "/"), as
// sets of bits: those below 64, and those from 64 on.
const (
	lowPathBytes = 1<<'/' | 1<<'-' | 1<<'.' | 1<<'!' | 1<<'$' | 1<<'&' | 1<<'\'' | 1<<'(' | 1<<')' |
		1<<'*' | 1<<'+' | 1<<',' | 1<<';' | 1<<'=' | 1<<':' | (1<<10-1)<<'0'
	highPathBytes = 1<<('@'-64) | 1<<('_'-64) | 1<<('~'-64) | (1<<26-1)<<('A'-64) | (1<<26-1)<<('a'-64)
)

// pathByte reports whether the byte at i may stand in a path as it is.
func pathByte(path string, i int, decoded bool) bool {
	switch c := path[i]; {
	case c < 64 && lowPathBytes>>c&1 != 0, c >= 64 && c < 128 && highPathBytes>>(c-64)&1 != 0:
		return true
	default:
		return c == '%' && !decoded && i+2 < len(path) && isHex(path[i+1]) && isHex(path[i+2])
	}
}

func isHex(c byte) bool { return c-'0' < 10 || c|0x20-'a' < 6 }

// cutSegments cuts whole segments off the front of a path: "/app" off
// "/app/x", not off "/application". prefix is "" or starts with "/" and does
// not end with it.
func cutSegments(path, prefix string) string {
	rest, ok := strings.CutPrefix(path, prefix)
	switch {
	case !ok || prefix == "":
		return path
	case rest == "":
		return "/"
	case rest[0] == '/':
		return rest
	}
	return path
}

// cutStage cuts a named stage off the front of a path. The default stage has no
// segment: a client may well ask for "/$default".
func cutStage(path, stage string) string {
	if stage == "" || stage == "$default" {
		return path
	}
	return cutSegments(path, "/"+stage)
}
