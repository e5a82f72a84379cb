package tier

import (
	"slices"
	"strings"
)

// Source is where a request says who is calling, as an authorizer declares it:
// "header.Authorization", "query.key", "context.identity.sourceIp".
type Source struct {
	// In is "header", "query" or "context".
	In string
	// Name of the header or the query parameter, or of the member of the request
	// context as API Gateway calls it.
	Name string
}

// ParseSource reads "header.NAME", "query.NAME" or "context.NAME". ok is false for
// anything else.
func ParseSource(text string) (s Source, ok bool) {
	s.In, s.Name, ok = strings.Cut(text, ".")
	switch {
	case !ok, s.Name == "":
		return s, false
	case s.In == "header":
		return s, headerName(s.Name)
	case s.In == "query":
		return s, !strings.ContainsFunc(s.Name, func(r rune) bool { return r <= ' ' || r == ',' || r >= 0x7f })
	}
	return s, s.In == "context"
}

// String is the source as it is declared.
func (s Source) String() string { return s.In + "." + s.Name }

// contextSources are the members of the request context that identify a request,
// by the kinds of APIs that have them, and whether a handshake has. See
// https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html,
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
// and https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html.
var contextSources = []struct {
	name      string
	kinds     []Kind
	handshake bool
}{
	{"domainName", []Kind{REST, HTTP}, true},
	{"httpMethod", []Kind{REST, HTTP}, false},
	{"identity.sourceIp", []Kind{REST, HTTP}, true},
	{"identity.userAgent", []Kind{REST, HTTP}, true},
	{"path", []Kind{REST, HTTP}, false},
	{"resourcePath", []Kind{REST}, false},
	{"routeKey", []Kind{HTTP}, true},
	{"stage", []Kind{REST, HTTP}, true},
}

// known reports whether APIs of the kind have the source.
func (s Source) known(kind Kind) bool {
	if s.In != "context" {
		return true
	}
	for _, c := range contextSources {
		if c.name == s.Name {
			return slices.Contains(c.kinds, kind)
		}
	}
	return false
}

// somewhere reports whether any kind of API has the source.
func (s Source) somewhere() bool { return s.known(REST) || s.known(HTTP) }

// ofHandshake reports whether the handshake of a WebSocket API has the source.
func (s Source) ofHandshake() bool {
	if s.In != "context" {
		return true
	}
	for _, c := range contextSources {
		if c.name == s.Name {
			return c.handshake
		}
	}
	return false
}

// handshakeNames are the sources of a handshake's context, for people.
func handshakeNames() string {
	var names []string
	for _, c := range contextSources {
		if c.handshake {
			names = append(names, "context."+c.name)
		}
	}
	return strings.Join(names, ", ")
}

// contextNames are the sources of the request context, for people.
func contextNames(kind Kind) string {
	var names []string
	for _, c := range contextSources {
		if slices.Contains(c.kinds, kind) {
			names = append(names, "context."+c.name)
		}
	}
	return strings.Join(names, ", ")
}

// headerName reports whether the text is the name of a header (RFC 9110, token).
func headerName(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9':
		case strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0:
		default:
			return false
		}
	}
	return s != ""
}
