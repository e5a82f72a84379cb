package local

import (
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// restAsker asks the authorizers of a REST API.
type restAsker struct {
	stage       string
	contextHead []byte
	events      *restEvents
}

var _ asker = (*restAsker)(nil)

func newRestAsker(api, stage string) *restAsker {
	b := []byte(`"requestContext":{"accountId":"` + accountID + `","apiId":`)
	b = appendString(b, apiID(api))
	b = append(b, `,"stage":`...)
	return &restAsker{stage, appendString(b, stage), newRestEvents(api, mediaTypes{})}
}

// restAuthorizerWait is what a REST API waits for a Lambda authorizer. It is not
// documented.
const restAuthorizerWait = restTimeout

func (a *restAsker) resource(x *exchange) string           { return resourceOf(x) }
func (a *restAsker) wait() time.Duration                   { return restAuthorizerWait }
func (a *restAsker) longestARN() int                       { return maxARN }
func (a *restAsker) flat() bool                            { return true }
func (a *restAsker) unauthorized() *refusal                { return &restUnauthorized }
func (a *restAsker) broken() *refusal                      { return &restAuthorizer }
func (a *restAsker) needs(s *tier.AuthorizerSettings) bool { return s.Token != "" || s.TTL > 0 }

// resourceOf is the method and the path below stage and base path.
func resourceOf(x *exchange) string { return x.method + "/" + strings.TrimPrefix(x.below, "/") }

func (a *restAsker) denied(explicit bool) *refusal {
	if explicit {
		return &restDeniedExplicit
	}
	return &restDenied
}

func (a *restAsker) source(x *exchange, s tier.Source) string {
	switch s.In {
	case "header":
		return lastOf(x.headerValues(s.Name))
	case "query":
		return lastOf(queryValues(x.URL.RawQuery, "&;", s.Name))
	}
	switch s.Name {
	case "path":
		return x.full
	case "resourcePath":
		return x.match.resource.path
	}
	return x.contextValue(s.Name, a.stage)
}

// event is that of a token authorizer, or the request without its body and with
// the documented part of its context.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html.
func (a *restAsker) event(x *exchange, q *question) []byte {
	b := make([]byte, 0, 2048)
	if q.token != "" {
		b = append(b, `{"type":"TOKEN","methodArn":`...)
		b = appendString(b, q.arn)
		b = append(b, `,"authorizationToken":`...)
		return append(appendString(b, q.values[0]), '}')
	}
	b = append(b, `{"type":"REQUEST","methodArn":`...)
	b = appendString(b, q.arn)
	b = append(b, ',')
	b = append(b, x.match.resource.eventHead[1:]...)
	b = appendString(b, x.shown)
	b = append(b, `,"httpMethod":`...)
	b = appendString(b, x.method)
	b = append(b, ',')
	b = a.events.appendHeaders(b, x)
	var buf [16]field
	query := queryFields(buf[:0], x.URL.RawQuery, "&;", unescapeQuery)
	b = append(b, `,"queryStringParameters":`...)
	b = appendMap(b, query, appendLast)
	b = append(b, `,"multiValueQueryStringParameters":`...)
	b = appendMap(b, query, appendAll)
	b = append(b, `,"pathParameters":`...)
	b = x.match.appendParameters(b)
	b = append(b, `,"stageVariables":`...)
	b = append(appendVariables(b, x), ',')
	b = a.appendContext(b, x)
	return append(b, '}')
}

// appendContext appends the part of the request context that an authorizer gets.
func (a *restAsker) appendContext(b []byte, x *exchange) []byte {
	b = append(b, a.contextHead...)
	b = append(b, `,"httpMethod":`...)
	b = appendString(b, x.method)
	b = append(b, ',')
	b = appendIdentity(b, x)
	b = append(b, `,"path":`...)
	b = appendString(b, x.full)
	b = append(b, `,"requestId":`...)
	b = appendString(b, x.id)
	return append(b, x.match.resource.contextTail...)
}

func (a *restAsker) let(x *exchange, v *verdict, took time.Duration) { letTexts(x, v, took) }

// letTexts: a REST API and a WebSocket API make texts of all values.
func letTexts(x *exchange, v *verdict, took time.Duration) {
	b := append(x.authorizer[:0], '{')
	for _, m := range v.context {
		b = appendString(b, m.name)
		b = append(b, ':')
		if m.value.Kind() == '"' {
			b = append(b, m.value...)
		} else {
			b = appendString(b, []byte(m.value))
		}
		b = append(b, ',')
	}
	b = append(b, `"principalId":`...)
	b = appendString(b, v.principal)
	b = append(b, `,"integrationLatency":`...)
	b = appendInt(b, took.Milliseconds())
	x.authorizer = append(b, '}')
}

// appendVariables appends the stage variables; an authorizer gets {} for none.
func appendVariables(b []byte, x *exchange) []byte {
	if x.variables == nil {
		return append(b, "{}"...)
	}
	return append(b, x.variables...)
}
