package lambda_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// logged is what a doorway logged, a JSON object a line.
type logged struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logged) options() *lambda.Options {
	return &lambda.Options{Logger: slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))}
}

func quiet() *lambda.Options { return &lambda.Options{Logger: slog.New(slog.DiscardHandler)} }

// nilError is an error whose methods do not bear a nil receiver.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }
func (e *nilError) Unwrap() error { return errors.New(e.text) }

func TestErrors(t *testing.T) {
	t.Parallel()
	secret := errors.New("password is hunter2")
	type handle = func(context.Context, *handler.Request) (*handler.Response, error)
	fail := func(err error) handle {
		return func(context.Context, *handler.Request) (*handler.Response, error) { return nil, err }
	}
	streaming := func(stream func(context.Context, io.Writer) error) handle {
		return func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Stream: stream}, nil
		}
	}
	for _, tt := range []struct {
		name   string
		handle handle
		status int
		logs   []string // what the one line has; none: no line
		why    string
	}{
		{"client's fault", fail(handler.Errorf(404, "no such order").Wrap(secret)), 404, []string{`"level":"DEBUG"`, `"status":404`}, "4xx at debug"},
		{"any error", fail(secret), 500, []string{`"level":"ERROR"`, "hunter2", `"requestId":"r-1"`, `"invocation":"i-1"`, `"path":"/x"`}, "logged whole, not sent"},
		{"wrapped error", fail(fmt.Errorf("read order: %w", secret)), 500, []string{"read order: password is hunter2"}, "T207: its message is whole"},
		{"panic of no error", func(context.Context, *handler.Request) (*handler.Response, error) { panic(42) }, 500, []string{"panic: 42"}, "T207"},
		{"nothing returned", fail(nil), 500, []string{"neither a response nor an error"}, "the contract of Handler"},
		{"panic", func(context.Context, *handler.Request) (*handler.Response, error) { panic("hunter2") }, 500,
			[]string{"panic: hunter2", `"stack":"goroutine`, "errors_test.go", `"requestId":"r-1"`}, "T81"},
		{"panic with an error of a status", func(context.Context, *handler.Request) (*handler.Response, error) {
			panic(handler.Errorf(404, "no"))
		}, 500, []string{"panic: "}, "T81: a panic is never the client's fault"},
		{"nil pointer", func(context.Context, *handler.Request) (*handler.Response, error) {
			var resp *handler.Response
			return resp, errors.New(resp.Header.Get("x"))
		}, 500, []string{"nil pointer dereference"}, "T81"},
		{"nil pointer as an error", fail((*handler.Error)(nil)), 500, []string{"nil pointer dereference"}, "errors that cannot be looked at"},
		{"another one", fail((*nilError)(nil)), 500, []string{"nil pointer dereference"}, "errors that cannot be looked at"},
		{"nil pointer as Err", func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Status: 503, Err: (*nilError)(nil)}, nil
		}, 503, []string{`"error":`}, "errors that cannot be looked at"},
		{"answered already", func(_ context.Context, req *handler.Request) (*handler.Response, error) {
			return handler.Respond(req, secret), nil
		}, 500, []string{"hunter2"}, "logged once"},
		{"503 on purpose", func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Status: 503}, nil
		}, 503, nil, "no error, no log"},
		{"stream fails at once", streaming(func(context.Context, io.Writer) error { return handler.Errorf(409, "taken") }), 409,
			[]string{`"level":"DEBUG"`}, "no byte was sent"},
		{"stream fails later", streaming(func(_ context.Context, w io.Writer) error {
			io.WriteString(w, "half of the secret")
			return secret
		}), 500, []string{"hunter2"}, "never half an answer"},
		{"stream panics", streaming(func(context.Context, io.Writer) error { panic("hunter2") }), 500, []string{"panic: hunter2", `"stack"`}, "T81"},
		{"endless stream", streaming(func(_ context.Context, w io.Writer) error {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					return nil // even if the handler says nothing
				}
			}
		}), 500, []string{"6291556"}, "RST-53"},
		{"error with an impossible header", fail(&handler.Error{Status: 429, Header: http.Header{"Retry-After": {"1\r\n"}}}), 500, nil, "a problem that cannot be sent"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logged
			d := lambda.New(handler.HandlerFunc(tt.handle), log.options())
			ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "i-1"})
			event := []byte(httpEvent(`"rawPath":"/x","requestContext":{"requestId":"r-1","http":{"method":"POST"}}`))
			for range 2 { // the next invocation works as the first
				out, err := d.Invoke(ctx, event)
				if err != nil {
					t.Fatalf("Invoke: %v (%s)", err, tt.why)
				}
				if !bytes.Contains(out, []byte(`"statusCode":`+strconv.Itoa(tt.status))) || bytes.Contains(out, []byte("hunter2")) || bytes.Contains(out, []byte("secret")) {
					t.Errorf("answer %s, want status %d (%s)", out, tt.status, tt.why)
				}
				if tt.status == 500 && !bytes.Contains(out, []byte(`r-1`)) {
					t.Errorf("answer %s has no request id (%s)", out, tt.why)
				}
			}
			lines := strings.SplitAfter(log.String(), "\n")
			if tt.logs != nil && len(lines) != 3 || tt.name == "503 on purpose" && len(lines) != 1 {
				t.Errorf("log %q, want one line an invocation (%s)", lines, tt.why)
			}
			for _, want := range tt.logs {
				if !strings.Contains(lines[0], want) {
					t.Errorf("log %s, want %s (%s)", lines[0], want, tt.why)
				}
			}
		})
	}
}

// refusedCard has in its text what a log must not have.
type refusedCard struct {
	Number string `redact:"secret"`
}

func (e *refusedCard) Error() string { return "card " + e.Number + " was refused" }

// TestErrorsRedacted: a doorway without a log of middleware withholds the same texts as
// that, of requests, streams, direct invocations, records and answers that were cut off.
func TestErrorsRedacted(t *testing.T) {
	t.Parallel()
	card := fmt.Errorf("pay: %w", &refusedCard{"hunter2"})
	answer := func(resp *handler.Response, err error) handler.HandlerFunc {
		return func(context.Context, *handler.Request) (*handler.Response, error) { return resp, err }
	}
	request := []byte(httpEvent(`"rawPath":"/x","requestContext":{"requestId":"r-1","http":{"method":"POST"}}`))
	for _, tt := range []struct {
		name   string
		handle handler.HandlerFunc
		event  []byte
	}{
		{"an error", answer(nil, card), request},
		{"below 500", answer(nil, handler.Errorf(409, "no").Wrap(card)), request},
		{"an answer with an error", answer(&handler.Response{Status: 502, Err: card}, nil), request},
		{"a panic", func(context.Context, *handler.Request) (*handler.Response, error) { panic(card) }, request},
		{"a stream", answer(&handler.Response{Stream: func(context.Context, io.Writer) error { return card }}, nil), request},
		{"a direct invocation", answer(nil, card), []byte(`{"id":1}`)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log logged
			opts := log.options()
			opts.Direct = tt.handle
			out, err := lambda.New(tt.handle, opts).Invoke(t.Context(), tt.event)
			if told := fmt.Sprint(string(out), err, log.String()); strings.Contains(told, "hunter2") || !strings.Contains(log.String(), "*lambda_test.refusedCard") {
				t.Errorf("%s %v\n%s", out, err, log.String())
			}
		})
	}
}

// T82: a handler that gave up.
func TestAbort(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]handler.HandlerFunc{
		"panic":    func(context.Context, *handler.Request) (*handler.Response, error) { panic(http.ErrAbortHandler) },
		"returned": func(context.Context, *handler.Request) (*handler.Response, error) { return nil, http.ErrAbortHandler },
		"stream": func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Stream: func(context.Context, io.Writer) error { panic(http.ErrAbortHandler) }}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logged
			out, err := lambda.New(h, log.options()).Invoke(t.Context(), []byte(restEvent(``)))
			if out != nil || err == nil || log.String() != "" {
				t.Errorf("Invoke = %s, %v, log %q; want a function error and no log", out, err, log.String())
			}
		})
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "of the invocation")
	var order []string
	h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		resp := &handler.Response{Status: 201, Body: []byte("ignored"), Header: http.Header{"Content-Type": {"text/csv"}}}
		resp.Stream = func(ctx context.Context, w io.Writer) error {
			order = append(order, "stream "+ctx.Value(key{}).(string))
			io.WriteString(w, "a,b\n")
			w.(http.Flusher).Flush() // T83: nothing to do, no harm
			_, err := io.WriteString(w, "1,2\n")
			return err
		}
		resp.OnDone(func(err error) { order = append(order, "done") })
		return resp, nil
	})
	out, err := lambda.New(h, nil).Invoke(ctx, []byte(httpEvent(``)))
	if want := `{"statusCode":201,"headers":{"Content-Type":"text/csv"},"body":"a,b\n1,2\n","isBase64Encoded":false}`; string(out) != want || err != nil {
		t.Errorf("Invoke = %s, %v, want %s", out, err, want)
	}
	if got := strings.Join(order, ", "); got != "stream of the invocation, done" {
		t.Errorf("order %s", got)
	}
}

// OnDone hears how the answer ended, whatever the end.
func TestDone(t *testing.T) {
	t.Parallel()
	cut := errors.New("cut off")
	for _, tt := range []struct {
		name string
		resp handler.Response
		err  error // returned beside the response
		want string
	}{
		{"sent", handler.Response{}, nil, "<nil>"},
		{"an error answered", handler.Response{Status: 500, Err: cut}, nil, "<nil>"},
		{"stream cut off", handler.Response{Stream: func(context.Context, io.Writer) error { return cut }}, nil, "cut off"},
		{"could not be sent", handler.Response{Status: 7}, nil, "response: status 7: write one from 200 to 599"},
		{"error beside it", handler.Response{}, cut, "cut off"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []error
			h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
				resp := tt.resp
				resp.OnDone(func(err error) { got = append(got, err) })
				return &resp, tt.err
			})
			if _, err := lambda.New(h, quiet()).Invoke(t.Context(), []byte(httpEvent(``))); err != nil {
				t.Fatal(err)
			}
			if len(got) != 1 || got[0] == nil && tt.want != "<nil>" || got[0] != nil && got[0].Error() != tt.want {
				t.Errorf("OnDone heard %v, want %s once", got, tt.want)
			}
		})
	}
}

// A panic in OnDone comes too late to change the answer.
func TestDonePanics(t *testing.T) {
	t.Parallel()
	var log logged
	h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		resp := &handler.Response{Status: 202}
		resp.OnDone(func(error) { panic("too late") })
		return resp, nil
	})
	if a := invoke(t, h, log.options(), []byte(httpEvent(``))); a.Status != 202 || !strings.Contains(log.String(), "panic: too late") {
		t.Errorf("status %d, log %s; want 202 and the panic", a.Status, log.String())
	}
}

// ADP-09: the front door's loss is told.
func TestLostCookieIsLogged(t *testing.T) {
	t.Parallel()
	var log logged
	h := answering(handler.Response{Header: http.Header{"Set-Cookie": {"a=1", "b=2"}}})
	a := invoke(t, h, log.options(), []byte(albEvent(``)))
	if len(a.Cookies) != 1 || a.Cookies[0] != "b=2" || !strings.Contains(log.String(), `"level":"WARN"`) {
		t.Errorf("cookies %q, log %s; want b=2 and a warning", a.Cookies, log.String())
	}
}

// ADP-12: a response that came before the deadline is not lost with it.
func TestCancelledContextKeepsResponse(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		cancel()
		return &handler.Response{Status: 201}, nil
	})
	out, err := lambda.New(h, nil).Invoke(ctx, []byte(restEvent(``)))
	if err != nil || !bytes.Contains(out, []byte(`"statusCode":201`)) {
		t.Errorf("Invoke = %s, %v, want status 201", out, err)
	}
}
