package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Answer is one answer of a [Script].
type Answer struct {
	Status int // 0 means 200
	Header http.Header
	Body   string

	// Cut ends the body before the end that its Content-Length announces.
	Cut bool
	// Err is what the transport fails with instead of an answer. The server
	// closes the connection.
	Err error
	// Hang answers nothing until the request's context ends, or its client is
	// gone.
	Hang bool
	// From makes the answer when the request is known; the other fields but
	// Always are not used then.
	From func(Request) Answer
	// Always is for the last answer: it is given to all further requests, be
	// there one or none.
	Always bool
}

// Request is what a [Script] was asked.
type Request struct {
	Method string
	URL    string // with the host as a transport sees it, without as a server does
	Header http.Header
	Body   string
	At     time.Time
}

// Script answers HTTP requests in order, as a client's transport
// ([http.RoundTripper]) or as a server ([http.Handler]). It fails the test on
// more requests than there are answers, and at the end of the test on fewer. It
// is safe for concurrent use, and works inside a synctest bubble.
type Script struct {
	t testing.TB

	mu       sync.Mutex
	answers  []Answer
	requests []Request
}

var (
	_ http.RoundTripper = (*Script)(nil)
	_ http.Handler      = (*Script)(nil)
)

// NewScript is a Script of the given answers.
func NewScript(t testing.TB, answers ...Answer) *Script {
	t.Helper()
	for i, a := range answers {
		if a.Always && i < len(answers)-1 {
			t.Fatalf("faults: answer %d of %d is for all further requests: it must be the last", i+1, len(answers))
		}
	}
	s := &Script{t: t, answers: slices.Clone(answers)}
	t.Cleanup(s.check)
	return s
}

// check fails the test if answers were not asked for.
func (s *Script) check() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.answers)
	if n > 0 && s.answers[n-1].Always {
		n--
	}
	if n > 0 {
		s.t.Errorf("faults: %d requests came, and %d answers were left", len(s.requests), n)
	}
}

// Client is an HTTP client that the script answers.
func (s *Script) Client() *http.Client { return &http.Client{Transport: s} }

// Requests are those that came so far.
func (s *Script) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

var errOver = errors.New("the script is over")

// next is the answer to a request.
func (s *Script) next(req *http.Request) (Answer, error) {
	r := Request{Method: req.Method, URL: req.URL.String(), Header: req.Header.Clone(), At: time.Now()}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return Answer{}, fmt.Errorf("read body: %w", err)
		}
		r.Body = string(body)
	}
	s.mu.Lock()
	s.requests = append(s.requests, r)
	n := len(s.requests)
	var a Answer
	over := len(s.answers) == 0
	if !over {
		if a = s.answers[0]; !a.Always {
			s.answers = s.answers[1:]
		}
	}
	s.mu.Unlock()
	if over {
		s.t.Errorf("faults: request %d, %s %s, is one too many", n, r.Method, r.URL)
		return Answer{Err: errOver}, nil
	}
	if a.From != nil {
		a = a.From(r)
	}
	return a, nil
}

// RoundTrip implements [http.RoundTripper].
func (s *Script) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	a, err := s.next(req)
	switch {
	case err != nil:
		return nil, err
	case a.Hang:
		<-req.Context().Done()
		return nil, context.Cause(req.Context())
	case a.Err != nil:
		return nil, a.Err
	}
	return a.response(req), nil
}

func (a Answer) response(req *http.Request) *http.Response {
	resp := &http.Response{
		StatusCode: a.status(), Status: strconv.Itoa(a.status()) + " " + http.StatusText(a.status()),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.Header.Clone(), Request: req,
		Body: io.NopCloser(strings.NewReader(a.Body)), ContentLength: int64(len(a.Body)),
	}
	if resp.Header == nil {
		resp.Header = http.Header{}
	}
	if a.Cut {
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(a.Body), cut{}))
		resp.ContentLength++
	}
	return resp
}

func (a Answer) status() int {
	if a.Status == 0 {
		return http.StatusOK
	}
	return a.Status
}

// cut is the end of a body that ends too early.
type cut struct{}

func (cut) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// ServeHTTP implements [http.Handler].
func (s *Script) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	a, err := s.next(req)
	switch {
	case err != nil: // the client is gone
		return
	case a.Hang:
		<-req.Context().Done()
		return
	case a.Err != nil:
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			s.t.Errorf("faults: close the connection: %v", err)
			return
		}
		conn.Close()
		return
	}
	for name, values := range a.Header {
		w.Header()[name] = values
	}
	length := len(a.Body)
	if a.Cut {
		length++ // net/http closes a connection whose answer stayed short
	}
	if w.Header().Get("Content-Length") == "" && req.Method != http.MethodHead {
		w.Header().Set("Content-Length", strconv.Itoa(length))
	}
	w.WriteHeader(a.status())
	_, _ = io.WriteString(w, a.Body)
}
