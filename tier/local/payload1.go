package local

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// http1 is payload format 1.0 of an HTTP API: the members of a REST event, with
// a version, a path that is decoded and has the stage and the base path in it,
// and header names in lower case.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html.
type http1 struct {
	contextHead []byte // the keys of requestContext that are always the same
}

func newHTTP1(api *tier.API) http1 {
	return http1{[]byte(`"requestContext":{"accountId":"` + accountID + `","apiId":"` + apiID(api.Name()) + `","stage":`)}
}

func (f http1) event(x *exchange) []byte {
	var buf [32]field
	_, resource, routed := strings.Cut(x.match.method.key, " ")
	if !routed {
		resource = x.match.method.key // "$default"
	}
	b := make([]byte, 0, 3072+len(x.body)+len(x.body)/2)
	b = append(b, `{"version":"1.0","resource":`...)
	b = appendString(b, resource)
	b = append(b, `,"path":`...)
	b = appendString(b, x.full)
	b = append(b, `,"httpMethod":`...)
	b = appendString(b, x.method)
	b = append(b, ',')
	b = appendMaps(b, "headers", "multiValueHeaders", x.withLength(x.lowerFields(buf[:0], notByHTTP1)))
	b = append(b, ',')
	var query [16]field
	b = appendMaps(b, "queryStringParameters", "multiValueQueryStringParameters", queryFields(query[:0], x.URL.RawQuery, "&", unescapeQuery))
	b = append(b, `,"pathParameters":`...)
	b = appendPathParameters(b, &x.match)
	b = append(b, `,"stageVariables":`...)
	b = append(appendRaw(b, x.variables), ',')
	b = f.appendContext(b, x, resource)
	return append(appendBody1(b, x), '}')
}

// notByHTTP1 reports whether a request header does not reach the function;
// cookies do, for format 1.0 has no member for them.
func notByHTTP1(name string) bool {
	return name != "cookie" && notByHTTP(name)
}

func (f http1) appendContext(b []byte, x *exchange, resource string) []byte {
	domain := x.domain()
	prefix, _, _ := strings.Cut(domain, ".")
	b = append(b, f.contextHead...)
	b = append(b, x.stage.quoted...)
	if x.authorizer != nil {
		b = append(b, `,"authorizer":`...)
		b = append(b, x.authorizer...)
	}
	for _, member := range [...]struct{ name, value string }{
		{`,"domainName":`, domain},
		{`,"domainPrefix":`, prefix},
		{`,"extendedRequestId":`, x.id},
		{`,"httpMethod":`, x.method},
		{`,"path":`, x.full},
		{`,"protocol":`, "HTTP/1.1"},
		{`,"requestId":`, x.id},
		{`,"resourcePath":`, resource},
	} {
		b = append(b, member.name...)
		b = appendString(b, member.value)
	}
	b = append(b, `,"resourceId":null,"requestTime":"`...)
	b = x.at.UTC().AppendFormat(b, logTime)
	b = append(b, `","requestTimeEpoch":`...)
	b = strconv.AppendInt(b, x.at.UnixMilli(), 10)
	b = append(b, ',')
	return append(appendIdentity(b, x), '}')
}

// appendBody1 appends the body by the rules of an HTTP API, null for none.
func appendBody1(b []byte, x *exchange) []byte {
	switch {
	case len(x.body) == 0:
		return append(b, `,"body":null,"isBase64Encoded":false`...)
	case textual2(x.Header.Get("Content-Type")):
		b = append(b, `,"body":`...)
		b = appendString(b, x.body)
		return append(b, `,"isBase64Encoded":false`...)
	}
	b = append(b, `,"body":"`...)
	b = base64.StdEncoding.AppendEncode(b, x.body)
	return append(b, `","isBase64Encoded":true`...)
}

// answer makes an answer of a function's output: an object with a statusCode.
// Members that are not known have no effect, and a body that says it is base64
// is always decoded.
func (f http1) answer(data []byte) (*answer, error) {
	o, err := parseOutput1(data)
	if err != nil {
		return nil, err
	}
	a := &answer{status: o.status, body: o.body}
	if a.header, err = sendable(o.fields(), httpTextType, ownedByHTTP); err != nil {
		return nil, err
	}
	if o.base64 {
		if a.body, err = decoded(o.body); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// output1 is the answer of a function in payload format 1.0.
type output1 struct {
	restOutput
	found bool // statusCode is there
}

// fields are the headers of both maps: the values of multiValueHeaders first, a
// pair that is in both once.
func (o *output1) fields() []field {
	all := o.multi
	for _, f := range o.headers {
		twice := slices.ContainsFunc(o.multi, func(m field) bool {
			return strings.EqualFold(m.name, f.name) && slices.Contains(m.values, f.values[0])
		})
		if !twice {
			all = append(all, f)
		}
	}
	return all
}

func parseOutput1(data []byte) (*output1, error) {
	dec := newOutputDecoder(data)
	if err := open(dec, "answer", '{'); err != nil {
		return nil, err
	}
	o := &output1{}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		switch key := token.String(); key {
		case "statusCode":
			o.found = dec.PeekKind() != 'n'
			err = o.read(key, dec)
		case "headers", "multiValueHeaders", "body", "isBase64Encoded":
			err = o.read(key, dec)
		default:
			err = dec.SkipValue()
		}
		if err != nil {
			return nil, err
		}
	}
	if err := end(dec); err != nil {
		return nil, err
	}
	if !o.found {
		return nil, errors.New("answer: no statusCode, which payload format 1.0 of an HTTP API needs")
	}
	return o, nil
}
