package local

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// restEvents builds the events of a REST API, payload version 1.0, each in one
// pass over the request.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format.
type restEvents struct {
	stage       string
	contextHead []byte // the keys of requestContext that are always the same
	binary      mediaTypes
}

func newRestEvents(api, stage string, binary mediaTypes) *restEvents {
	b := []byte(`"requestContext":{"accountId":"` + accountID + `","apiId":`)
	b = appendString(b, nameID(10, "api "+api))
	b = append(b, `,"deploymentId":`...)
	b = appendString(b, nameID(6, "deployment "+api))
	b = append(b, `,"protocol":"HTTP/1.1","stage":`...)
	b = appendString(b, stage)
	return &restEvents{stage: stage, contextHead: b, binary: binary}
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
	b = appendString(b, routedPath(x.path))
	b = append(b, `,"httpMethod":`...)
	b = appendString(b, x.method)
	b = append(b, ',')
	b = e.appendHeaders(b, x)
	b = append(b, ',')
	b = appendQuery(b, x.URL.RawQuery)
	b = append(b, `,"pathParameters":`...)
	b = appendPathParameters(b, &x.match)
	b = append(b, `,"stageVariables":null,`...)
	b = e.appendContext(b, x)
	return append(e.appendBody(b, x), '}')
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

// appendContext appends the requestContext of a request without authorizer.
func (e *restEvents) appendContext(b []byte, x *exchange) []byte {
	domain := hostName(x.Host)
	prefix, _, _ := strings.Cut(domain, ".")
	b = append(b, e.contextHead...)
	b = append(b, `,"domainName":`...)
	b = appendString(b, domain)
	b = append(b, `,"domainPrefix":`...)
	b = appendString(b, prefix)
	b = append(b, `,"extendedRequestId":"`...)
	b = append(b, x.ids.extended...)
	b = append(b, `","httpMethod":`...)
	b = appendString(b, x.method)
	b = append(b, ',')
	b = appendIdentity(b, x.Request)
	b = append(b, `,"path":`...)
	b = appendString(b, "/"+e.stage+x.path)
	b = append(b, `,"requestId":"`...)
	b = append(b, x.ids.request...)
	b = append(b, `","requestTime":"`...)
	b = x.at.UTC().AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, `","requestTimeEpoch":`...)
	b = strconv.AppendInt(b, x.at.UnixMilli(), 10)
	return append(b, x.match.resource.contextTail...)
}

// appendIdentity appends the identity of an anonymous caller.
func appendIdentity(b []byte, r *http.Request) []byte {
	b = append(b, `"identity":{"accessKey":null,"accountId":null,"caller":null,"cognitoAuthenticationProvider":null,`+
		`"cognitoAuthenticationType":null,"cognitoIdentityId":null,"cognitoIdentityPoolId":null,"principalOrgId":null,"sourceIp":`...)
	b = appendString(b, hostName(r.RemoteAddr))
	b = append(b, `,"user":null,"userAgent":`...)
	if agent := r.Header.Get("User-Agent"); agent != "" {
		b = appendString(b, agent)
	} else {
		b = append(b, "null"...)
	}
	return append(b, `,"userArn":null}`...)
}
