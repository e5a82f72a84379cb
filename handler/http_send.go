package handler

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

var errNoResponse = errors.New("handler returned neither a response nor an error")

// httpSend writes one response to an http.ResponseWriter.
type httpSend struct {
	w     http.ResponseWriter
	req   *Request
	sized bool // say the length of a body that is a value

	begun   bool  // the header is out
	cut     error // what cut the answer off, nil if it is complete
	refused error // why an error was sent in place of the response
}

// send writes resp, or the problem document of what keeps it from its first
// byte. The writer of the stream flushes after each write.
func (s *httpSend) send(ctx context.Context, resp *Response) {
	if status := resp.StatusCode(); status < 200 || status > 599 {
		s.refuse(fmt.Errorf("response: invalid status %d: use one of 200 to 599", status))
		return
	}
	if resp.Stream == nil || s.bodyless(resp) {
		s.body(resp)
		return
	}
	err := resp.Stream(ctx, &httpStream{s, resp, http.NewResponseController(s.w)})
	switch {
	case err != nil && (s.begun || errors.Is(err, http.ErrAbortHandler)):
		s.cut = err
	case err != nil:
		s.refuse(err)
	case !s.begun:
		s.begin(resp)
	}
}

func (s *httpSend) refuse(err error) {
	s.refused = err
	s.body(Respond(s.req, err))
}

func (s *httpSend) bodyless(resp *Response) bool {
	return s.req.Method() == http.MethodHead || !bodyAllowed(resp.StatusCode())
}

// body sends a response without stream.
func (s *httpSend) body(resp *Response) {
	if s.bodyless(resp) {
		s.begin(resp)
		return
	}
	if s.sized {
		s.w.Header()["Content-Length"] = []string{strconv.Itoa(len(resp.Body))}
	}
	s.begin(resp)
	if len(resp.Body) == 0 {
		return
	}
	if own, ok := s.w.(*httpWriter); ok {
		s.cut = own.writeBody(resp.Body)
		return
	}
	_, s.cut = s.w.Write(resp.Body)
}

// begin sends status and header.
func (s *httpSend) begin(resp *Response) {
	s.begun = true
	h := s.w.Header()
	mergeHeader(h, resp.Header)
	if length := s.length(resp); length != "" {
		h["Content-Length"] = []string{length}
	}
	if h["Content-Type"] == nil {
		h["Content-Type"] = nil // a response is the whole truth: nothing is guessed
	}
	s.w.WriteHeader(resp.StatusCode())
}

// length is a length to be told of what is not written here, or not at once.
func (s *httpSend) length(resp *Response) string {
	declared := resp.Header.Get("Content-Length")
	switch {
	case resp.StatusCode() == http.StatusNoContent:
		return ""
	case resp.Stream != nil, resp.StatusCode() == http.StatusNotModified:
		return declared
	case s.req.Method() != http.MethodHead:
		return ""
	case len(resp.Body) > 0:
		return strconv.Itoa(len(resp.Body))
	}
	return declared
}

// httpStream is the writer of a stream: the first write, even an empty one,
// sends the header.
type httpStream struct {
	*httpSend
	resp    *Response
	control *http.ResponseController
}

func (s *httpStream) Write(p []byte) (int, error) {
	if !s.begun {
		s.begin(s.resp)
	}
	n := 0
	if len(p) > 0 {
		var err error
		if n, err = s.w.Write(p); err != nil {
			return n, err
		}
	}
	if err := s.control.Flush(); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return n, err
	}
	return n, nil
}
