package lambda

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// door is what front doors differ in.
type door interface {
	// name is that of handler.Facts.FrontDoor.
	name() string
	// line is the request line, with base path.
	line(e *event) (method, path, rawQuery string)
	// facts fills in what the front door knows.
	facts(e *event, f *handler.Facts)
	// caller is who the front door let in.
	caller(e *event) handler.Caller
	// encode appends the answer in the front door's format. warning says what
	// of it the front door cannot carry.
	encode(dst []byte, a *answer) (out []byte, warning string)
	// limit is the most bytes that encode may make.
	limit() int
}

// payloadLimit is the most that Lambda takes in one answer.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
const payloadLimit = 6_291_556

// answer is a response, checked and ready for any front door.
type answer struct {
	status int
	header http.Header // canonical names
	names  []string    // those to send, sorted
	body   []byte
	base64 bool
	multi  bool // the event has lists of values

	handshake bool // to a CONNECT

	room [6]string // of names
}

// answer checks a response whose body is at hand. An error is a mistake of the
// handler. The answer lies in the event, and is good until the next one.
func (e *event) answer(method string, resp *handler.Response, body []byte) (*answer, error) {
	a := &e.answered
	*a = answer{status: resp.StatusCode(), header: resp.Header, body: body, multi: e.is(e.multiHeaders, '{'), handshake: method == "CONNECT"}
	a.names = a.room[:0]
	if a.status < 200 || a.status > 599 {
		return nil, fmt.Errorf("response: status %d: write one from 200 to 599", a.status)
	}
	head := method == http.MethodHead
	if err := a.setHeader(head); err != nil {
		return nil, err
	}
	if bodyless(method, a.status) {
		a.body = nil
	}
	a.setType()
	return a, nil
}

// setHeader checks the header and chooses what of it to send: the front door
// itself sees to the connection and to the length, but for that of a body that
// a HEAD request is not sent.
func (a *answer) setHeader(head bool) error {
	for name, values := range a.header {
		if http.CanonicalHeaderKey(name) != name {
			a.header, a.names = canonical(a.header), a.names[:0]
			return a.setHeader(head)
		}
		if len(values) == 0 || connection(name) || name == "Content-Length" && !head {
			continue
		}
		if !validName(name) {
			return fmt.Errorf("response: header name %.100q is not valid", name)
		}
		for _, v := range values {
			if !validValue(v) {
				// Not left out: it may be one that the client's safety rests on.
				return fmt.Errorf("response: header %s: its value has a line break, a NUL or invalid UTF-8", name)
			}
		}
		a.names = append(a.names, name)
	}
	slices.Sort(a.names)
	return nil
}

// canonical puts all names into canonical spelling. Of two spellings of
// Content-Type the first value counts.
func canonical(header http.Header) http.Header {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names) // canonical spellings come first
	h := make(http.Header, len(header))
	for _, name := range names {
		key := http.CanonicalHeaderKey(name)
		h[key] = slices.Concat(h[key], header[name])
	}
	if types := h["Content-Type"]; len(types) > 1 {
		h["Content-Type"] = types[:1]
	}
	return h
}

// connection reports whether a header is about the connection between front
// door and client.
func connection(name string) bool {
	switch name {
	case "Connection", "Keep-Alive", "Proxy-Connection", "Transfer-Encoding", "Trailer", "Upgrade":
		return true
	}
	return strings.HasPrefix(name, http.TrailerPrefix)
}

func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c|0x20-'a' < 26 || c-'0' < 10 || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0 {
			continue
		}
		return false
	}
	return name != ""
}

func validValue(v string) bool {
	ascii := true
	for i := range len(v) {
		c := v[i]
		if c < 0x20 && c != '\t' || c == 0x7f {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.ValidString(v)
}

// setType finds the content type of a body that has none, as net/http does, and
// how the body travels.
func (a *answer) setType() {
	if len(a.body) == 0 {
		return
	}
	types, known := a.header["Content-Type"]
	encoding := first(a.header["Content-Encoding"])
	if !known && encoding == "" {
		types = []string{http.DetectContentType(a.body)}
		h := make(http.Header, len(a.header)+1)
		for name, values := range a.header { // the handler's own header is left alone
			h[name] = values
		}
		h["Content-Type"] = types
		a.header = h
		i, _ := slices.BinarySearch(a.names, "Content-Type")
		a.names = slices.Insert(a.names, i, "Content-Type")
	}
	plain := encoding == "" || strings.EqualFold(encoding, "identity")
	a.base64 = !plain || !textual(first(types)) || !utf8.Valid(a.body)
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// textual reports whether bodies of a content type are text.
func textual(contentType string) bool {
	if contentType == "application/json" || contentType == handler.ProblemType {
		return true // nearly all
	}
	mediaType, _, _ := strings.Cut(contentType, ";")
	mediaType = strings.ToLower(strings.TrimSpace(mediaType))
	switch mediaType {
	case "application/json", "application/xml", "application/javascript", "application/ecmascript",
		"application/graphql", "application/yaml", "application/x-yaml", "application/toml",
		"application/x-ndjson", "application/jsonl", "application/x-www-form-urlencoded":
		return true
	}
	return strings.HasPrefix(mediaType, "text/") ||
		strings.HasSuffix(mediaType, "+json") || strings.HasSuffix(mediaType, "+xml") || strings.HasSuffix(mediaType, "+yaml")
}

// size is about how many bytes the answer takes.
func (a *answer) size() int {
	n := 160 + len(a.body) + len(a.body)/8
	if a.base64 {
		n = 160 + base64.StdEncoding.EncodedLen(len(a.body))
	}
	for _, name := range a.names {
		for _, v := range a.header[name] {
			n += len(name) + len(v) + 8
		}
	}
	return n
}

func (a *answer) appendStatus(dst []byte) []byte {
	dst = append(dst, `{"statusCode":`...)
	return strconv.AppendInt(dst, int64(a.status), 10)
}

// appendDescription appends the status with its name, "404 Not Found".
func (a *answer) appendDescription(dst []byte) []byte {
	dst = append(dst, `,"statusDescription":`...)
	return appendQuoted(dst, strings.TrimSpace(strconv.Itoa(a.status)+" "+http.StatusText(a.status)))
}

// appendLists appends all headers, each with the list of its values.
func (a *answer) appendLists(dst []byte) []byte {
	dst = append(dst, `,"multiValueHeaders":{`...)
	for i, name := range a.names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, name)
		dst = append(dst, ':')
		dst = appendList(dst, a.header[name])
	}
	return append(dst, '}')
}

func appendList(dst []byte, values []string) []byte {
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, v)
	}
	return append(dst, ']')
}

// appendJoined appends all headers, each with its values joined by commas, but
// Set-Cookie with the last of cookies, and without it if there are none.
func (a *answer) appendJoined(dst []byte, cookies []string) []byte {
	dst = append(dst, `,"headers":{`...)
	n := len(dst)
	for _, name := range a.names {
		values := a.header[name]
		if name == "Set-Cookie" {
			if len(cookies) == 0 {
				continue
			}
			values = cookies[len(cookies)-1:]
		}
		if len(dst) > n {
			dst = append(dst, ',')
		}
		dst = appendQuoted(dst, name)
		dst = append(dst, ':')
		if len(values) == 1 {
			dst = appendQuoted(dst, values[0])
		} else {
			dst = appendQuoted(dst, strings.Join(values, ", "))
		}
	}
	return append(dst, '}')
}

// appendCookies appends each Set-Cookie, which cannot be joined, in a list.
func (a *answer) appendCookies(dst []byte) []byte {
	if cookies := a.header["Set-Cookie"]; len(cookies) > 0 {
		dst = append(dst, `,"cookies":`...)
		dst = appendList(dst, cookies)
	}
	return dst
}

// appendBody appends the body, always a string, and the end.
func (a *answer) appendBody(dst []byte) []byte {
	dst = append(dst, `,"body":`...)
	if !a.base64 {
		dst = appendQuoted(dst, a.body)
		return append(dst, `,"isBase64Encoded":false}`...)
	}
	dst = append(dst, '"')
	dst = base64.StdEncoding.AppendEncode(dst, a.body)
	return append(dst, `","isBase64Encoded":true}`...)
}
