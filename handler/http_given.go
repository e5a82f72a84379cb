package handler

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// given is what middleware was given, to know what it has changed: it may do so
// in a copy of the http.Request, or in place.
type given struct {
	req    *Request
	hr     http.Request // its pointers and maps are the middleware's
	url    url.URL
	path   string
	header int      // how many headers
	cookie []string // as the one line that it was made
	length []string // Content-Length, made true
}

func remember(req *Request, hr *http.Request) given {
	return given{
		req: req, hr: *hr, url: *hr.URL, path: hr.URL.EscapedPath(),
		header: len(hr.Header), cookie: hr.Header["Cookie"], length: hr.Header["Content-Length"],
	}
}

// changed is the request with what middleware has changed.
func (g *given) changed(hr *http.Request) (*Request, error) {
	req := g.req
	if hr.Method != g.hr.Method {
		req = req.WithMethod(hr.Method)
	}
	if path := hr.URL.EscapedPath(); path != g.path {
		req = req.WithPath(requestURL(path, "").EscapedPath())
	}
	if hr.URL.RawQuery != g.url.RawQuery {
		req = req.WithRawQuery(hr.URL.RawQuery)
	}
	if hr.Host != g.hr.Host || hr.RemoteAddr != g.hr.RemoteAddr {
		facts := req.Facts()
		facts.Host, facts.Remote = hr.Host, remoteAddr(hr.RemoteAddr)
		req = req.withFacts(facts)
	}
	stale := !g.sameHeader(hr.Header)
	if hr.Body != g.hr.Body {
		body, err := readBody(hr.Body)
		if err != nil {
			return req, err
		}
		req = req.WithBody(body)
		if told := hr.Header["Content-Length"]; len(told) > 0 {
			stale = stale || told[0] != strconv.Itoa(len(body))
		}
	}
	if stale {
		body, err := req.Body()
		if err != nil {
			return req, err
		}
		h, _ := answerHeader(hr.Header)
		req = req.WithHeaders(requestHeader(h, len(body)))
	}
	return req, nil
}

// sameHeader compares without building the header again.
func (g *given) sameHeader(h http.Header) bool {
	if len(h) != g.header {
		return false
	}
	for name, values := range h {
		before := g.cookie
		switch name {
		case "Cookie":
		case "Content-Length":
			before = g.length
		default:
			before = g.req.HeaderValues(name)
		}
		if !slices.Equal(values, before) {
			return false
		}
	}
	return true
}

func readBody(body io.ReadCloser) ([]byte, error) {
	if body == nil || body == http.NoBody {
		return nil, nil
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return nil, bodyError(err)
	}
	if len(data) == 0 {
		return nil, nil
	}
	return data, nil
}

// bodyError is the answer to a body that could not be read.
func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return Errorf(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit).Wrap(err)
	}
	return Errorf(http.StatusBadRequest, "the body could not be read").Wrap(fmt.Errorf("read body: %w", err))
}
