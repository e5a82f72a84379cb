package local

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// payload2 builds events of payload format 2.0, which an HTTP API and a function
// URL share. Members that would be empty are left out.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html.
type payload2 struct {
	contextHead []byte // the keys of requestContext that are always the same
}

func newPayload2(account, api string) payload2 {
	return payload2{[]byte(`"requestContext":{"accountId":"` + account + `","apiId":"` + api + `","stage":`)}
}

// parts2 is what the doors of payload format 2.0 differ in.
type parts2 struct {
	routeKey   string
	rawPath    string
	path       string // requestContext.http.path
	domain     string
	stage      []byte // as JSON
	headers    []field
	parameters bool // the route's path parameters
}

// build is the event of x. It says whether the body goes as text by its content
// type alone.
func (p payload2) build(x *exchange, parts *parts2) []byte {
	b := make([]byte, 0, 2048+len(x.body)+len(x.body)/2)
	b = append(b, `{"version":"2.0","routeKey":`...)
	b = appendString(b, parts.routeKey)
	b = append(b, `,"rawPath":`...)
	b = appendString(b, parts.rawPath)
	b = append(b, `,"rawQueryString":`...)
	b = appendString(b, x.URL.RawQuery)
	b = appendCookies(b, x.cookies())
	b = append(b, `,"headers":`...)
	b = appendMap(b, parts.headers, appendJoined)
	var buf [16]field
	if query := queryFields(buf[:0], x.URL.RawQuery, "&", unescapeQuery); len(query) > 0 {
		b = append(b, `,"queryStringParameters":`...)
		b = appendMap(b, query, appendJoined)
	}
	b = append(b, ',')
	b = p.appendContext(b, x, parts)
	if parts.parameters && len(x.match.values) > 0 {
		b = append(b, `,"pathParameters":`...)
		b = x.match.appendParameters(b)
	}
	if x.variables != nil {
		b = append(b, `,"stageVariables":`...)
		b = append(b, x.variables...)
	}
	return append(appendBody2(b, x), '}')
}

func (p payload2) appendContext(b []byte, x *exchange, parts *parts2) []byte {
	prefix, _, _ := strings.Cut(parts.domain, ".")
	b = append(b, p.contextHead...)
	b = append(b, parts.stage...)
	if x.authorizer != nil {
		b = append(b, `,"authorizer":{"`...)
		b = append(b, x.kind...)
		b = append(b, `":`...)
		b = append(append(b, x.authorizer...), '}')
	}
	for _, member := range [...]struct{ name, value string }{
		{`,"domainName":`, parts.domain},
		{`,"domainPrefix":`, prefix},
		{`,"http":{"method":`, x.method},
		{`,"path":`, parts.path},
		{`,"protocol":`, "HTTP/1.1"},
		{`,"sourceIp":`, hostName(x.RemoteAddr)},
		{`,"userAgent":`, x.UserAgent()},
		{`},"requestId":`, x.id},
		{`,"routeKey":`, parts.routeKey},
	} {
		b = append(b, member.name...)
		b = appendString(b, member.value)
	}
	b = append(b, `,"time":"`...)
	b = x.at.UTC().AppendFormat(b, logTime)
	b = append(b, `","timeEpoch":`...)
	b = strconv.AppendInt(b, x.at.UnixMilli(), 10)
	return append(b, '}')
}

func appendCookies(b []byte, cookies []string) []byte {
	if len(cookies) == 0 {
		return b
	}
	b = append(b, `,"cookies":`...)
	return appendAll(b, cookies)
}

func appendBody2(b []byte, x *exchange) []byte {
	switch {
	case len(x.body) == 0:
		return append(b, `,"isBase64Encoded":false`...)
	case textual2(x.Header.Get("Content-Type")):
		b = append(b, `,"body":`...)
		b = appendString(b, x.body)
		return append(b, `,"isBase64Encoded":false`...)
	}
	b = append(b, `,"body":"`...)
	b = base64.StdEncoding.AppendEncode(b, x.body)
	return append(b, `","isBase64Encoded":true`...)
}

// textual2 reports whether a body of that content type goes as text. These types
// do for certain; of others, as of text in another charset, it is not known, and
// a body in base64 is read rightly in any case.
func textual2(contentType string) bool {
	mediaType, parameters, _ := strings.Cut(strings.ToLower(contentType), ";")
	switch strings.TrimSpace(mediaType) {
	case "text/plain", "text/html", "text/csv", "text/xml",
		"application/json", "application/xml", "application/javascript":
	default:
		return false
	}
	_, charset, named := strings.Cut(parameters, "charset=")
	charset, _, _ = strings.Cut(charset, ";")
	return !named || strings.Trim(charset, ` "`) == "utf-8"
}
