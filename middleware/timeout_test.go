package middleware_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// wait lets time pass in a bubble, or until the context ends.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait: %w", ctx.Err())
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		deadline time.Duration // of the invocation, 0 for none
		opts     middleware.TimeoutOptions
		takes    time.Duration
		deaf     bool // does not look at its context
		status   int
		after    time.Duration // the answer comes
	}{
		{name: "in time", deadline: 3 * time.Second, takes: 2 * time.Second, status: 200, after: 2 * time.Second},
		{name: "late", deadline: 3 * time.Second, takes: 4 * time.Second, status: 504, after: 2500 * time.Millisecond},
		{name: "late, and does not look", deadline: 3 * time.Second, takes: 4 * time.Second, deaf: true, status: 504, after: 2500 * time.Millisecond},
		{name: "more time to answer", deadline: 3 * time.Second, opts: middleware.TimeoutOptions{Reserve: time.Second}, takes: 4 * time.Second, deaf: true, status: 504, after: 2 * time.Second},
		{name: "little time", deadline: 600 * time.Millisecond, takes: 4 * time.Second, deaf: true, status: 504, after: 300 * time.Millisecond},
		{name: "a limit", deadline: time.Minute, opts: middleware.TimeoutOptions{Limit: time.Second, Status: 503}, takes: 4 * time.Second, deaf: true, status: 503, after: time.Second},
		{name: "a limit without a deadline", opts: middleware.TimeoutOptions{Limit: time.Second}, takes: 4 * time.Second, status: 504, after: time.Second},
		{name: "neither", takes: time.Hour, status: 200, after: time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ended := make(chan error, 1)
				h := middleware.Timeout(&test.opts)(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
					if test.deaf {
						ctx = context.WithoutCancel(ctx)
					}
					if err := wait(ctx, test.takes); err != nil {
						return nil, err
					}
					resp := &handler.Response{Body: []byte("x")}
					resp.OnDone(func(err error) { ended <- err })
					return resp, nil
				}))
				ctx := t.Context()
				if test.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, test.deadline)
					defer cancel()
				}
				begin := time.Now()
				a, err := handlertest.Do(ctx, h, get("/"))
				if took := time.Since(begin); a.Status != test.status || took != test.after {
					t.Errorf("answered %d after %v, want %d after %v", a.Status, took, test.status, test.after)
				}
				if test.status != 200 && !errors.Is(err, middleware.ErrTimeout) {
					t.Errorf("the error is %v", err)
				}
				if test.deaf { // it comes back, and what hangs on its answer ends
					time.Sleep(test.takes)
					synctest.Wait()
					select {
					case err := <-ended:
						if !errors.Is(err, middleware.ErrTimeout) {
							t.Errorf("the late answer ended with %v", err)
						}
					default:
						t.Error("the late answer has not ended")
					}
				}
			})
		})
	}
}

// TestTimeoutPasses: what a handler does is what is seen, also through a goroutine.
func TestTimeoutPasses(t *testing.T) {
	t.Parallel()
	limit := middleware.Timeout(&middleware.TimeoutOptions{Limit: time.Minute})
	do := func(f func(ctx context.Context) (*handler.Response, error)) error {
		_, err := limit(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) { return f(ctx) })).Handle(t.Context(), get("/"))
		return err
	}
	if err := do(func(context.Context) (*handler.Response, error) { return nil, errStays }); err != errStays {
		t.Errorf("an error: %v", err)
	}
	var p *handler.PanicError
	if err := do(func(context.Context) (*handler.Response, error) { panic(errStays) }); !errors.As(err, &p) || !errors.Is(err, errStays) || !bytes.Contains(p.Stack, []byte("TestTimeoutPasses")) {
		t.Errorf("a panic: %v", err)
	}
	if err := do(func(context.Context) (*handler.Response, error) { panic(http.ErrAbortHandler) }); !errors.Is(err, http.ErrAbortHandler) {
		t.Errorf("an abort: %v", err)
	}
	exited := make(chan bool)
	go func() {
		returned := false
		defer func() { exited <- !returned }()
		_ = do(func(context.Context) (*handler.Response, error) { runtime.Goexit(); return nil, nil })
		returned = true
	}()
	if !<-exited {
		t.Error("the end of the handler's goroutine did not end the caller's")
	}
	ctx, cancel := context.WithCancel(t.Context()) // the client has gone: that is no timeout
	cancel()
	_, err := limit(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		return nil, ctx.Err()
	})).Handle(ctx, get("/"))
	if !errors.Is(err, context.Canceled) || errors.Is(err, middleware.ErrTimeout) {
		t.Errorf("a client that has gone: %v", err)
	}
}

// TestTimeoutLatePanic: it is logged, and brings nothing down.
func TestTimeoutLatePanic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := middleware.Timeout(&middleware.TimeoutOptions{Limit: time.Second, Log: slog.New(slog.NewTextHandler(&log, nil))})(
			handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				time.Sleep(2 * time.Second)
				panic("too late")
			}))
		if a, _ := handlertest.Do(t.Context(), h, get("/")); a.Status != 504 {
			t.Errorf("answered %d", a.Status)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if !strings.Contains(log.String(), "too late") {
			t.Errorf("the log is %q", log.String())
		}
	})
}

// TestTimeoutStream: a stream goes on after the handler has returned, until its time is
// over.
func TestTimeoutStream(t *testing.T) {
	t.Parallel()
	for _, deaf := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			h := middleware.Timeout(&middleware.TimeoutOptions{Limit: 4500 * time.Millisecond})(
				handler.HandlerFunc(func(own context.Context, _ *handler.Request) (*handler.Response, error) {
					return &handler.Response{Stream: func(ctx context.Context, w io.Writer) error {
						for i := range 10 {
							if i < 4 && (ctx.Err() != nil || own.Err() != nil) {
								t.Errorf("after %d items the context has ended", i)
							}
							if _, err := fmt.Fprintf(w, "%d", i); err != nil {
								return err
							}
							w.(http.Flusher).Flush()
							if deaf {
								time.Sleep(time.Second)
							} else if err := wait(ctx, time.Second); err != nil {
								return err
							}
						}
						return nil
					}}, nil
				}))
			begin := time.Now()
			a, err := handlertest.Do(t.Context(), h, get("/"))
			want := 4500 * time.Millisecond
			if deaf {
				want = 5 * time.Second // with its next write
			}
			if took := time.Since(begin); string(a.Body) != "01234" || !errors.Is(err, middleware.ErrTimeout) || took != want {
				t.Errorf("%q after %v, %v", a.Body, took, err)
			}
		})
	}
}

func TestTimeoutRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := middleware.Timeout(&middleware.TimeoutOptions{Limit: time.Second})(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			return nil, wait(ctx, time.Minute)
		}))
		if err := handlertest.DoRecord(t.Context(), h, message("1")); !errors.Is(err, middleware.ErrTimeout) {
			t.Errorf("a late record: %v", err)
		}
	})
}

func TestShed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := middleware.Shed(2, &middleware.ShedOptions{RetryAfter: 1500 * time.Millisecond, MinLeft: time.Second,
			Exempt: func(req *handler.Request) bool { return req.Path() == "/health" }})(
			handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				switch req.Path() {
				case "/slow":
					return &handler.Response{}, wait(ctx, time.Second)
				case "/stream":
					return &handler.Response{Stream: func(ctx context.Context, _ io.Writer) error { return wait(ctx, time.Second) }}, nil
				case "/panic":
					panic("x")
				}
				return &handler.Response{}, nil
			}))
		status := func(path string) int {
			a, _ := handlertest.Do(t.Context(), h, get(path))
			if a.Status == 503 && a.Header.Get("Retry-After") != "2" {
				t.Errorf("Retry-After: %q", a.Header.Get("Retry-After"))
			}
			return a.Status
		}
		for _, path := range []string{"/slow", "/stream"} {
			for range 2 {
				go status(path)
			}
			synctest.Wait()
			if got := status("/"); got != 503 {
				t.Errorf("with two of %s: %d", path, got)
			}
			if got := status("/health"); got != 200 {
				t.Errorf("health: %d", got)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if got := status("/"); got != 200 {
				t.Errorf("after %s: %d", path, got)
			}
		}
		for range 5 {
			func() {
				defer func() { _ = recover() }()
				status("/panic")
			}()
		}
		if got := status("/"); got != 200 {
			t.Errorf("after panics: %d", got)
		}
		for left, want := range map[time.Duration]int{999 * time.Millisecond: 503, time.Second: 200} {
			ctx, cancel := context.WithTimeout(t.Context(), left)
			a, err := handlertest.Do(ctx, h, get("/"))
			cancel()
			if a.Status != want || want == 503 && !errors.Is(err, middleware.ErrOverloaded) {
				t.Errorf("with %v left: %d, %v", left, a.Status, err)
			}
		}
	})
	wantRefused(t, "max 0", func() { middleware.Shed(0, nil) })
	wantRefused(t, "Reserve", func() { middleware.Timeout(&middleware.TimeoutOptions{Reserve: -1}) })
	wantRefused(t, "Status 500", func() { middleware.Timeout(&middleware.TimeoutOptions{Status: 500}) })
}

// BenchmarkTimeout is what a goroutine and a timer cost beside the bare handler.
func BenchmarkTimeout(b *testing.B) {
	bare := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return &handler.Response{}, nil })
	run := func(name string, h handler.Handler) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
			defer cancel()
			req := get("/")
			for b.Loop() {
				if _, err := h.Handle(ctx, req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("bare", bare)
	run("timeout", middleware.Timeout(nil)(bare))
	run("shed", middleware.Shed(100, nil)(bare))
}

// A handler that takes too long is answered without.
func ExampleTimeout() {
	slow := handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	h := middleware.Timeout(&middleware.TimeoutOptions{Limit: 10 * time.Millisecond})(slow)
	a, _ := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/"))
	fmt.Println(a.Status)
	// Output: 504
}

// One invocation runs, and another one is refused meanwhile.
func ExampleShed() {
	var h handler.Handler
	outer := true
	h = middleware.Shed(1, nil)(handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		if outer {
			outer = false
			a, _ := handlertest.Do(ctx, h, req)
			fmt.Println("meanwhile", a.Status, a.Header.Get("Retry-After"))
		}
		return &handler.Response{}, nil
	}))
	a, _ := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/"))
	fmt.Println(a.Status)
	// Output:
	// meanwhile 503 1
	// 200
}
