package handler

import (
	"context"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Event is one request as a front door delivered it: what implements it decodes
// each part when it is asked for, and not before. handler/lambda has one for
// each kind of event, [ToHTTP] one for net/http, handlertest one for tests. Most
// code uses [Request] instead.
//
// An Event is immutable to its readers and safe for concurrent use.
type Event interface {
	// Line is the request line: the method in upper case; the path as sent,
	// percent-encoded, starting with "/", without stage and base path; the
	// query as sent, without "?".
	Line() (method, path, rawQuery string)
	// Values are the values of one header, by its canonical name, in order of
	// arrival. The caller does not change them. Host is not among the headers.
	Values(name string) []string
	// Header has all headers, under canonical names, one Cookie line. The
	// caller owns it.
	Header() http.Header
	// Body is the body, decoded; nil if there is none. It does not change, and
	// the caller does not change it. An error is the client's fault.
	Body() ([]byte, error)
	// Facts about the delivery.
	Facts() Facts
	// Caller is who is calling, as the front door verified it.
	Caller() Caller
}

// Facts are what a front door says about the delivery of a request. Which are
// known depends on the front door; unknown ones are zero.
type Facts struct {
	FrontDoor  string    // "rest", "http", "url", "alb", ...; "net/http" for a plain server
	ID         string    // the request's id: the front door's own, else the invocation's
	Invocation string    // the Lambda invocation's id
	Host       string    // the host the client asked for
	Remote     string    // "ip:port" of the client, port 0 if unknown
	Protocol   string    // "HTTP/1.1"
	Scheme     string    // "https"
	Stage      string    // the stage; "" where there is none
	Resource   string    // the route the front door matched: "/orders/{id}"
	Time       time.Time // when the front door received it
}

// Identified is an [Event] that tells two of its [Facts] without making the others.
type Identified interface {
	// ID is that of the facts, and FrontDoor too.
	ID() string
	FrontDoor() string
}

// Request is one request. It is immutable: the With methods return a changed
// copy. It reads what it needs from the event when a method asks for it.
type Request struct {
	event    Event
	method   string
	path     string
	rawQuery string
	header   http.Header // nil until changed; then all of it
	body     []byte      // the body if replaced is set
	replaced bool
	match    *match
	facts    *Facts  // nil unless changed
	calling  Calling // nil unless changed
	version  string
	moved    bool // the path is not the one that the front door routed

	// told is shared by all copies of a request, so that a middleware before the mux
	// can tell after it has run what became of it.
	told *told
}

// told is what becomes of a request.
type told struct {
	routed  atomic.Pointer[match]
	version atomic.Pointer[string] // the first that it got
	logged  atomic.Bool
}

// match is what the mux found out.
type match struct {
	pattern string
	names   []string
	values  []string
}

// NewRequest is the request of an event. Doorways call it.
func NewRequest(event Event) *Request {
	both := &struct {
		Request
		told told
	}{}
	r := &both.Request
	r.event = event
	r.method, r.path, r.rawQuery = event.Line()
	r.told = &both.told
	return r
}

// Event is the delivery behind the request, for what Request does not offer:
// package handler/lambda finds the bytes of the AWS event in it.
func (r *Request) Event() Event { return r.event }

// Method is the method, in upper case.
func (r *Request) Method() string { return r.method }

// Path is the path as sent: percent-encoded, without stage and base path.
func (r *Request) Path() string { return r.path }

// RawQuery is the query as sent, without "?".
func (r *Request) RawQuery() string { return r.rawQuery }

// Pattern is the pattern that the mux matched, as registered: "GET /orders/{id}".
// It is "" before the mux has run and on 404 and 405.
func (r *Request) Pattern() string {
	if m := r.matched(); m != nil {
		return m.pattern
	}
	return ""
}

// PathValue is the value of a path parameter, percent-decoded once; "" if the
// pattern has none of that name.
func (r *Request) PathValue(name string) string {
	if m := r.matched(); m != nil {
		for i, n := range m.names {
			if n == name {
				return m.values[i]
			}
		}
	}
	return ""
}

func (r *Request) matched() *match {
	if r.match != nil {
		return r.match
	}
	return r.told.routed.Load()
}

// Query is the first value of a query parameter, "" if there is none.
func (r *Request) Query(name string) string {
	for v := range r.QueryValues(name) {
		return v
	}
	return ""
}

// QueryValues are the values of a query parameter in order, decoded. Pairs that
// cannot be decoded are passed over.
func (r *Request) QueryValues(name string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for rest := r.rawQuery; rest != ""; {
			var pair string
			pair, rest, _ = strings.Cut(rest, "&")
			key, value, _ := strings.Cut(pair, "=")
			if key, ok := unescape(key); !ok || key != name {
				continue
			}
			if value, ok := unescape(value); ok && !yield(value) {
				return
			}
		}
	}
}

func unescape(s string) (string, bool) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, true
	}
	s, err := url.QueryUnescape(s)
	return s, err == nil
}

// Header is the first value of a header, "" if there is none. Names are
// compared without case. The host is in [Facts].
func (r *Request) Header(name string) string {
	if v := r.HeaderValues(name); len(v) > 0 {
		return v[0]
	}
	return ""
}

// HeaderValues are the values of a header in order of arrival. They are not to
// be changed.
func (r *Request) HeaderValues(name string) []string {
	name = http.CanonicalHeaderKey(name)
	if r.header != nil {
		return r.header[name]
	}
	return r.event.Values(name)
}

// Headers is a copy of all headers.
func (r *Request) Headers() http.Header {
	if r.header != nil {
		return r.header.Clone()
	}
	return r.event.Header()
}

// Cookie is the value of the first cookie of that name.
func (r *Request) Cookie(name string) (value string, ok bool) {
	for _, line := range r.HeaderValues("Cookie") {
		for rest := line; rest != ""; {
			var pair string
			pair, rest, _ = strings.Cut(rest, ";")
			if k, v, found := strings.Cut(strings.TrimSpace(pair), "="); found && k == name {
				if len(v) > 1 && v[0] == '"' && v[len(v)-1] == '"' {
					v = v[1 : len(v)-1]
				}
				return v, true
			}
		}
	}
	return "", false
}

// Body is the decoded body, nil if there is none. It is shared: do not change
// it. An error is a [*Error] of status 400.
func (r *Request) Body() ([]byte, error) {
	if r.replaced {
		return r.body, nil
	}
	return r.event.Body()
}

// Facts are what the front door said about the delivery.
func (r *Request) Facts() Facts {
	if r.facts != nil {
		return *r.facts
	}
	return r.event.Facts()
}

// ID is the id of the request, as in [Facts].
func (r *Request) ID() string {
	if e, ok := r.event.(Identified); ok && r.facts == nil {
		return e.ID()
	}
	return r.Facts().ID
}

// FrontDoor is the name of the front door, as in [Facts].
func (r *Request) FrontDoor() string {
	if e, ok := r.event.(Identified); ok && r.facts == nil {
		return e.FrontDoor()
	}
	return r.Facts().FrontDoor
}

// Caller is who is calling, as the front door verified it, or a middleware
// ([Request.WithCaller]).
func (r *Request) Caller() Caller {
	if r.calling != nil {
		return r.calling.Caller()
	}
	return r.event.Caller()
}

// WithMethod is the request with another method.
func (r *Request) WithMethod(method string) *Request {
	c := *r
	c.method = method
	return &c
}

// WithPath is the request with another path, percent-encoded.
func (r *Request) WithPath(path string) *Request {
	c := *r
	c.moved = c.moved || c.path != path
	c.path = path
	return &c
}

// WithRawQuery is the request with another query, encoded.
func (r *Request) WithRawQuery(query string) *Request {
	c := *r
	c.rawQuery = query
	return &c
}

// WithHeader is the request with these values for a header; without values the
// header is removed.
func (r *Request) WithHeader(name string, values ...string) *Request {
	h := r.Headers()
	if h == nil {
		h = http.Header{}
	}
	h.Del(name)
	if len(values) > 0 {
		h[http.CanonicalHeaderKey(name)] = values
	}
	return r.WithHeaders(h)
}

// WithHeaders is the request with other headers, under canonical names. The
// request owns h from then on.
func (r *Request) WithHeaders(h http.Header) *Request {
	c := *r
	if h == nil {
		h = http.Header{}
	}
	c.header = h
	return &c
}

// WithBody is the request with another body.
func (r *Request) WithBody(body []byte) *Request {
	c := *r
	c.body, c.replaced = body, true
	return &c
}

// WithCaller is the request of another caller: of the one whom a middleware has
// verified, where the front door verifies nobody or somebody else.
func (r *Request) WithCaller(caller Caller) *Request {
	both := &struct {
		Request
		caller verified
	}{*r, verified{caller}}
	both.Request.calling = &both.caller
	return &both.Request
}

// Calling is who is calling, told when somebody asks. Every answer is the same, and it may
// be asked by several at once.
type Calling interface{ Caller() Caller }

// verified is a caller who is known before anybody asks.
type verified struct{ caller Caller }

func (v *verified) Caller() Caller { return v.caller }

// WithCalling is [Request.WithCaller] for a middleware whose caller takes work to tell,
// which most requests have no use for.
func (r *Request) WithCalling(calling Calling) *Request {
	c := *r
	c.calling = calling
	return &c
}

// MarkLogged says that the error with which the request ended stands in a log, in this
// request and all its copies, so that doorways do not log it again. A middleware that
// logs how requests end calls it.
func (r *Request) MarkLogged() { r.told.logged.Store(true) }

// IsLogged reports whether [Request.MarkLogged] was called.
func (r *Request) IsLogged() bool { return r.told.logged.Load() }

// Same reports whether both are copies of one request.
func (r *Request) Same(other *Request) bool { return r.told == other.told }

// WithID is the request with another id, see [Facts]: one that a middleware has taken
// from whom it trusts.
func (r *Request) WithID(id string) *Request {
	facts := r.Facts()
	facts.ID = id
	return r.withFacts(facts)
}

// withFacts is the request with other facts: net/http middleware may correct the
// host and the remote address.
func (r *Request) withFacts(facts Facts) *Request {
	c := *r
	c.facts = &facts
	return &c
}

// withMatch is the request after the mux, which also tells all earlier copies.
func (r *Request) withMatch(m *match) *Request {
	r.told.routed.Store(m)
	c := *r
	c.match = m
	return &c
}

// Response is one response. A handler makes a new one for each request; a
// middleware may change it until it returns it.
type Response struct {
	// Status of the answer. 0 means 200.
	Status int
	// Header under canonical names; may be nil. Set-Cookie is among them.
	// Content-Length is computed.
	Header http.Header
	// Body in full. Ignored if Stream is set.
	Body []byte
	// Stream, if set, writes the body. The doorway runs it once, after the
	// whole chain has returned, with the context of the invocation. An error
	// after the first byte cuts the answer off.
	Stream func(ctx context.Context, w io.Writer) error
	// Err is the error this response already answers, if it answers one: it
	// reaches logs and metrics, never the client.
	Err error

	done []Finisher
}

// Finisher hears of the end of a response; see [Response.WhenDone].
type Finisher interface {
	// Finish is told the error that cut the answer off, nil for none.
	Finish(err error)
}

// finishFunc is a function as a Finisher.
type finishFunc func(error)

func (f finishFunc) Finish(err error) { f(err) }

// OnDone calls f once after the last byte was handed to the front door, with
// the error that cut the answer off or nil. What was added last runs first. A
// middleware that answers with another response calls Done of the one that it drops.
func (r *Response) OnDone(f func(err error)) { r.WhenDone(finishFunc(f)) }

// WhenDone is [Response.OnDone] for a middleware that keeps what it knows of a request in
// a value of its own, which then needs no function beside it.
func (r *Response) WhenDone(f Finisher) {
	if r.done == nil {
		r.done = make([]Finisher, 0, 4)
	}
	r.done = append(r.done, f)
}

// Done runs what [Response.OnDone] and [Response.WhenDone] were given. Doorways call it;
// a second call does nothing.
func (r *Response) Done(err error) {
	done := r.done
	r.done = nil
	for i := len(done) - 1; i >= 0; i-- {
		done[i].Finish(err)
	}
}

// SetHeader sets a header to one value.
func (r *Response) SetHeader(name, value string) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set(name, value)
}

// StatusCode is the status that is sent: Status, or 200 where that is 0.
func (r *Response) StatusCode() int {
	if r.Status == 0 {
		return http.StatusOK
	}
	return r.Status
}
