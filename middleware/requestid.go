package middleware

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// RequestIDOptions changes what [RequestID] does. The zero value of each field is its
// default.
type RequestIDOptions struct {
	// Header of the answer that tells the id. Default "X-Request-Id"; "-" for none.
	Header string
	// Accept is the header of a request from which an id is taken over, and the
	// attribute of a message: "X-Request-Id", or "traceparent", of which the trace id
	// is taken. Anybody can send one, and the same twice: it correlates and proves
	// nothing. Default "", none.
	Accept string
	// Valid reports whether an id that was sent is taken over. It is at most 128 bytes
	// of printable ASCII. Default: 8 to 128 letters, digits and the characters
	// -._~+/=:@
	Valid func(id string) bool
	// New makes an id where the front door has none. Default: 26 random characters.
	New func() string
}

// RequestID sees to one id by which a request is found in logs, traces, answers and
// problem documents. It is the one that the front door gave the request, which stands
// in its access log too, unless one is taken over from the client
// ([RequestIDOptions].Accept). It is noted as "request" ([Note]), is
// handler.Request.Facts().ID for all that is inside, and is a header of every answer,
// errors included. If it was taken over, the front door's own is noted as "delivery".
//
// An id that is not valid is not taken over, and not told anywhere: it could be a line
// of a log. Of records the id is that of the record, or one from an attribute.
//
// It makes the problem document of an error itself, because it adds a header to it. It
// belongs inside of [Logs.Middleware] and [Metrics.Middleware], or outside; opts may be
// nil. Panics with a [*datastore.DeclarationError] if a header is none.
func RequestID(opts *RequestIDOptions) handler.Middleware {
	m := requestID{}
	if opts != nil {
		m.RequestIDOptions = *opts
	}
	switch m.Header {
	case "":
		m.Header = "X-Request-Id"
	case "-":
		m.Header = ""
	}
	for _, name := range []string{m.Header, m.Accept} {
		if name != "" && !isHeaderName(name) {
			misdeclared("RequestID: header %q: write the name of a header", name)
		}
	}
	m.Header = http.CanonicalHeaderKey(m.Header)
	m.isTrace = strings.EqualFold(m.Accept, "traceparent")
	if m.Valid == nil {
		m.Valid = isRequestID
	}
	if m.New == nil {
		m.New = rand.Text
	}
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			return m.handle(ctx, req, next)
		})
	}
}

// RequestIDFrom is the id of the request or the record that ctx belongs to, as it was
// noted; "" if no middleware has.
func RequestIDFrom(ctx context.Context) string { return notesOf(ctx).value(noteRequest) }

type requestID struct {
	RequestIDOptions
	isTrace bool
}

func (m *requestID) handle(ctx context.Context, req *handler.Request, next handler.Handler) (*handler.Response, error) {
	own := req.ID()
	id := own
	if sent := m.sent(ctx, req); sent != "" {
		id = sent
	} else if id == "" {
		id = m.New()
	}
	if id != own {
		req = req.WithID(id)
	}
	ctx, notes := introduce(ctx, req)
	notes.set(slog.String(noteRequest, id))
	if id != own && own != "" {
		notes.set(slog.String("delivery", own))
	}
	resp, err := next.Handle(ctx, req)
	if m.Header == "" || isRecord(req) || errors.Is(err, http.ErrAbortHandler) {
		return resp, err
	}
	if err != nil {
		resp = handler.Respond(req, err)
	}
	if resp != nil {
		if resp.Header == nil {
			resp.Header = http.Header{}
		}
		resp.Header[m.Header] = []string{id}
	}
	return resp, nil
}

// maxRequestID is how long an id can be that is taken over.
const maxRequestID = 128

// sent is the id that came with the request, "" if there is none that may be taken
// over.
func (m *requestID) sent(ctx context.Context, req *handler.Request) string {
	if m.Accept == "" {
		return ""
	}
	var id string
	if r := datastore.RecordFrom(ctx); r != nil && isRecord(req) {
		id = r.Attribute(m.Accept)
	} else if values := req.HeaderValues(m.Accept); len(values) == 1 { // several are nobody's
		id = values[0]
	}
	if m.isTrace {
		id = traceID(id)
	}
	if id == "" || len(id) > maxRequestID {
		return ""
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return ""
		}
	}
	if !m.Valid(id) {
		return ""
	}
	return strings.Clone(id) // of the event, which would be kept with it
}

// isRequestID is the default of [RequestIDOptions].Valid.
func isRequestID(id string) bool {
	if len(id) < 8 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if alnum := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'; !alnum && strings.IndexByte("-._~+/=:@", c) < 0 {
			return false
		}
	}
	return true
}

// traceID is the trace id of a traceparent header, "" if that is not valid.
//
// See https://www.w3.org/TR/trace-context/#traceparent-header
func traceID(s string) string {
	const length = 2 + 1 + 32 + 1 + 16 + 1 + 2
	if len(s) < length || s[2] != '-' || s[35] != '-' || s[52] != '-' || s[:2] == "ff" || len(s) > length && (s[:2] == "00" || s[length] != '-') {
		return ""
	}
	id, parent := s[3:35], s[36:52]
	for _, part := range []string{s[:2], id, parent, s[53:length]} {
		if strings.Trim(part, "0123456789abcdef") != "" {
			return ""
		}
	}
	if strings.Trim(id, "0") == "" || strings.Trim(parent, "0") == "" {
		return ""
	}
	return id
}

// isHeaderName reports whether s is a token of RFC 9110.
func isHeaderName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if alnum := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'; !alnum && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
