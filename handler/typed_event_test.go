package handler_test

import (
	"context"
	"net/http"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// delivery is a request as a test writes it.
type delivery struct {
	method, path, query string
	header              http.Header
	body                string
	bodyErr             error
}

func (d delivery) Line() (method, path, rawQuery string) { return d.method, d.path, d.query }
func (d delivery) Values(name string) []string           { return d.header[name] }
func (d delivery) Header() http.Header                   { return d.header.Clone() }
func (d delivery) Facts() handler.Facts                  { return handler.Facts{ID: "r-1"} }
func (d delivery) Caller() handler.Caller                { return handler.Caller{} }

func (d delivery) Body() ([]byte, error) {
	if d.body == "" {
		return nil, d.bodyErr
	}
	return []byte(d.body), d.bodyErr
}

// request is a request from a line such as "POST /orders?limit=1", header lines
// such as "Content-Type: application/json", and a body after an empty line.
func request(lines ...string) *handler.Request {
	d := delivery{header: http.Header{}}
	var target string
	d.method, target, _ = strings.Cut(lines[0], " ")
	d.path, d.query, _ = strings.Cut(target, "?")
	for i, line := range lines[1:] {
		if line == "" {
			d.body = strings.Join(lines[i+2:], "\n")
			break
		}
		name, value, _ := strings.Cut(line, ": ")
		d.header.Add(name, value)
	}
	return handler.NewRequest(d)
}

// routed is a request as a mux with this one pattern passes it on.
func routed(pattern string, req *handler.Request) *handler.Request {
	mux := handler.NewMux()
	var out *handler.Request
	err := mux.Route(pattern, handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
		out = req
		return &handler.Response{}, nil
	}))
	if err == nil {
		_, err = mux.Handle(context.Background(), req)
	}
	if err != nil {
		panic(err) // a mistake of the test
	}
	return out
}
