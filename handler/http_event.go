package handler

import (
	"crypto/rand"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

// httpEvent is the [Event] of a request to a plain server.
type httpEvent struct {
	w      http.ResponseWriter // to be told of a body that is too large
	hr     *http.Request
	path   string
	query  string
	header http.Header
	opts   *HTTPOptions
	facts  Facts
	caller Caller

	once sync.Once
	body []byte
	err  error
}

func newHTTPEvent(w http.ResponseWriter, hr *http.Request, opts *HTTPOptions, now time.Time) *httpEvent {
	e := &httpEvent{
		w: w, hr: hr, opts: opts, header: eventHeader(hr.Header),
		path: hr.URL.EscapedPath(), query: hr.URL.RawQuery,
		facts: Facts{
			FrontDoor: "net/http", Host: hr.Host, Remote: hr.RemoteAddr,
			Protocol: hr.Proto, Scheme: "http", Time: now,
		},
	}
	if !strings.HasPrefix(e.path, "/") { // "OPTIONS *", CONNECT
		e.path = "/"
	}
	if hr.TLS != nil {
		e.facts.Scheme = "https"
	}
	if opts.RequestID != nil {
		e.facts.ID = opts.RequestID(hr)
	}
	if e.facts.ID == "" {
		e.facts.ID = rand.Text()
	}
	if opts.Caller != nil {
		e.caller = opts.Caller(hr)
	}
	return e
}

// eventHeader is h under canonical names with one Cookie line: h itself where
// that is so, as it nearly always is.
func eventHeader(h http.Header) http.Header {
	same := h != nil && len(h["Cookie"]) < 2 && h["Host"] == nil
	for name := range h {
		same = same && textproto.CanonicalMIMEHeaderKey(name) == name
	}
	if same {
		return h
	}
	c := make(http.Header, len(h))
	for name, values := range h {
		name = textproto.CanonicalMIMEHeaderKey(name)
		c[name] = append(c[name], values...)
	}
	delete(c, "Host")
	if lines := c["Cookie"]; len(lines) > 1 {
		c["Cookie"] = []string{strings.Join(lines, "; ")}
	}
	return c
}

func (e *httpEvent) Line() (method, path, rawQuery string) {
	return strings.ToUpper(e.hr.Method), e.path, e.query
}

func (e *httpEvent) Values(name string) []string { return e.header[name] }

func (e *httpEvent) Header() http.Header { return e.header.Clone() }

// Body reads the body when it is first asked for.
func (e *httpEvent) Body() ([]byte, error) {
	e.once.Do(func() {
		body := e.hr.Body
		switch {
		case body == nil || body == http.NoBody:
			return
		case e.opts.MaxBody < 0:
		case e.hr.ContentLength > e.opts.MaxBody:
			e.err = bodyError(&http.MaxBytesError{Limit: e.opts.MaxBody})
			return
		default:
			body = http.MaxBytesReader(e.w, body, e.opts.MaxBody)
		}
		e.body, e.err = readBody(body)
	})
	return e.body, e.err
}

func (e *httpEvent) Facts() Facts { return e.facts }

func (e *httpEvent) Caller() Caller { return e.caller }

// ClientCertificate is the one that the server has verified. One that it has only
// asked for is nobody's.
func (e *httpEvent) ClientCertificate() Certificate {
	if e.hr.TLS == nil || len(e.hr.TLS.VerifiedChains) == 0 {
		return Certificate{}
	}
	return certificateOf(e.hr.TLS.VerifiedChains[0][0])
}

var _ Certified = (*httpEvent)(nil)

// outerMatch is what a router for net/http in front has matched, nil if there is
// none: the names are in its pattern, as ServeMux and chi write them.
func outerMatch(hr *http.Request) *match {
	if hr.Pattern == "" {
		return nil
	}
	m := &match{pattern: hr.Pattern}
	for rest := hr.Pattern; ; {
		var name string
		var ok bool
		if _, rest, ok = strings.Cut(rest, "{"); !ok {
			return m
		}
		if name, rest, ok = strings.Cut(rest, "}"); !ok {
			return m
		}
		name, _, _ = strings.Cut(strings.TrimSuffix(name, "..."), ":") // chi: {id:[0-9]+}
		if name != "$" {
			m.names = append(m.names, name)
			m.values = append(m.values, hr.PathValue(name))
		}
	}
}
