package local

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// restEvents builds the events of a REST API, payload version 1.0, each in one
// pass over the request.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format.
type restEvents struct {
	contextHead []byte // the keys of requestContext that are always the same
	binary      mediaTypes
}

func newRestEvents(api string, binary mediaTypes) *restEvents {
	b := []byte(`"requestContext":{"accountId":"` + accountID + `","apiId":`)
	b = appendString(b, apiID(api))
	b = append(b, `,"deploymentId":`...)
	b = appendString(b, nameID(6, "deployment "+api))
	b = append(b, `,"protocol":"HTTP/1.1","stage":`...)
	return &restEvents{contextHead: b, binary: binary}
}

// prepareEvent renders what is the same in every event of the resource.
func (res *resource) prepareEvent() {
	b := appendString([]byte(`{"resource":`), res.path)
	res.eventHead = append(b, `,"path":`...)
	b = appendString([]byte(`,"resourceId":`), nameID(6, "resource "+res.path))
	b = appendString(append(b, `,"resourcePath":`...), res.path)
	res.contextTail = append(b, '}')
}

// build is the event of x.
func (e *restEvents) build(x *exchange) []byte {
	b := make([]byte, 0, 3072+len(x.body)+len(x.body)/2)
	b = append(b, x.match.resource.eventHead...)
	b = appendString(b, x.shown)
	b = append(b, `,"httpMethod":`...)
	b = appendString(b, x.method)
	b = append(b, ',')
	b = e.appendHeaders(b, x)
	b = append(b, ',')
	b = appendQuery(b, x.URL.RawQuery)
	b = append(b, `,"pathParameters":`...)
	b = appendPathParameters(b, &x.match)
	b = append(b, `,"stageVariables":`...)
	b = append(appendRaw(b, x.variables), ',')
	b = e.appendContext(b, x)
	return append(e.appendBody(b, x), '}')
}

// appendRaw appends JSON, null for none.
func appendRaw(b, json []byte) []byte {
	if json == nil {
		return append(b, "null"...)
	}
	return append(b, json...)
}

// appendBody appends the body and how it is encoded: base64 if the content type
// is binary, else as text.
func (e *restEvents) appendBody(b []byte, x *exchange) []byte {
	switch {
	case len(x.body) == 0:
		return append(b, `,"body":null,"isBase64Encoded":false`...)
	case e.binary.fit(x.Header.Get("Content-Type")):
		b = append(b, `,"body":"`...)
		b = base64.StdEncoding.AppendEncode(b, x.body)
		return append(b, `","isBase64Encoded":true`...)
	}
	b = append(b, `,"body":`...)
	b = appendString(b, x.body)
	return append(b, `,"isBase64Encoded":false`...)
}

// appendPathParameters appends the parameters as sent, percent-encoded, null if
// there are none.
func appendPathParameters(b []byte, m *match) []byte {
	if len(m.values) == 0 {
		return append(b, "null"...)
	}
	return m.appendParameters(b)
}

// appendContext appends the requestContext.
func (e *restEvents) appendContext(b []byte, x *exchange) []byte {
	domain := x.domain()
	prefix, _, _ := strings.Cut(domain, ".")
	b = append(b, e.contextHead...)
	b = append(b, x.stage.quoted...)
	if x.authorizer != nil {
		b = append(b, `,"authorizer":`...)
		b = append(b, x.authorizer...)
	}
	b = append(b, `,"domainName":`...)
	b = appendString(b, domain)
	b = append(b, `,"domainPrefix":`...)
	b = appendString(b, prefix)
	b = append(b, `,"extendedRequestId":"`...)
	b = append(b, x.ids.extended...)
	b = append(b, `","httpMethod":`...)
	b = appendString(b, x.method)
	b = append(b, ',')
	b = appendIdentity(b, x)
	if x.stage.canary != nil {
		b = append(b, `,"isCanaryRequest":`...)
		b = strconv.AppendBool(b, x.canary)
	}
	b = append(b, `,"path":`...)
	b = appendString(b, x.full)
	b = append(b, `,"requestId":"`...)
	b = append(b, x.ids.request...)
	b = append(b, `","requestTime":"`...)
	b = x.at.UTC().AppendFormat(b, logTime)
	b = append(b, `","requestTimeEpoch":`...)
	b = strconv.AppendInt(b, x.at.UnixMilli(), 10)
	return append(b, x.match.resource.contextTail...)
}

// appendIdentity appends who is calling, as far as the gateway knows. The keys of
// an API key are there only with one.
func appendIdentity(b []byte, x *exchange) []byte {
	c := &x.client
	agent := x.Header.Get("User-Agent")
	source := hostName(x.RemoteAddr)
	b = append(b, `"identity":{`...)
	if c.apiKey != "" {
		b = append(b, `"apiKey":`...)
		b = appendString(b, c.apiKey)
		b = append(b, `,"apiKeyId":`...)
		b = appendString(b, c.apiKeyID)
		b = append(b, ',')
	}
	for i, member := range [...]struct{ name, value string }{
		{`"accessKey":`, c.accessKey},
		{`,"accountId":`, c.accountID},
		{`,"caller":`, c.caller},
		{`,"cognitoAuthenticationProvider":`, c.cognitoAuthenticationProvider},
		{`,"cognitoAuthenticationType":`, c.cognitoAuthenticationType},
		{`,"cognitoIdentityId":`, c.cognitoIdentityID},
		{`,"cognitoIdentityPoolId":`, c.cognitoIdentityPoolID},
		{`,"principalOrgId":`, c.principalOrgID},
		{`,"sourceIp":`, source},
		{`,"user":`, c.user},
		{`,"userAgent":`, agent},
		{`,"userArn":`, c.userARN},
	} {
		b = append(b, member.name...)
		if member.value == "" && i != sourceIP {
			b = append(b, "null"...)
		} else {
			b = appendString(b, member.value)
		}
	}
	return append(b, '}')
}

// sourceIP is the place of the one member of the identity that is never null.
const sourceIP = 8
