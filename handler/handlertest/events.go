package handlertest

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Event is a request as one front door delivers it.
type Event struct {
	// Door is the front door: "rest", "http", "http-1.0", "url", "alb",
	// "alb-multi", "lattice-v1", "lattice".
	Door string
	// Payload is the event's JSON.
	Payload []byte
}

// Events are the events by which each front door would deliver req, in a fixed
// order. Path, query, headers, cookies, body, caller, stage and the other facts
// of req are in them as AWS would write them; what a front door cannot carry
// (a caller behind a load balancer) is not.
func Events(req *handler.Request) []Event {
	return []Event{
		{"rest", RESTEvent(req)},
		{"http", HTTPEvent(req)},
		{"http-1.0", HTTP1Event(req)},
		{"url", URLEvent(req)},
		{"alb", ALBEvent(req)},
		{"alb-multi", ALBMultiEvent(req)},
		{"lattice-v1", LatticeV1Event(req)},
		{"lattice", LatticeEvent(req)},
	}
}

type object = map[string]any

// parts is a request on its way into an event.
type parts struct {
	req    *handler.Request
	facts  handler.Facts
	caller handler.Caller
	header http.Header
	body   []byte
	ip     string
}

func partsOf(req *handler.Request) parts {
	p := parts{req: req, facts: req.Facts(), caller: req.Caller(), header: req.Headers()}
	p.body, _ = req.Body() // an undecodable body has no event either
	if p.header == nil {
		p.header = http.Header{}
	}
	if p.facts.Host != "" {
		p.header.Set("Host", p.facts.Host)
	}
	p.header.Set("X-Forwarded-Proto", p.facts.Scheme)
	if host, _, err := net.SplitHostPort(p.facts.Remote); err == nil {
		p.ip = host
		p.header.Set("X-Forwarded-For", strings.TrimPrefix(p.header.Get("X-Forwarded-For")+", "+host, ", "))
	}
	return p
}

// stage is the stage's name and the prefix it puts before paths.
func (p *parts) stage() (name, prefix string) {
	if p.facts.Stage == "" || p.facts.Stage == "$default" {
		return "$default", ""
	}
	return p.facts.Stage, "/" + p.facts.Stage
}

// query is the decoded query.
func (p *parts) query() url.Values {
	q, _ := url.ParseQuery(p.req.RawQuery()) // what cannot be decoded is passed over
	return q
}

// text is the body as an event carries it: as it is if its type is one of
// types, it is not compressed and it is UTF-8, else in base64.
func (p *parts) text(types func(string) bool) (body string, isBase64 bool) {
	mediaType, _, _ := strings.Cut(p.header.Get("Content-Type"), ";")
	if types(strings.TrimSpace(strings.ToLower(mediaType))) && p.header.Get("Content-Encoding") == "" && utf8.Valid(p.body) {
		return string(p.body), false
	}
	return base64.StdEncoding.EncodeToString(p.body), len(p.body) > 0
}

func anyType(string) bool { return true }

func knownText(mediaType string) bool {
	return strings.HasPrefix(mediaType, "text/") || slices.Contains([]string{
		"application/json", "application/xml", "application/javascript"}, mediaType)
}

func (p *parts) lowerJoined(join func([]string) string) map[string]string {
	h := map[string]string{}
	for name, values := range p.header {
		h[strings.ToLower(name)] = join(values)
	}
	return h
}

func (p *parts) lowerMulti() map[string][]string {
	h := map[string][]string{}
	for name, values := range p.header {
		h[strings.ToLower(name)] = values
	}
	return h
}

func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[len(values)-1]
}

func commas(values []string) string { return strings.Join(values, ",") }

func mapped(values map[string][]string, join func([]string) string) map[string]string {
	if len(values) == 0 {
		return nil
	}
	m := map[string]string{}
	for name, v := range values {
		m[name] = join(v)
	}
	return m
}

// must is for values that always have JSON.
func must(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("handlertest: " + err.Error())
	}
	return b
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// RESTEvent is req as a REST API delivers it (payload format 1.0, Lambda proxy
// integration, every binary type configured as such).
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
func RESTEvent(req *handler.Request) []byte {
	p := partsOf(req)
	if p.facts.Stage == "" {
		p.facts.Stage = "test"
	}
	return p.payload1(p.req.Path(), object{})
}

// HTTP1Event is req as an HTTP API delivers it in payload format 1.0.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func HTTP1Event(req *handler.Request) []byte {
	p := partsOf(req)
	name, prefix := p.stage()
	p.facts.Stage = name
	return p.payload1(prefix+decodedPath(req.Path()), object{"version": "1.0"})
}

func (p *parts) payload1(path string, ev object) []byte {
	body, isBase64 := p.text(anyType)
	query := p.query()
	ev["resource"] = p.facts.Resource
	ev["path"] = path
	ev["httpMethod"] = p.req.Method()
	ev["headers"] = mapped(p.header, last)
	ev["multiValueHeaders"] = p.header
	ev["queryStringParameters"] = mapped(query, last)
	ev["multiValueQueryStringParameters"] = nil
	if len(query) > 0 {
		ev["multiValueQueryStringParameters"] = query
	}
	ev["pathParameters"], ev["stageVariables"] = nil, nil
	if params := pathParameters(p.facts.Resource, p.req.Path()); params != nil {
		ev["pathParameters"] = params
	}
	if vars := maps.Collect(p.req.StageVariables()); len(vars) > 0 {
		ev["stageVariables"] = vars
	}
	ev["body"], ev["isBase64Encoded"] = orNull(body), isBase64
	identity := object{"sourceIp": p.ip, "userAgent": p.header.Get("User-Agent"),
		"accessKey": nil, "accountId": nil, "caller": nil, "user": nil, "userArn": nil, "cognitoIdentityId": nil}
	ctx := object{
		"accountId": "123456789012", "apiId": "api0id", "domainName": p.facts.Host, "httpMethod": p.req.Method(),
		"identity": identity, "path": "/" + p.facts.Stage + p.req.Path(), "protocol": p.facts.Protocol,
		"requestId": p.facts.ID, "requestTime": p.facts.Time.UTC().Format("02/Jan/2006:15:04:05 +0000"),
		"requestTimeEpoch": p.facts.Time.UnixMilli(), "resourceId": "abc123", "resourcePath": p.facts.Resource,
		"stage": p.facts.Stage,
	}
	if cert := p.certificate(); cert != nil {
		identity["clientCert"] = cert
	}
	switch c := p.caller; c.Kind {
	case handler.CallerIAM:
		identity["user"], identity["caller"], identity["userArn"] = c.ID, c.ID, c.ARN
		identity["accountId"], identity["cognitoIdentityId"] = c.Account, orNull(c.Identity)
	case handler.CallerJWT:
		ctx["authorizer"] = object{"claims": claims(c)}
	case handler.CallerLambda:
		context := object{"principalId": c.ID, "integrationLatency": 12}
		for name, value := range c.Claims {
			context[name] = value
		}
		ctx["authorizer"] = context
	}
	ev["requestContext"] = ctx
	return must(ev)
}

// certificate is the client's as a REST API and an HTTP API tell it, nil for none.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
func (p *parts) certificate() object {
	c := p.req.ClientCertificate()
	if c.IsZero() {
		return nil
	}
	const form = "Jan _2 15:04:05 2006 GMT"
	return object{
		"clientCertPem": c.PEM, "subjectDN": c.Subject, "issuerDN": c.Issuer, "serialNumber": c.Serial,
		"validity": object{"notBefore": c.NotBefore.UTC().Format(form), "notAfter": c.NotAfter.UTC().Format(form)},
	}
}

// claims are the claims of a token that has the caller's id, scopes and groups.
func claims(c handler.Caller) map[string]string {
	m := map[string]string{"sub": c.ID}
	if len(c.Scopes) > 0 {
		m["scope"] = strings.Join(c.Scopes, " ")
	}
	if len(c.Groups) > 0 {
		m["cognito:groups"] = "[" + strings.Join(c.Groups, " ") + "]"
	}
	for name, value := range c.Claims {
		m[name] = value
	}
	return m
}

// HTTPEvent is req as an HTTP API delivers it in payload format 2.0.
//
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
func HTTPEvent(req *handler.Request) []byte {
	p := partsOf(req)
	name, prefix := p.stage()
	path := prefix + decodedPath(req.Path())
	return p.payload2(name, path, path, false)
}

// URLEvent is req as a Lambda function URL delivers it.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
func URLEvent(req *handler.Request) []byte {
	p := partsOf(req)
	p.facts.Host = "abcdefg.lambda-url.eu-west-1.on.aws"
	p.header.Set("Host", p.facts.Host)
	return p.payload2("$default", req.Path(), decodedPath(req.Path()), true)
}

func (p *parts) payload2(stage, rawPath, httpPath string, keepCookie bool) []byte {
	body, isBase64 := p.text(knownText)
	route := "$default"
	if p.facts.Resource != "" && stage == "$default" {
		route = p.req.Method() + " " + p.facts.Resource
	}
	var cookies []string
	for _, line := range p.header["Cookie"] {
		cookies = append(cookies, strings.Split(line, "; ")...)
	}
	if !keepCookie {
		delete(p.header, "Cookie")
	}
	p.header.Set("Content-Length", strconv.Itoa(len(p.body)))
	ctx := object{
		"accountId": "123456789012", "apiId": "api0id", "domainName": p.facts.Host,
		"http": object{"method": p.req.Method(), "path": httpPath, "protocol": p.facts.Protocol,
			"sourceIp": p.ip, "userAgent": p.header.Get("User-Agent")},
		"requestId": p.facts.ID, "routeKey": route, "stage": stage,
		"time": p.facts.Time.UTC().Format("02/Jan/2006:15:04:05 +0000"), "timeEpoch": p.facts.Time.UnixMilli(),
	}
	if a := p.authorizer2(); a != nil {
		ctx["authorizer"] = a
	}
	if cert := p.certificate(); cert != nil && !keepCookie { // nor certificates
		ctx["authentication"] = object{"clientCert": cert}
	}
	ev := object{
		"version": "2.0", "routeKey": route, "rawPath": rawPath, "rawQueryString": p.req.RawQuery(),
		"headers": p.lowerJoined(commas), "requestContext": ctx, "isBase64Encoded": isBase64,
	}
	if body != "" {
		ev["body"] = body
	}
	if len(cookies) > 0 {
		ev["cookies"] = cookies
	}
	if params := pathParameters(p.facts.Resource, decodedPath(p.req.Path())); params != nil {
		ev["pathParameters"] = params
	}
	if q := mapped(p.query(), commas); q != nil {
		ev["queryStringParameters"] = q
	}
	if vars := maps.Collect(p.req.StageVariables()); len(vars) > 0 && !keepCookie { // a function URL has no stages
		ev["stageVariables"] = vars
	}
	return must(ev)
}

func (p *parts) authorizer2() object {
	switch c := p.caller; c.Kind {
	case handler.CallerJWT:
		var scopes any
		if len(c.Scopes) > 0 {
			scopes = c.Scopes
		}
		return object{"jwt": object{"claims": claims(c), "scopes": scopes}}
	case handler.CallerIAM:
		var identity any
		if c.Identity != "" {
			identity = object{"amr": []string{"authenticated"}, "identityId": c.Identity, "identityPoolId": "pool"}
		}
		return object{"iam": object{"accessKey": "AKIAEXAMPLE", "accountId": c.Account, "callerId": c.ID,
			"cognitoIdentity": identity, "principalOrgId": nil, "userArn": c.ARN, "userId": c.ID}}
	case handler.CallerLambda:
		context := object{"principalId": c.ID}
		for name, value := range c.Claims {
			context[name] = value
		}
		return object{"lambda": context}
	}
	return nil
}

// ALBEvent is req as an Application Load Balancer delivers it, each header and
// query parameter with its last value only.
//
// See https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
func ALBEvent(req *handler.Request) []byte {
	p := partsOf(req)
	return p.alb(object{
		"headers": p.lowerJoined(last), "queryStringParameters": orEmpty(mapped(rawQuery(req.RawQuery()), last)),
	})
}

// ALBMultiEvent is req as an Application Load Balancer with multi-value headers
// delivers it.
//
// See https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
func ALBMultiEvent(req *handler.Request) []byte {
	p := partsOf(req)
	return p.alb(object{
		"multiValueHeaders": p.lowerMulti(), "multiValueQueryStringParameters": orEmpty(rawQuery(req.RawQuery())),
	})
}

func (p *parts) alb(ev object) []byte {
	ev["requestContext"] = object{"elb": object{
		"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/orders/0123456789abcdef"}}
	ev["httpMethod"], ev["path"] = p.req.Method(), p.req.Path()
	ev["body"], ev["isBase64Encoded"] = p.text(knownText)
	return must(ev)
}

func orEmpty[M ~map[string]V, V any](m M) M {
	if m == nil {
		return M{}
	}
	return m
}

// rawQuery is a query taken apart and not decoded.
func rawQuery(query string) map[string][]string {
	m := map[string][]string{}
	for _, pair := range strings.Split(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		m[name] = append(m[name], value)
	}
	return m
}

// pathParameters are what the parameters of a front door's route stand for in a
// path: of "/orders/{id}/{rest+}". A path that the route does not match has
// none.
func pathParameters(route, path string) map[string]string {
	var params map[string]string
	rest := strings.Trim(path, "/")
	for _, part := range strings.Split(strings.Trim(route, "/"), "/") {
		segment, after, _ := strings.Cut(rest, "/")
		name, isParam := strings.CutPrefix(part, "{")
		name = strings.TrimSuffix(name, "}")
		if greedy, ok := strings.CutSuffix(name, "+"); ok && isParam {
			name, segment, after = greedy, rest, ""
		}
		switch {
		case isParam && segment != "":
			if params == nil {
				params = map[string]string{}
			}
			params[name] = segment
		case isParam || segment != part:
			return nil
		}
		rest = after
	}
	if rest != "" {
		return nil
	}
	return params
}

// decodedPath is a path as an HTTP API writes it.
func decodedPath(path string) string {
	if d, err := url.PathUnescape(path); err == nil {
		return d
	}
	return path
}
