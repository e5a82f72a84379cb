package local

import (
	"net/http"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// socketEvents builds the events of a WebSocket API.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-integration-requests.html
type socketEvents struct{ apiID string }

func newSocketEvents(api string) socketEvents { return socketEvents{socketID(api)} }

// socketID is the id of a WebSocket API here.
func socketID(api string) string { return nameID(10, "socket "+api) }

// occasion is what gave rise to an event.
type occasion struct {
	at    time.Time
	ids   identifiers
	route string
}

// connect is the event of a handshake: headers, the query if there is one, and
// no body.
func (e socketEvents) connect(o *occasion, c *client, r *http.Request) []byte {
	b := append(make([]byte, 0, 2048), '{')
	b = append(appendHandshake(b, o, r), ',')
	b = e.appendContext(b, o, c, "CONNECT", nil, nil)
	return append(b, `,"isBase64Encoded":false}`...)
}

// question is what a Lambda authorizer is asked about a handshake: its event with
// the ARN of the route.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-lambda-auth.html
func (e socketEvents) question(o *occasion, c *client, r *http.Request, arn string) []byte {
	b := append(make([]byte, 0, 2048), `{"type":"REQUEST","methodArn":`...)
	b = append(appendString(b, arn), ',')
	b = append(appendHandshake(b, o, r), `,"stageVariables":{},`...)
	b = e.appendContext(b, o, c, "CONNECT", nil, nil)
	return append(b, '}')
}

// appendHandshake appends the headers of a handshake, and its query if there is
// one.
func appendHandshake(b []byte, o *occasion, r *http.Request) []byte {
	x := &exchange{Request: r, ids: o.ids}
	x.ids.trace = o.ids.seen(r.Header.Get("X-Amzn-Trace-Id"))
	b = (*restEvents)(nil).appendHeaders(b, x)
	if r.URL.RawQuery != "" {
		b = appendQuery(append(b, ','), r.URL.RawQuery)
	}
	return b
}

// message is the event of a message, which has no headers.
func (e socketEvents) message(o *occasion, c *client, messageID string, text []byte) []byte {
	b := append(make([]byte, 0, 1024+len(text)+len(text)/8), '{')
	id := appendString([]byte(`"messageId":`), messageID)
	b = e.appendContext(b, o, c, "MESSAGE", append(id, ','), nil)
	b = appendString(append(b, `,"body":`...), text)
	return append(b, `,"isBase64Encoded":false}`...)
}

// disconnect is the event of an end. Its headers are the few that API Gateway
// keeps, most of them empty.
func (e socketEvents) disconnect(o *occasion, c *client, why closure) []byte {
	b := append(make([]byte, 0, 1024), '{')
	b = appendMaps(b, "headers", "multiValueHeaders", []field{
		{"Host", []string{c.domain}}, {"X-Forwarded-For", []string{""}}, {"x-api-key", []string{""}}, {"x-restapi", []string{""}},
	})
	b = append(b, ',')
	code := strconv.AppendInt([]byte(`"disconnectStatusCode":`), int64(why.code), 10)
	reason := appendString([]byte(`"disconnectReason":`), why.reason)
	b = e.appendContext(b, o, c, "DISCONNECT", append(code, ','), append(reason, ','))
	return append(b, `,"isBase64Encoded":false}`...)
}

// appendContext appends the requestContext. early and late are the members of
// one event type, each with a comma after it, where API Gateway has them.
func (e socketEvents) appendContext(b []byte, o *occasion, c *client, eventType string, early, late []byte) []byte {
	b = appendString(append(b, `"requestContext":{"routeKey":`...), o.route)
	b = append(b, ',')
	if c.authorizer != nil {
		b = append(append(b, `"authorizer":`...), c.authorizer...)
		b = append(b, ',')
	}
	b = append(b, early...)
	b = append(append(b, `"eventType":"`...), eventType...)
	b = append(append(b, `","extendedRequestId":"`...), o.ids.extended...)
	b = append(b, `","requestTime":"`...)
	b = o.at.UTC().AppendFormat(b, logTime)
	b = append(b, `","messageDirection":"IN",`...)
	b = append(b, late...)
	b = append(b, `"stage":"`+tier.DefaultStage+`","connectedAt":`...)
	b = strconv.AppendInt(b, c.at, 10)
	b = append(b, `,"requestTimeEpoch":`...)
	b = strconv.AppendInt(b, o.at.UnixMilli(), 10)
	b = append(b, ',')
	b = c.appendIdentity(b)
	b = append(append(b, `,"requestId":"`...), o.ids.extended...)
	b = appendString(append(b, `","domainName":`...), c.domain)
	b = appendString(append(b, `,"connectionId":`...), c.id)
	b = appendString(append(b, `,"apiId":`...), e.apiID)
	return append(b, '}')
}

// appendIdentity appends who is calling: the members of an IAM identity only if
// there is one.
func (c *client) appendIdentity(b []byte) []byte {
	b = append(b, `"identity":{`...)
	for _, member := range [...]struct{ name, value string }{
		{`"accessKey":`, c.identity.accessKey},
		{`"accountId":`, c.identity.accountID},
		{`"caller":`, c.identity.caller},
		{`"cognitoAuthenticationProvider":`, c.identity.cognitoAuthenticationProvider},
		{`"cognitoAuthenticationType":`, c.identity.cognitoAuthenticationType},
		{`"cognitoIdentityId":`, c.identity.cognitoIdentityID},
		{`"cognitoIdentityPoolId":`, c.identity.cognitoIdentityPoolID},
		{`"user":`, c.identity.user},
		{`"userArn":`, c.identity.userARN},
		{`"userAgent":`, c.agent},
	} {
		if member.value != "" {
			b = appendString(append(b, member.name...), member.value)
			b = append(b, ',')
		}
	}
	b = appendString(append(b, `"sourceIp":`...), c.ip)
	return append(b, '}')
}
