package handler_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// plainEvent is an event of a front door that has decoded everything.
type plainEvent struct {
	method, path, query string
	header              http.Header
	body                []byte
	err                 error
	facts               handler.Facts
	caller              handler.Caller
}

func (e plainEvent) Line() (string, string, string) { return e.method, e.path, e.query }
func (e plainEvent) Values(name string) []string    { return e.header[name] }
func (e plainEvent) Header() http.Header            { return e.header.Clone() }
func (e plainEvent) Body() ([]byte, error)          { return e.body, e.err }
func (e plainEvent) Facts() handler.Facts           { return e.facts }
func (e plainEvent) Caller() handler.Caller         { return e.caller }
func (e plainEvent) request() *handler.Request      { return handler.NewRequest(e) }
func (e plainEvent) with(name, value string) plainEvent {
	e.header = e.header.Clone()
	if e.header == nil {
		e.header = http.Header{}
	}
	e.header[name] = append(e.header[name], value)
	return e
}

// plain is an event with method and target.
func plain(method, target string) plainEvent {
	path, query, _ := strings.Cut(target, "?")
	return plainEvent{
		method: method, path: path, query: query,
		facts: handler.Facts{FrontDoor: "test", ID: "req-1", Host: "api.example.com", Remote: "203.0.113.7:4711", Protocol: "HTTP/1.1", Scheme: "https"},
	}
}

// sent is what a client would get.
type sent struct {
	status int
	header http.Header
	body   string
	err    error // of Handle
	cut    error // of the stream
	resp   *handler.Response
}

// call is a doorway in a few lines.
func call(t testing.TB, h handler.Handler, req *handler.Request) sent {
	t.Helper()
	return callContext(t.Context(), h, req)
}

func callContext(ctx context.Context, h handler.Handler, req *handler.Request) sent {
	resp, err := h.Handle(ctx, req)
	if err != nil {
		return sent{err: err}
	}
	got := sent{status: resp.StatusCode(), header: resp.Header, body: string(resp.Body), resp: resp}
	if resp.Stream != nil {
		var b bytes.Buffer
		got.cut = resp.Stream(ctx, &b)
		got.body = b.String()
	}
	resp.Done(got.cut)
	return got
}
