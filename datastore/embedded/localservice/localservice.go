// Package localservice is services that are handlers of this process: for tests,
// and the reference for what other drivers must do.
//
//	driver := localservice.New(map[string]http.Handler{"billing": billing})
//	data := datastore.New([]datastore.Driver{driver}, nil)
package localservice

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

// Driver has the handlers of services. It is safe for concurrent use.
type Driver struct {
	mu       sync.RWMutex
	handlers map[string]http.Handler
}

var _ service.Driver = (*Driver)(nil)

// New is a Driver with handlers, by the names of their services; nil is none.
func New(handlers map[string]http.Handler) *Driver {
	d := &Driver{handlers: map[string]http.Handler{}}
	for name, h := range handlers {
		d.handlers[name] = h
	}
	return d
}

// Serve has the service called name answered by h.
func (d *Driver) Serve(name string, h http.Handler) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handlers[name] = h
}

// Kind is "service".
func (d *Driver) Kind() string { return "service" }

// Name is "localservice".
func (d *Driver) Name() string { return "localservice" }

// OpenService implements [service.Driver].
func (d *Driver) OpenService(_ context.Context, _ *datastore.Data, spec service.Spec) (service.Conn, error) {
	return conn{d, spec.Logical}, nil
}

type conn struct {
	driver *Driver
	name   string
}

// RoundTrip implements [service.Conn]. The handler runs in the caller's goroutine;
// one that panics is a connection that breaks.
func (c conn) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	c.driver.mu.RLock()
	h := c.driver.handlers[c.name]
	c.driver.mu.RUnlock()
	if h == nil {
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("no handler serves %s", c.name)}
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	req.Host, req.RequestURI, req.RemoteAddr = c.name, req.URL.RequestURI(), "192.0.2.1:1234"
	w := &recorder{header: http.Header{}}
	defer func() {
		if v := recover(); v != nil {
			resp, err = nil, fmt.Errorf("the handler panicked: %v", v)
		}
	}()
	h.ServeHTTP(w, req)
	if err := req.Context().Err(); err != nil { // nobody waits for the answer any more
		return nil, err
	}
	return w.response(req), nil
}

// recorder keeps a response in memory.
type recorder struct {
	header, sent http.Header // sent is nil before the status
	status       int
	body         bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.sent == nil && status >= 200 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *recorder) response(req *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	if w.sent.Get("Content-Type") == "" && w.body.Len() > 0 {
		w.sent.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
	}
	if req.Method == http.MethodHead {
		w.body.Reset()
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", w.status, http.StatusText(w.status)), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, ContentLength: int64(w.body.Len()), Body: io.NopCloser(&w.body), Request: req,
	}
}
