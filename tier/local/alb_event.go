package local

import (
	"encoding/base64"
	"strings"
)

// event has either single values or lists, never both. Path and query are as
// sent.
func (d *albDoor) event(x *exchange) ([]byte, *refusal) {
	names, value := [...]string{`,"queryStringParameters":`, `,"headers":`}, appendLast
	if d.multi {
		names, value = [...]string{`,"multiValueQueryStringParameters":`, `,"multiValueHeaders":`}, appendAll
	}
	b := make([]byte, 0, 1024+len(x.body)+len(x.body)/2)
	b = append(b, d.head...)
	b = appendString(b, x.method)
	b = append(b, `,"path":`...)
	b = appendString(b, x.path)
	var query, headers [32]field
	b = append(b, names[0]...)
	b = appendMap(b, queryFields(query[:0], x.URL.RawQuery, "&", validText), value)
	b = append(b, names[1]...)
	fields := x.lowerFields(headers[:0], func(name string) bool { return name == "transfer-encoding" })
	if len(x.body) > 0 {
		fields = x.withLength(fields)
	}
	b = appendMap(b, fields, value)
	return x.within(append(d.appendBody(b, x), '}'), &albEvent)
}

func (d *albDoor) appendBody(b []byte, x *exchange) []byte {
	if len(x.body) == 0 || albTextual(x.Header.Get("Content-Type"), x.Header.Get("Content-Encoding")) {
		b = append(b, `,"body":`...)
		b = appendString(b, x.body)
		return append(b, `,"isBase64Encoded":false`...)
	}
	b = append(b, `,"body":"`...)
	b = base64.StdEncoding.AppendEncode(b, x.body)
	return append(b, `","isBase64Encoded":true`...)
}

// albTextual reports whether a body goes as text.
func albTextual(contentType, encoding string) bool {
	mediaType, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	mediaType = strings.TrimSpace(mediaType)
	switch mediaType {
	case "application/json", "application/javascript", "application/xml":
		return encoding == ""
	}
	return encoding == "" && strings.HasPrefix(mediaType, "text/")
}
