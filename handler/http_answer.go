package handler

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
)

// handOver gives the answer to the caller of Handle, with a stream for what is
// still to come.
func (w *httpWriter) handOver() {
	w.handed = true
	w.sinks, w.ended = make(chan io.Writer, 1), make(chan error, 1)
	if w.trailer != "" {
		w.err = trailerError(w.trailer)
		w.cancel(w.err)
		w.answer <- httpAnswer{err: w.err}
		return
	}
	resp := w.response()
	first := w.buf
	w.buf = nil
	resp.Stream = w.stream(first, w.bodyless())
	w.answer <- httpAnswer{resp: resp}
}

// response is the answer without its body.
func (w *httpWriter) response() *Response {
	if w.sniffs() {
		w.sent["Content-Type"] = []string{http.DetectContentType(w.buf)}
	}
	resp := &Response{Status: w.status, Header: w.sent}
	resp.OnDone(func(error) { w.cancel(nil) })
	return resp
}

func (w *httpWriter) sniffs() bool {
	return len(w.buf) > 0 && !w.bare && w.sent["Content-Type"] == nil &&
		w.sent.Get("Content-Encoding") == "" && bodyAllowed(w.status)
}

// stream runs where the doorway runs it. It sends first, lends out to the
// handler and returns when the handler has ended.
func (w *httpWriter) stream(first []byte, bodyless bool) func(context.Context, io.Writer) error {
	var begun atomic.Bool
	return func(ctx context.Context, out io.Writer) error {
		if begun.Swap(true) {
			return errTwice
		}
		stop := context.AfterFunc(ctx, func() { w.cancel(context.Cause(ctx)) })
		defer stop()
		if bodyless {
			return <-w.ended
		}
		// Even an empty write sends the header, which is what a first flush is for.
		if _, err := out.Write(first); err != nil {
			w.cancel(err)
			if ended := <-w.ended; ended != nil && !errors.Is(ended, err) {
				return errors.Join(err, ended)
			}
			return err
		}
		w.sinks <- out
		return <-w.ended
	}
}

// drain passes on what was gathered.
func (w *httpWriter) drain() error {
	_, err := w.pass(w.buf)
	w.buf = w.buf[:0]
	return err
}

// pass writes to the writer that the stream lends, and waits for the stream to
// begin; if it never does, the end of the response or of the context frees it.
func (w *httpWriter) pass(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.sink == nil {
		select {
		case w.sink = <-w.sinks:
		case <-w.ctx.Done():
			w.err = context.Cause(w.ctx)
			return 0, w.err
		}
	}
	n, err := w.sink.Write(p)
	if err != nil {
		w.err = err
		w.cancel(err)
	}
	return n, err
}

// finish is the end of the http.Handler: err cuts the answer off.
func (w *httpWriter) finish(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.fix(http.StatusOK)
	if err == nil {
		err = w.trailers()
	}
	switch {
	case w.handed:
		if err == nil && len(w.buf) > 0 && !w.bodyless() {
			_ = w.drain()
		}
		if err == nil {
			err = w.err
		}
		w.ended <- err
	case err != nil:
		w.cancel(err)
		w.answer <- httpAnswer{err: err}
	default:
		w.answer <- httpAnswer{resp: w.value()}
	}
	w.handed, w.closed = true, true
}

// value is the whole answer.
func (w *httpWriter) value() *Response {
	resp := w.response()
	switch {
	case w.head:
		if w.written > 0 && w.length < 0 {
			resp.Header["Content-Length"] = []string{strconv.FormatInt(w.written, 10)}
		}
	case w.status != http.StatusNotModified:
		resp.Header.Del("Content-Length") // the doorway computes it
		resp.Body = w.buf
	}
	return resp
}
