package local_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// endless is a function behind the doorway, so that all between a handler and
// its client is real.
func endless(stream func(context.Context, io.Writer) error) local.Function {
	h := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Header: http.Header{"Content-Type": {"text/plain"}}, Stream: stream}, nil
	})
	d := lambda.New(h, &lambda.Options{Logger: slog.New(slog.DiscardHandler), Streams: func(string, string, string) bool { return true }})
	return local.Function{Invoke: d.Invoke, Stream: func(ctx context.Context, payload []byte) (local.Output, error) {
		return d.Stream(ctx, payload)
	}}
}

// STR-03: the limits in time are the function's timeout and the door's idle
// time, not the 29 s of a buffered answer.
func TestStreamTime(t *testing.T) {
	t.Parallel()
	wait := func(d time.Duration) func(context.Context, io.Writer) error {
		return func(ctx context.Context, w io.Writer) error {
			if _, err := io.WriteString(w, "a"); err != nil {
				return err
			}
			select {
			case <-time.After(d):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			_, err := io.WriteString(w, "b")
			return err
		}
	}
	for _, tt := range []struct {
		name    string
		door    local.Door
		timeout time.Duration
		takes   time.Duration
		body    string
		log     string
	}{
		{"longer than 29 s", local.REST{}, time.Minute, 40 * time.Second, "ab", ""},
		{"the function's timeout", local.REST{}, time.Minute, 2 * time.Minute, "a", "function orders did not answer in 1m0s"},
		{"the URL's", local.URL{Stream: true}, time.Minute, 2 * time.Minute, "a", "function orders did not answer in 1m0s"},
		{"idle", local.REST{}, 15 * time.Minute, 301 * time.Second, "a", "gateway timed out: nothing was sent"},
		{"nearly idle", local.REST{}, 15 * time.Minute, 299 * time.Second, "ab", ""},
		{"a URL may be idle", local.URL{Stream: true}, 15 * time.Minute, 14 * time.Minute, "ab", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := endless(wait(tt.takes))
				f.Timeout = tt.timeout
				var logged bytes.Buffer
				rec, cut := doStream(streamGateway(t, tt.door, f, &logged), httptest.NewRequest("GET", "/s", nil))
				if rec.Code != 200 || rec.Body.String() != tt.body || cut != (tt.log != "") || !strings.Contains(logged.String(), tt.log) {
					t.Errorf("%d %q, cut %v, log %s; want %q and %q", rec.Code, rec.Body, cut, logged.String(), tt.body, tt.log)
				}
			})
		})
	}
}

// Before the answer begins the same limits hold, and what begins too late is
// closed.
func TestStreamTimeToFirstByte(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		door    local.Door
		timeout time.Duration
		status  int
	}{
		{"the function's timeout", local.REST{}, 10 * time.Second, 502},
		{"idle", local.REST{}, 15 * time.Minute, 504},
		{"the URL's", local.URL{Stream: true}, 15 * time.Minute, 502},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				closed := make(chan struct{})
				f := local.Function{Timeout: tt.timeout, Stream: func(context.Context, []byte) (local.Output, error) {
					time.Sleep(16 * time.Minute) // of the bubble
					return output{Reader: strings.NewReader(""), closed: closed}, nil
				}}
				if rec, _ := doStream(streamGateway(t, tt.door, f, nil), httptest.NewRequest("GET", "/s", nil)); rec.Code != tt.status {
					t.Errorf("%d, want %d", rec.Code, tt.status)
				}
				<-closed
			})
		})
	}
}

// T201: the client goes; the function's writer unblocks and nothing is left
// running.
func TestStreamClientGone(t *testing.T) {
	t.Parallel()
	for name, stream := range map[string]func(context.Context, io.Writer) error{
		"writes": func(_ context.Context, w io.Writer) error {
			for {
				if _, err := w.Write(make([]byte, 1000)); err != nil {
					return err
				}
			}
		},
		"waits": func(ctx context.Context, w io.Writer) error {
			w.Write([]byte("x"))
			<-ctx.Done()
			return context.Cause(ctx)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			learned := make(chan error, 1)
			var logged bytes.Buffer
			g := streamGateway(t, local.REST{}, endless(func(ctx context.Context, w io.Writer) error {
				err := stream(ctx, w)
				learned <- err
				return err
			}), &logged)
			served := make(chan struct{})
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(served)
				g.ServeHTTP(w, r)
			}))
			defer s.Close()
			ctx, leave := context.WithCancel(t.Context())
			defer leave()
			req, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/s", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := resp.Body.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			leave()
			if err := <-learned; err == nil || !strings.Contains(err.Error(), "the client has gone") {
				t.Errorf("the function learned %v", err)
			}
			<-served
			if !strings.Contains(logged.String(), "level=INFO") || !strings.Contains(logged.String(), "the client has gone") {
				t.Errorf("log %s", logged.String())
			}
		})
	}
}

// A client that goes before the answer begins is not waited for.
func TestStreamClientGoneEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan struct{})
		f := local.Function{Stream: func(ctx context.Context, _ []byte) (local.Output, error) {
			<-ctx.Done() // AWS does not tell a function
			return output{Reader: strings.NewReader(""), closed: closed}, nil
		}}
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		var logged bytes.Buffer
		start := time.Now()
		doStream(streamGateway(t, local.REST{}, f, &logged), httptest.NewRequest("GET", "/s", nil).WithContext(ctx))
		if took := time.Since(start); took != time.Second || !strings.Contains(logged.String(), "level=INFO") {
			t.Errorf("after %v, log %s", took, logged.String())
		}
		<-closed
	})
}

// Bytes reach the client while the handler still runs, and the end of a broken
// answer is one that the client can tell.
func TestStreamOverHTTP(t *testing.T) {
	t.Parallel()
	for _, door := range []local.Door{local.REST{}, local.URL{Stream: true}} {
		step := make(chan string)
		f := endless(func(_ context.Context, w io.Writer) error {
			w.(http.Flusher).Flush()
			for {
				switch line := <-step; line {
				case "end":
					return nil
				case "fail":
					return errors.New("cursor lost")
				default:
					if _, err := io.WriteString(w, line+"\n"); err != nil {
						return err
					}
				}
			}
		})
		s := httptest.NewServer(streamGateway(t, door, f, nil))
		defer s.Close()
		for last, want := range map[string]error{"end": nil, "fail": io.ErrUnexpectedEOF} {
			resp, err := http.Get(s.URL + "/s")
			if err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReader(resp.Body)
			for _, want := range []string{"one", "two"} {
				step <- want
				if line, err := lines.ReadString('\n'); line != want+"\n" || err != nil {
					t.Fatalf("%s: %q, %v", door, line, err)
				}
			}
			step <- last
			rest, err := io.ReadAll(lines)
			if !errors.Is(err, want) || len(rest) > 0 {
				t.Errorf("%s: the end: %q, %v, want %v", door, rest, err, want)
			}
			resp.Body.Close()
		}
	}
}
