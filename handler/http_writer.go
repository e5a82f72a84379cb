package handler

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
)

const (
	valueLimit = 1 << 20 // bytes of an answer that is still kept as a value
	chunkSize  = 4 << 10 // bytes of a stream that are gathered without a flush
)

var (
	errEnded  = errors.New("write: the http.Handler has ended")
	errTwice  = errors.New("stream of an http.Handler: run twice")
	errGoexit = errors.New("http.Handler ended its goroutine by runtime.Goexit")
)

// httpWriter is the http.ResponseWriter of one request, and the way of its
// answer from the goroutine of the http.Handler to the one that called Handle
// and later runs the stream. Streamed bytes are not copied between the two: the
// stream lends its writer to the handler and waits.
type httpWriter struct {
	// ctx is the request's; a ResponseWriter has no argument to take it by.
	ctx    context.Context
	cancel context.CancelCauseFunc
	head   bool

	answer chan httpAnswer // of one: the answer, once it is known
	sinks  chan io.Writer  // of one, made for a stream: the writer that it lends
	ended  chan error      // of one, made for a stream: how the handler ended

	header http.Header // the handler's own

	mu      sync.Mutex
	status  int         // 0 until the header is fixed
	sent    http.Header // the header as it was then
	bare    bool        // the handler forbade sniffing
	trailer string      // one that was declared
	length  int64       // the length that was declared, -1 for none
	written int64
	buf     []byte
	handed  bool // the answer was handed over, the rest is a stream
	closed  bool
	sink    io.Writer
	err     error // why nothing more can be written
}

type httpAnswer struct {
	resp *Response
	err  error
}

var (
	_ http.Flusher  = (*httpWriter)(nil)
	_ http.Hijacker = (*httpWriter)(nil)
)

// newHTTPWriter is a writer and the context of its request, which it ends.
func newHTTPWriter(ctx context.Context) (*httpWriter, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	return &httpWriter{
		ctx: ctx, cancel: cancel, length: -1,
		answer: make(chan httpAnswer, 1), header: http.Header{},
	}, ctx
}

// serve is the goroutine of the http.Handler.
func (w *httpWriter) serve(h http.Handler, hr *http.Request, after afterHTTP) {
	err := errGoexit
	defer func() {
		if v := recover(); v != nil {
			err = caught(v)
		}
		if hr.MultipartForm != nil {
			_ = hr.MultipartForm.RemoveAll() // as net/http does: files in the temporary folder
		}
		w.finish(err)
	}()
	h.ServeHTTP(w, hr)
	err = nil
	if after != nil {
		w.mu.Lock()
		w.fix(http.StatusOK)
		status, streams := w.status, w.handed
		w.mu.Unlock()
		err = after(status, streams)
	}
}

func (w *httpWriter) Header() http.Header { return w.header }

// WriteHeader panics if the code is not of three digits, as net/http does.
func (w *httpWriter) WriteHeader(code int) {
	if code < 100 || code > 999 {
		panic(fmt.Sprintf("invalid WriteHeader code %d", code))
	}
	if code < 200 { // no front door carries an informational answer
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fix(code)
}

// fix fixes status and header. The first call wins.
func (w *httpWriter) fix(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	w.sent, w.trailer = answerHeader(w.header)
	_, w.bare = w.header["Content-Type"]
	if v := w.sent.Get("Content-Length"); v != "" {
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil || n < 0 {
			w.sent.Del("Content-Length")
			return
		}
		w.length = n
	}
}

func (w *httpWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ok, err := w.admit(len(p)); !ok {
		return len(p), err
	}
	if w.handed && !w.head && len(w.buf) == 0 && len(p) >= chunkSize {
		return w.pass(p)
	}
	w.buf = append(w.buf, p...)
	return len(p), w.spill()
}

// WriteString is Write without a copy of s.
func (w *httpWriter) WriteString(s string) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ok, err := w.admit(len(s)); !ok {
		return len(s), err
	}
	w.buf = append(w.buf, s...)
	return len(s), w.spill()
}

// writeBody is Write of a body that the caller will not change: it is kept, not
// copied, and a value however large it is.
func (w *httpWriter) writeBody(body []byte) error {
	w.mu.Lock()
	if w.handed || w.head || len(w.buf) > 0 {
		w.mu.Unlock()
		_, err := w.Write(body)
		return err
	}
	defer w.mu.Unlock()
	ok, err := w.admit(len(body))
	if ok {
		w.buf = slices.Clip(body)
	}
	return err
}

// admit counts n bytes and reports whether they are to be kept or sent.
func (w *httpWriter) admit(n int) (bool, error) {
	if w.closed {
		return false, errEnded
	}
	w.fix(http.StatusOK)
	switch {
	case !bodyAllowed(w.status):
		return false, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(n) > w.length:
		return false, http.ErrContentLength
	case w.err != nil:
		return false, w.err
	}
	w.written += int64(n)
	if w.head && len(w.buf) >= sniffLen {
		return false, nil
	}
	return true, nil
}

// spill hands the answer over, or passes on what was gathered, if it is much.
func (w *httpWriter) spill() error {
	switch {
	case w.head:
		return nil
	case !w.handed && len(w.buf) > valueLimit:
		w.handOver()
	case w.handed && len(w.buf) >= chunkSize:
		return w.drain()
	}
	return nil
}

// Flush sends what was written so far.
func (w *httpWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for [http.ResponseController]. The first flush hands the
// answer over and does not wait for the client.
func (w *httpWriter) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return errEnded
	}
	w.fix(http.StatusOK)
	if !w.handed {
		w.handOver()
		return w.err
	}
	if w.bodyless() || len(w.buf) == 0 {
		return w.err
	}
	return w.drain()
}

// Hijack is refused: behind a front door there is no connection to take over.
func (w *httpWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, fmt.Errorf("hijack: %w", http.ErrNotSupported)
}

// CloseNotify tells once that the client is gone. gin's Stream needs it; new
// code uses the request's context.
func (w *httpWriter) CloseNotify() <-chan bool {
	gone := make(chan bool, 1)
	context.AfterFunc(w.ctx, func() { gone <- true })
	return gone
}

func (w *httpWriter) bodyless() bool { return w.head || !bodyAllowed(w.status) }
