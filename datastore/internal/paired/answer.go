package paired

import (
	"io"
	"net/http"
	"strings"
)

// Answer is a server that costs nothing: a transport that answers every request with
// one body, of a content type. Beside it, what a driver adds looks largest.
type Answer struct{ Type, Body string }

// JSON10 and JSON11 answer as the services of AWS with a JSON protocol do.
func JSON10(body string) *http.Client { return Answer{"application/x-amz-json-1.0", body}.Client() }
func JSON11(body string) *http.Client { return Answer{"application/x-amz-json-1.1", body}.Client() }

// Client is a client of this server alone.
func (a Answer) Client() *http.Client { return &http.Client{Transport: a} }

// RoundTrip implements [http.RoundTripper].
func (a Answer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return nil, err
		}
	}
	return &http.Response{
		StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req, Header: http.Header{"Content-Type": {a.Type}},
		Body: io.NopCloser(strings.NewReader(a.Body)), ContentLength: int64(len(a.Body)),
	}, nil
}
