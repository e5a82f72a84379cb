package local

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
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

// restRequest is what an event is made of.
type restRequest struct {
	*http.Request
	ids    *identifiers
	at     time.Time
	method string // as routed
	path   string // as sent
	match  *match
	body   []byte
}

// build is the event of r.
func (e *restEvents) build(r *restRequest) []byte {
	b := make([]byte, 0, 3072+len(r.body)+len(r.body)/2)
	b = append(b, r.match.resource.eventHead...)
	b = appendString(b, routedPath(r.path))
	b = append(b, `,"httpMethod":`...)
	b = appendString(b, r.method)
	b = append(b, ',')
	b = e.appendHeaders(b, r)
	b = append(b, ',')
	b = appendQuery(b, r.URL.RawQuery)
	b = append(b, `,"pathParameters":`...)
	b = appendPathParameters(b, r.match)
	b = append(b, `,"stageVariables":null,`...)
	b = e.appendContext(b, r)
	return append(e.appendBody(b, r), '}')
}

// appendBody appends the body and how it is encoded: base64 if the content type
// is binary, else as text.
func (e *restEvents) appendBody(b []byte, r *restRequest) []byte {
	switch {
	case len(r.body) == 0:
		return append(b, `,"body":null,"isBase64Encoded":false`...)
	case e.binary.fit(r.Header.Get("Content-Type")):
		b = append(b, `,"body":"`...)
		b = base64.StdEncoding.AppendEncode(b, r.body)
		return append(b, `","isBase64Encoded":true`...)
	}
	b = append(b, `,"body":`...)
	b = appendString(b, r.body)
	return append(b, `,"isBase64Encoded":false`...)
}

// appendPathParameters appends the parameters as sent, percent-encoded.
func appendPathParameters(b []byte, m *match) []byte {
	if len(m.values) == 0 {
		return append(b, "null"...)
	}
	sep := byte('{')
	for i, v := range m.values {
		b = append(b, sep)
		b = appendString(b, m.resource.params[i])
		b = append(b, ':')
		b = appendString(b, v)
		sep = ','
	}
	return append(b, '}')
}

// appendContext appends the requestContext of a request without authorizer.
func (e *restEvents) appendContext(b []byte, r *restRequest) []byte {
	domain := hostName(r.Host)
	prefix, _, _ := strings.Cut(domain, ".")
	b = append(b, e.contextHead...)
	b = append(b, `,"domainName":`...)
	b = appendString(b, domain)
	b = append(b, `,"domainPrefix":`...)
	b = appendString(b, prefix)
	b = append(b, `,"extendedRequestId":"`...)
	b = append(b, r.ids.extended...)
	b = append(b, `","httpMethod":`...)
	b = appendString(b, r.method)
	b = append(b, ',')
	b = appendIdentity(b, r.Request)
	b = append(b, `,"path":`...)
	b = appendString(b, "/"+e.stage+r.path)
	b = append(b, `,"requestId":"`...)
	b = append(b, r.ids.request...)
	b = append(b, `","requestTime":"`...)
	b = r.at.UTC().AppendFormat(b, "02/Jan/2006:15:04:05 -0700")
	b = append(b, `","requestTimeEpoch":`...)
	b = strconv.AppendInt(b, r.at.UnixMilli(), 10)
	return append(b, r.match.resource.contextTail...)
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

// hostName is an address without its port and without brackets.
func hostName(address string) string {
	colon := strings.LastIndexByte(address, ':')
	if colon >= 0 && strings.IndexByte(address[colon:], ']') < 0 &&
		(strings.IndexByte(address, ':') == colon || address[0] == '[') {
		address = address[:colon]
	}
	return strings.Trim(address, "[]")
}
