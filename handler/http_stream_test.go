package handler_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// A synctest bubble fails if a goroutine is left behind, so each of these tests
// is a leak test too.

// writes is the writer of a stream that keeps each write apart.
type writes struct {
	got  []string
	fail error
}

func (w *writes) Write(p []byte) (int, error) {
	if w.fail != nil {
		return 0, w.fail
	}
	w.got = append(w.got, string(p))
	return len(p), nil
}

func stream(t *testing.T, ctx context.Context, serve http.HandlerFunc) *handler.Response {
	t.Helper()
	resp, err := handler.FromHTTP(serve).Handle(ctx, plain("GET", "/").request())
	if err != nil || resp.Stream == nil {
		t.Fatalf("Handle = %+v, %v, want a stream", resp, err)
	}
	return resp
}

// T83, T196: the header is known at the first flush, and each flush is a write.
func TestFromHTTPStream_Flush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		step := make(chan struct{})
		resp := stream(t, t.Context(), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			w.WriteHeader(202)
			w.(http.Flusher).Flush()
			w.Header().Set("X-Late", "1")
			for _, event := range []string{"a", "b"} {
				<-step
				write(t, w, "data: "+event)
				write(t, w, "\n\n")
				if err := http.NewResponseController(w).Flush(); err != nil {
					t.Errorf("Flush: %v", err)
				}
				w.(http.Flusher).Flush() // with nothing to flush
			}
			<-step
			write(t, w, "the rest")
		})
		if resp.Status != 202 || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("X-Late") != "" {
			t.Errorf("answer = %d %v", resp.Status, resp.Header)
		}
		var out writes
		ended := make(chan error, 1)
		go func() { ended <- resp.Stream(t.Context(), &out) }()
		for i, want := range []string{"", "data: a\n\n", "data: b\n\n"} {
			synctest.Wait()
			if len(out.got) != i+1 || out.got[i] != want {
				t.Fatalf("writes = %q, want %q as number %d", out.got, want, i)
			}
			step <- struct{}{}
		}
		if err := <-ended; err != nil || out.got[3] != "the rest" {
			t.Errorf("stream: %v, writes %q", err, out.got)
		}
		if err := resp.Stream(t.Context(), &out); err == nil {
			t.Error("the stream ran twice")
		}
		resp.Done(nil)
	})
}

// T201: the client goes away; the writer unblocks and learns why.
func TestFromHTTPStream_ClientGone(t *testing.T) {
	t.Parallel()
	gone := errors.New("client gone")
	for _, tt := range []struct {
		name  string
		serve func(w http.ResponseWriter, r *http.Request) error
	}{
		{"writes on", func(w http.ResponseWriter, _ *http.Request) error {
			for {
				if _, err := io.WriteString(w, strings.Repeat("x", 1000)); err != nil {
					return err
				}
			}
		}},
		{"waits for the context", func(w http.ResponseWriter, r *http.Request) error {
			<-r.Context().Done()
			return context.Cause(r.Context())
		}},
		{"waits for CloseNotify", func(w http.ResponseWriter, r *http.Request) error {
			<-w.(interface{ CloseNotify() <-chan bool }).CloseNotify()
			return context.Cause(r.Context())
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var learned error
				resp := stream(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
					w.(http.Flusher).Flush()
					learned = tt.serve(w, r)
				})
				if err := resp.Stream(t.Context(), &writes{fail: gone}); !errors.Is(err, gone) {
					t.Errorf("stream: %v, want %v", err, gone)
				}
				if !errors.Is(learned, gone) {
					t.Errorf("the handler learned %v, want %v", learned, gone)
				}
			})
		})
	}
}

func TestFromHTTPStream_ContextEnds(t *testing.T) {
	t.Parallel()
	wait := func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}
	t.Run("of the stream", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			resp := stream(t, t.Context(), wait)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := resp.Stream(ctx, &writes{}); err != nil {
				t.Errorf("stream: %v", err)
			}
		})
	})
	t.Run("of Handle", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			resp := stream(t, ctx, wait)
			if err := resp.Stream(t.Context(), &writes{}); err != nil {
				t.Errorf("stream: %v", err)
			}
		})
	})
}

// A stream that nobody runs ends with the response, or with the context.
func TestFromHTTPStream_Abandoned(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(resp *handler.Response, cancel func()){
		"Done":   func(resp *handler.Response, _ func()) { resp.Done(nil) },
		"cancel": func(_ *handler.Response, cancel func()) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error, 1)
				resp := stream(t, ctx, func(w http.ResponseWriter, _ *http.Request) {
					w.(http.Flusher).Flush()
					_, _ = io.WriteString(w, "x")
					ended <- http.NewResponseController(w).Flush()
				})
				end(resp, cancel)
				if err := <-ended; !errors.Is(err, context.Canceled) {
					t.Errorf("Flush: %v, want %v", err, context.Canceled)
				}
			})
		})
	}
}

// T199: a panic after the first byte is the stream's error.
func TestFromHTTPStream_Panic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		resp := stream(t, t.Context(), func(w http.ResponseWriter, _ *http.Request) {
			write(t, w, "x")
			w.(http.Flusher).Flush()
			panic(io.ErrUnexpectedEOF)
		})
		var out writes
		err := resp.Stream(t.Context(), &out)
		var p *handler.PanicError
		if !errors.As(err, &p) || !errors.Is(err, io.ErrUnexpectedEOF) || len(out.got) != 1 || out.got[0] != "x" {
			t.Errorf("stream: %v, writes %q", err, out.got)
		}
		resp.Done(err)
	})
}

// After the handler has ended, what it left behind can no longer write.
func TestFromHTTPStream_LateWrite(t *testing.T) {
	t.Parallel()
	for _, flush := range []bool{false, true} {
		var left http.ResponseWriter
		got := call(t, handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			left = w
			write(t, w, "x")
			if flush {
				w.(http.Flusher).Flush()
			}
		})), plain("GET", "/").request())
		if _, err := io.WriteString(left, "y"); err == nil || got.body != "x" {
			t.Errorf("flush %v: late write: %v, body %q", flush, err, got.body)
		}
		if err := http.NewResponseController(left).Flush(); err == nil {
			t.Errorf("flush %v: a late flush is no error", flush)
		}
	}
}

// HEAD and 204 have no body even if the handler streams one.
func TestFromHTTPStream_Bodyless(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method string
		status int
	}{{"HEAD", 200}, {"GET", 204}} {
		synctest.Test(t, func(t *testing.T) {
			got := call(t, handler.FromHTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				w.(http.Flusher).Flush()
				for range 3 {
					_, _ = io.WriteString(w, strings.Repeat("x", 8<<10))
					w.(http.Flusher).Flush()
				}
			})), plain(tt.method, "/").request())
			if got.status != tt.status || got.body != "" || got.err != nil || got.cut != nil {
				t.Errorf("%s %d: %d, %d bytes, %v, %v", tt.method, tt.status, got.status, len(got.body), got.err, got.cut)
			}
		})
	}
}

// The request's context lives until the response is done, so that callbacks of
// OnDone inside can still use it.
func TestFromHTTP_ContextEndsWithResponse(t *testing.T) {
	t.Parallel()
	var ctx context.Context
	type key struct{}
	resp, err := handler.FromHTTP(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx = r.Context()
	})).Handle(context.WithValue(t.Context(), key{}, "function"), plain("GET", "/").request())
	if err != nil || ctx.Err() != nil || ctx.Value(key{}) != "function" {
		t.Fatalf("Handle: %v; context: %v, value %v", err, ctx.Err(), ctx.Value(key{}))
	}
	resp.Done(nil)
	if ctx.Err() == nil {
		t.Error("the context lives on after Done")
	}
}
