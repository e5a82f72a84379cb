package middleware_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

func panics(v any) handler.HandlerFunc {
	return func(context.Context, *handler.Request) (*handler.Response, error) { panic(v) }
}

func streams(write func(w io.Writer) error) handler.HandlerFunc {
	return func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Stream: func(_ context.Context, w io.Writer) error { return write(w) }}, nil
	}
}

// TestRecover: what is outside sees an error.
func TestRecover(t *testing.T) {
	t.Parallel()
	sold := handler.Errorf(409, "sold out")
	for name, h := range map[string]handler.Handler{
		"a panic":        panics("boom"),
		"an error":       panics(sold),
		"a nil pointer":  handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return (*lost)(nil).answer() }),
		"in a stream":    streams(func(io.Writer) error { panic("boom") }),
		"late in stream": streams(func(w io.Writer) error { _, _ = w.Write([]byte("begun")); panic("boom") }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, err := middleware.Recover()(h).Handle(t.Context(), handlertest.Request("GET", "/"))
			if err == nil && resp.Stream != nil {
				err = resp.Stream(t.Context(), io.Discard)
			}
			var p *handler.PanicError
			if !errors.As(err, &p) || handler.AsError(err).StatusCode() != 500 || !bytes.Contains(p.Stack, []byte("recover_test.go")) {
				t.Errorf("error = %v", err)
			}
		})
	}
	for name, h := range map[string]handler.Handler{"a request": panics(http.ErrAbortHandler), "a stream": streams(func(io.Writer) error { panic(http.ErrAbortHandler) })} {
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler {
					t.Errorf("%s that is aborted: recovered %v", name, v)
				}
			}()
			resp, _ := middleware.Recover()(h).Handle(t.Context(), handlertest.Request("GET", "/"))
			_ = resp.Stream(t.Context(), io.Discard)
		}()
	}
	if resp, err := middleware.Recover()(answers(201, "x")).Handle(t.Context(), handlertest.Request("GET", "/")); err != nil || resp.Status != 201 {
		t.Errorf("an answer: %v, %v", resp, err)
	}
}

type lost struct{ resp *handler.Response }

func (l *lost) answer() (*handler.Response, error) { return l.resp, nil }

// TestLoggedOnce: a failure stands in the log once, with its stack: by the middleware
// where there is one, else by the doorway.
func TestLoggedOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		with func(*middleware.Logs) []handler.Middleware
		want string // the message
	}{
		{"the doorway alone", func(*middleware.Logs) []handler.Middleware { return nil }, "failed"},
		{"Recover", func(*middleware.Logs) []handler.Middleware {
			return []handler.Middleware{middleware.Recover()}
		}, "failed"},
		{"Logs", func(l *middleware.Logs) []handler.Middleware { return []handler.Middleware{l.Middleware()} }, "re"},
		{"all", func(l *middleware.Logs) []handler.Middleware {
			return []handler.Middleware{l.Middleware(), middleware.RequestID(nil), middleware.Recover()}
		}, "re"},
		{"all, the other way", func(l *middleware.Logs) []handler.Middleware {
			return []handler.Middleware{middleware.Recover(), middleware.RequestID(nil), l.Middleware()}
		}, "re"},
	} {
		jobs := queue.New[string](datatest.New(t), "jobs")
		for door, serve := range map[string]func(h handler.Handler, log *slog.Logger){
			"REST API": func(h handler.Handler, log *slog.Logger) {
				_, _ = lambda.New(h, &lambda.Options{Logger: log}).Invoke(t.Context(), handlertest.RESTEvent(handlertest.Request("GET", "/")))
			},
			"stream": func(h handler.Handler, log *slog.Logger) {
				out, err := lambda.New(h, &lambda.Options{Logger: log, Streams: func(string, string, string) bool { return true }}).
					Stream(t.Context(), handlertest.URLEvent(handlertest.Request("GET", "/")))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, out)
				out.Close()
			},
			"invoke": func(h handler.Handler, log *slog.Logger) {
				_, _ = lambda.New(nil, &lambda.Options{Logger: log, Direct: h}).Invoke(t.Context(), []byte(`{"a":1}`))
			},
			"queue": func(h handler.Handler, log *slog.Logger) {
				d := lambda.New(nil, &lambda.Options{Logger: log, Sources: []lambda.Source{{Feed: jobs.Feed(), Handler: h}}})
				_, _ = d.Invoke(t.Context(), handlertest.RecordsEvent(handlertest.RecordsOf(jobs, "m")...))
			},
			"net/http": func(h handler.Handler, log *slog.Logger) {
				handler.ToHTTP(h, &handler.HTTPOptions{Logger: log}).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			},
		} {
			for failure, h := range map[string]handler.Handler{"panic": panics("boom"), "stream": streams(func(io.Writer) error { panic("boom") })} {
				t.Run(fmt.Sprint(tt.name, "/", door, "/", failure), func(t *testing.T) {
					logs, book := newLogs(nil)
					serve(handler.Chain(h, tt.with(logs)...), slog.New(slog.NewJSONHandler(book, nil)))
					lines := book.lines(t)
					if len(lines) != 1 || lines[0]["level"] != "ERROR" || !strings.Contains(fmt.Sprint(lines[0]["stack"]), "recover_test.go") || !strings.Contains(lines[0]["msg"].(string), tt.want) {
						t.Errorf("log:\n%s", book)
					}
				})
			}
		}
	}
}

func ExampleRecover() {
	h := middleware.Recover()(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		panic("the shelf is empty")
	}))
	_, err := h.Handle(context.Background(), handlertest.Request("GET", "/"))
	fmt.Println(err)
	fmt.Println(handler.AsError(err).StatusCode())
	// Output:
	// panic: the shelf is empty
	// 500
}
