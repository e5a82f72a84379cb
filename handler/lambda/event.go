package lambda

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// event is one request as one of the front doors delivered it. Where its parts
// stand was found in one pass over the payload; a part is decoded when somebody
// asks for it.
type event struct {
	payload    string
	door       door
	asks       bool     // it is an authorizer event
	stream     preluder // of a door in stream mode, nil for others
	batch      *batch   // of an event of records, nil for others
	basePath   string
	mapped     basePaths
	invocation string
	parts

	bodyOnce sync.Once
	body     []byte
	bodyErr  error

	answered answer // room for the doorway's last step
}

// parts are the members of all events that this package reads, in format 1.0
// (REST, ALB), format 2.0 (HTTP API, function URL) and those of VPC Lattice.
type parts struct {
	records                        span // of events of records
	window                         windowParts
	source, detailType, detail     span // of EventBridge events
	schedule                       span // of a schedule's
	logs                           span // of CloudWatch Logs
	trigger, pool                  span // of Cognito
	step, secret, token            span // of a rotation of Secrets Manager
	delivery                       span // of Firehose, whose list of records is in the place of Kafka's
	kafka                          kafkaParts
	service, test, bucket          span // of S3's test event
	typ, methodArn, routeArn       span // of authorizer events
	version                        span
	resource, routeKey             span
	path, rawPath                  span
	method                         span
	rawQuery, query, multiQuery    span
	headers, multiHeaders, cookies span
	rawBody, isBase64              span
	stageVariables                 span
	verb, rawPathSnake, querySnake span // of VPC Lattice events
	hasContext                     bool
	ctx                            contextParts
}

// contextParts are members of requestContext.
type contextParts struct {
	all                                       span // the whole of it
	elb, connectionID, serviceNetwork         span
	requestID, stage, domain, protocol, epoch span
	resourcePath, resourceID                  span
	identity, authorizer                      span
	hasHTTP                                   bool
	method, httpProtocol, sourceIP            span
}

var _ handler.Resourced = (*event)(nil)

// open finds the parts of a payload and the front door it comes from; none is a
// payload of a direct invocation.
func (d *Doorway) open(ctx context.Context, payload []byte) (*event, error) {
	if len(payload) > math.MaxInt32 { // a span could not name its places
		return nil, errors.New("lambda: the event has more than 2 GB")
	}
	// The one copy: aws-lambda-go uses its buffer again, and everything that a
	// handler is given lies in this string.
	e := &event{payload: string(payload), basePath: d.basePath, mapped: d.mapped}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		e.invocation = lc.AwsRequestID
	}
	if len(d.sources) > 0 && d.openRecords(e) {
		return e, nil
	}
	s := scanner{text: e.payload}
	if s.peek() == '{' {
		s.event(&e.parts)
	} else {
		s.value()
	}
	if err := s.end(); err != nil {
		return nil, notJSON(err)
	}
	if !s.ascii() && !utf8.ValidString(e.payload) {
		return nil, errNotUTF8
	}
	kind := e.kind()
	if e.batch = d.batch(kind, e); e.batch != nil {
		return e, nil
	}
	if kind == unknown && d.direct != nil {
		return e, nil // without a door
	}
	if e.door = d.door(kind, e); e.door == nil {
		return nil, d.eventError(kind, e.payload)
	}
	if (e.door == socket{}) {
		e.basePath = "" // its paths are route keys
	}
	e.asks = kind == authorizer
	if err := e.check(kind); err != nil {
		return nil, err
	}
	return e, nil
}

// notJSON is the error of an event that is none.
func notJSON(err error) error { return fmt.Errorf("lambda: the event is not JSON: %w", err) }

var errNotUTF8 = errors.New("lambda: the event is not JSON: it is not valid UTF-8")

// openRecords opens an event that begins with a list of records for the sources of d.
// The list is left for when the records are worked off, so that it is gone over once.
func (d *Doorway) openRecords(e *event) bool {
	s := scanner{text: e.payload}
	if s.peek() != '{' || !s.open('{') || s.key() != "Records" || s.peek() != '[' || !utf8.ValidString(e.payload) {
		return false
	}
	e.records = span{int32(s.pos), int32(len(e.payload))}
	e.batch = d.batch(records, e)
	return e.batch != nil
}

// event goes over the whole event. As in encoding/json, the last of several
// members of one name counts.
func (s *scanner) event(p *parts) {
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch name := s.key(); name {
		case "version":
			p.version = s.value()
		case "resource":
			p.resource = s.value()
		case "routeKey":
			p.routeKey = s.value()
		case "path":
			p.path = s.value()
		case "rawPath":
			p.rawPath = s.value()
		case "httpMethod":
			p.method = s.value()
		case "rawQueryString":
			p.rawQuery = s.value()
		case "queryStringParameters":
			p.query = s.value()
		case "multiValueQueryStringParameters":
			p.multiQuery = s.value()
		case "headers":
			p.headers = s.value()
		case "multiValueHeaders":
			p.multiHeaders = s.value()
		case "cookies":
			p.cookies = s.value()
		case "body":
			p.rawBody = s.value()
		case "isBase64Encoded", "is_base64_encoded":
			p.isBase64 = s.value()
		case "stageVariables":
			p.stageVariables = s.value()
		case "requestContext":
			p.ctx = contextParts{}
			if p.hasContext = s.peek() == '{'; p.hasContext {
				from := s.pos
				s.context(&p.ctx)
				p.ctx.all = span{int32(from), int32(s.pos)}
			} else {
				s.value()
			}
		case "Records":
			p.records = s.value()
		case "source":
			p.source = s.value()
		case "detail":
			p.detail = s.value()
		case "detail-type":
			p.detailType = s.value()
		case "awslogs":
			p.logs = s.value()
		case "records":
			p.kafka.records = s.value()
		case "eventSource":
			p.kafka.service = s.value()
		case "eventSourceArn":
			p.kafka.arn = s.value()
		case "bootstrapServers":
			p.kafka.servers = s.value()
		case "schedule":
			p.schedule = s.value()
		case "triggerSource":
			p.trigger = s.value()
		case "userPoolId":
			p.pool = s.value()
		case "Step":
			p.step = s.value()
		case "SecretId":
			p.secret = s.value()
		case "ClientRequestToken":
			p.token = s.value()
		case "deliveryStreamArn":
			p.delivery = s.value()
		case "Service":
			p.service = s.value()
		case "Event":
			p.test = s.value()
		case "Bucket":
			p.bucket = s.value()
		case "method":
			p.verb = s.value()
		case "raw_path":
			p.rawPathSnake = s.value()
		case "query_string_parameters":
			p.querySnake = s.value()
		case "type":
			p.typ = s.value()
		case "methodArn":
			p.methodArn = s.value()
		case "routeArn":
			p.routeArn = s.value()
		default:
			p.window.member(name, s)
		}
	}
}

func (s *scanner) context(p *contextParts) {
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "http":
			p.method, p.httpProtocol, p.sourceIP = span{}, span{}, span{}
			if p.hasHTTP = s.peek() == '{'; p.hasHTTP {
				s.http(p)
			} else {
				s.value()
			}
		case "elb":
			p.elb = s.value()
		case "connectionId":
			p.connectionID = s.value()
		case "serviceNetworkArn":
			p.serviceNetwork = s.value()
		case "requestId":
			p.requestID = s.value()
		case "stage":
			p.stage = s.value()
		case "domainName":
			p.domain = s.value()
		case "protocol":
			p.protocol = s.value()
		case "timeEpoch", "requestTimeEpoch":
			p.epoch = s.value()
		case "resourcePath":
			p.resourcePath = s.value()
		case "resourceId":
			p.resourceID = s.value()
		case "identity":
			p.identity = s.value()
		case "authorizer":
			p.authorizer = s.value()
		default:
			s.value()
		}
	}
}

func (s *scanner) http(p *contextParts) {
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "method":
			p.method = s.value()
		case "protocol":
			p.httpProtocol = s.value()
		case "sourceIp":
			p.sourceIP = s.value()
		default:
			s.value()
		}
	}
}

// is reports whether v is there and starts with c: '"' for a string, '{' for an
// object, '[' for an array. Null is nothing.
func (e *event) is(v span, c byte) bool { return v.to > 0 && e.payload[v.from] == c }

// has reports whether v is there and not null.
func (e *event) has(v span) bool { return v.to > 0 && e.payload[v.from] != 'n' }

// text is the text of a string, "" for everything else.
func (e *event) text(v span) string {
	if !e.is(v, '"') {
		return ""
	}
	raw := e.payload[v.from+1 : v.to-1]
	if strings.IndexByte(raw, '\\') < 0 {
		return raw
	}
	return string(appendUnescaped(nil, raw))
}

// scalar is the text of a string and the JSON of a number or boolean. Other
// values are none.
func (e *event) scalar(v span) (string, bool) {
	if !e.has(v) {
		return "", false
	}
	switch e.payload[v.from] {
	case '{', '[':
		return "", false
	case '"':
		return e.text(v), true
	}
	return e.payload[v.from:v.to], true
}

// members are the members of an object, none for everything else.
func (e *event) members(v span) func(yield func(string, span) bool) {
	return func(yield func(string, span) bool) {
		if !e.is(v, '{') {
			return
		}
		s := v.over(e.payload)
		for ok := s.open('{'); ok; ok = s.more('{') {
			if name := s.key(); !yield(name, s.value()) {
				return
			}
		}
	}
}

// elements are the elements of an array, none for everything else.
func (e *event) elements(v span) func(yield func(span) bool) {
	return func(yield func(span) bool) {
		if !e.is(v, '[') {
			return
		}
		s := v.over(e.payload)
		for ok := s.open('['); ok; ok = s.more('[') {
			if !yield(s.value()) {
				return
			}
		}
	}
}

// Line is the request line.
func (e *event) Line() (method, path, rawQuery string) {
	method, path, rawQuery = e.door.line(e)
	if e.mapped != nil {
		path = e.mapped.cut(e, path)
	}
	return strings.ToUpper(method), cutSegments(path, e.basePath), rawQuery
}

// Body decodes the body once.
func (e *event) Body() ([]byte, error) {
	e.bodyOnce.Do(e.decodeBody)
	return e.body, e.bodyErr
}

func (e *event) decodeBody() {
	if !e.is(e.rawBody, '"') || e.rawBody.to-e.rawBody.from == 2 {
		return
	}
	if !e.is(e.isBase64, 't') {
		e.body = appendUnescaped(nil, e.payload[e.rawBody.from+1:e.rawBody.to-1])
		return
	}
	body, err := base64.StdEncoding.DecodeString(e.text(e.rawBody))
	if err != nil {
		e.bodyErr = &handler.Error{
			Status: http.StatusBadRequest, Message: "the body cannot be decoded",
			Fields: []handler.FieldError{{Location: "body", Rule: "base64", Message: "must be valid base64"}},
			Err:    err,
		}
		return
	}
	e.body = body
}

// Facts about the delivery.
func (e *event) Facts() handler.Facts {
	f := handler.Facts{
		FrontDoor: e.door.name(), ID: e.ID(), Invocation: e.invocation,
		Host: e.host(), Stage: e.text(e.ctx.stage), Time: e.time(),
	}
	e.door.facts(e, &f)
	return f
}

// ID is that of the request, or else of the invocation.
func (e *event) ID() string {
	if id := e.text(e.ctx.requestID); id != "" {
		return id
	}
	return e.invocation
}

// FrontDoor is the name of the front door.
func (e *event) FrontDoor() string { return e.door.name() }

// Resource is the route that the gateway found: "/orders/{id}". Front doors that do
// not route name none.
func (e *event) Resource() string {
	switch e.door.(type) {
	case rest, http1:
		if res := e.text(e.ctx.resourcePath); res != "" {
			return res
		}
		return e.text(e.resource)
	case http2, urlDoor: // of a function URL always "$default"
		res := e.text(e.routeKey)
		if _, route, ok := strings.Cut(res, " "); ok { // "GET /orders/{id}"
			return route
		}
		return res
	}
	return ""
}

func (e *event) time() time.Time {
	if text, ok := e.scalar(e.ctx.epoch); ok {
		if ms, err := strconv.ParseInt(text, 10, 64); err == nil {
			return time.UnixMilli(ms).UTC()
		}
	}
	return time.Time{}
}

// Caller is who is calling.
func (e *event) Caller() handler.Caller { return e.door.caller(e) }

// Payload is a copy of the event's bytes, as Lambda delivered them, for what a
// [handler.Request] does not offer; of a record's request its own part of them. ok is
// false if req did not come through a [Doorway].
func Payload(req *handler.Request) (payload []byte, ok bool) {
	switch e := req.Event().(type) {
	case *event:
		return []byte(e.payload), true
	case *directEvent:
		return []byte(e.payload), true
	case *delivery:
		return []byte(e.json), true
	}
	return nil, false
}
