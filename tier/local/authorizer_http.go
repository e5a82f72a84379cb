package local

import (
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// httpAsker asks the authorizers of an HTTP API.
type httpAsker struct {
	stage  string
	events payload2
	older  *restAsker // the context of payload format 1.0
}

var _ asker = (*httpAsker)(nil)

func newHTTPAsker(api, stage string) *httpAsker {
	return &httpAsker{stage, newPayload2(accountID, apiID(api)), newRestAsker(api, stage)}
}

// httpAuthorizerWait is what an HTTP API waits for a Lambda authorizer.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html.
const httpAuthorizerWait = 10 * time.Second

func (a *httpAsker) wait() time.Duration    { return httpAuthorizerWait }
func (a *httpAsker) longestARN() int        { return 0 }
func (a *httpAsker) flat() bool             { return false }
func (a *httpAsker) unauthorized() *refusal { return &httpUnauthorized }
func (a *httpAsker) broken() *refusal       { return &httpFailed }
func (a *httpAsker) denied(bool) *refusal   { return &httpForbidden }

// needs: an HTTP API refuses without sources even what it does not keep.
func (a *httpAsker) needs(*tier.AuthorizerSettings) bool { return true }

// resource has the decoded path.
func (a *httpAsker) resource(x *exchange) string { return resourceOf(x) }

func (a *httpAsker) source(x *exchange, s tier.Source) string {
	switch s.In {
	case "header":
		return strings.Join(x.headerValues(s.Name), ",")
	case "query":
		return strings.Join(queryValues(x.URL.RawQuery, "&", s.Name), ",")
	}
	switch s.Name {
	case "path":
		return x.full
	case "routeKey":
		return x.match.method.key
	}
	return x.contextValue(s.Name, a.stage)
}

// event is the request without its body, in one of the two payload formats.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html.
func (a *httpAsker) event(x *exchange, q *question) []byte {
	if q.format == "1.0" {
		return a.event1(x, q)
	}
	var buf [32]field
	parts := &parts2{
		routeKey: x.match.method.key, rawPath: x.shown, path: x.shown, domain: x.domain(), stage: x.stage.quoted,
		headers: x.withLength(x.lowerFields(buf[:0], notByHTTP)),
	}
	b := make([]byte, 0, 2048)
	b = append(b, `{"version":"2.0","type":"REQUEST","routeArn":`...)
	b = appendString(b, q.arn)
	b = append(b, `,"identitySource":`...)
	if len(q.values) > 0 {
		b = appendAll(b, q.values)
	} else {
		b = append(b, "null"...)
	}
	b = append(b, `,"routeKey":`...)
	b = appendString(b, parts.routeKey)
	b = append(b, `,"rawPath":`...)
	b = appendString(b, x.shown)
	b = append(b, `,"rawQueryString":`...)
	b = appendString(b, x.URL.RawQuery)
	b = appendCookies(b, x.cookies())
	b = append(b, `,"headers":`...)
	b = appendMap(b, parts.headers, appendJoined)
	var room [16]field
	if query := queryFields(room[:0], x.URL.RawQuery, "&", unescapeQuery); len(query) > 0 {
		b = append(b, `,"queryStringParameters":`...)
		b = appendMap(b, query, appendJoined)
	}
	b = append(b, ',')
	b = a.events.appendContext(b, x, parts)
	if len(x.match.values) > 0 {
		b = append(b, `,"pathParameters":`...)
		b = x.match.appendParameters(b)
	}
	if x.variables != nil {
		b = append(b, `,"stageVariables":`...)
		b = append(b, x.variables...)
	}
	return append(b, '}')
}

// event1 is that of payload format 1.0.
func (a *httpAsker) event1(x *exchange, q *question) []byte {
	var buf [32]field
	var room [16]field
	b := make([]byte, 0, 2048)
	b = append(b, `{"version":"1.0","type":"REQUEST","methodArn":`...)
	b = appendString(b, q.arn)
	sources := strings.Join(q.values, ",")
	b = append(b, `,"identitySource":`...)
	b = appendString(b, sources)
	b = append(b, `,"authorizationToken":`...)
	b = appendString(b, sources)
	b = append(b, ',')
	b = append(b, x.match.resource.eventHead[1:]...)
	b = appendString(b, x.full)
	b = append(b, `,"httpMethod":`...)
	b = appendString(b, x.method)
	b = append(b, `,"headers":`...)
	b = appendMap(b, x.withLength(x.lowerFields(buf[:0], expectOnly)), appendJoined)
	b = append(b, `,"queryStringParameters":`...)
	b = appendMap(b, queryFields(room[:0], x.URL.RawQuery, "&", unescapeQuery), appendJoined)
	b = append(b, `,"pathParameters":`...)
	b = x.match.appendParameters(b)
	b = append(b, `,"stageVariables":`...)
	b = append(appendVariables(b, x), ',')
	return append(a.older.appendContext(b, x), '}')
}

// expectOnly is [notByHTTP] where cookies are a header.
func expectOnly(name string) bool { return name != "cookie" && notByHTTP(name) }

// let: an HTTP API keeps the types of the values.
func (a *httpAsker) let(x *exchange, v *verdict, _ time.Duration) {
	if v.context == nil {
		x.kind, x.authorizer = "lambda", []byte("null")
		return
	}
	b := []byte{'{'}
	for i, m := range v.context {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, m.name)
		b = append(b, ':')
		b = append(b, m.value...)
	}
	x.kind, x.authorizer = "lambda", append(b, '}')
}

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }
