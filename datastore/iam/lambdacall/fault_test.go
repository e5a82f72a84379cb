package lambdacall_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/lambdacall"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type both interface {
	call.Caller[int, int]
	call.Starter[int]
}

// script is an HTTP client that answers by a function of how often it was asked.
type script struct {
	answer func(ctx context.Context, n int) (*http.Response, error)
	calls  atomic.Int64
}

func (s *script) RoundTrip(req *http.Request) (*http.Response, error) {
	return s.answer(req.Context(), int(s.calls.Add(1)))
}

func (s *script) open(opts ...call.Option) both {
	data := dataFor(config("http://scripted.invalid", &http.Client{Transport: s}))
	return datastore.Use[both](function{}, call.New[int, int](data, "f", opts...))
}

func reply(status int, code, body string) (*http.Response, error) {
	h := http.Header{"Content-Type": {"application/json"}}
	if code != "" {
		h.Set("X-Amzn-ErrorType", code)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}, nil
}

var errLost = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}

// TestFaults: what is repeated, and what a failure means.
func TestFaults(t *testing.T) {
	t.Parallel()
	lost := func() (*http.Response, error) { return nil, errLost }
	refuse := func(status int, code string) func() (*http.Response, error) {
		return func() (*http.Response, error) { return reply(status, code, `{"Message":"secret"}`) }
	}
	for _, c := range []struct {
		name  string
		first func() (*http.Response, error)
		opts  []call.Option
		want  error // of a call whose second attempt would succeed
		calls int64
	}{
		{"lost", lost, nil, datastore.ErrUnknown, 1},
		{"lost, idempotent", lost, []call.Option{call.Idempotent()}, nil, 2},
		{"throttled", refuse(429, "TooManyRequestsException"), nil, nil, 2},
		{"failed inside", refuse(500, "ServiceException"), nil, datastore.ErrUnknown, 1},
		{"failed inside, idempotent", refuse(500, "ServiceException"), []call.Option{call.Idempotent()}, nil, 2},
		{"not ready yet", refuse(502, "SnapStartNotReadyException"), nil, nil, 2},
		{"no such function", refuse(404, "ResourceNotFoundException"), nil, datastore.ErrUnavailable, 1},
		{"denied", refuse(403, "AccessDeniedException"), nil, datastore.ErrDenied, 1},
		{"wrong request", refuse(400, "InvalidRequestContentException"), nil, datastore.ErrDeclaration, 1},
		{"too large", refuse(413, "RequestTooLargeException"), nil, datastore.ErrTooLarge, 1},
	} {
		for op, do := range map[string]func(context.Context, both) error{
			"Call":  func(ctx context.Context, f both) error { _, err := f.Call(ctx, 1); return err },
			"Start": func(ctx context.Context, f both) error { return f.Start(ctx, 1) },
		} {
			t.Run(c.name+"/"+op, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s := &script{answer: func(_ context.Context, n int) (*http.Response, error) {
						if n == 1 {
							return c.first()
						}
						return reply(200, "", "2")
					}}
					err := do(t.Context(), s.open(c.opts...))
					if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || s.calls.Load() != c.calls {
						t.Errorf("error = %v after %d requests, want %v after %d", err, s.calls.Load(), c.want, c.calls)
					}
				})
			})
		}
	}
}

func TestNative(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(context.Context, int) (*http.Response, error) {
		return reply(404, "ResourceNotFoundException", `{"Message":"no"}`)
	}}
	_, err := s.open().Call(t.Context(), 1)
	if native, ok := errors.AsType[*types.ResourceNotFoundException](err); !ok || native == nil {
		t.Errorf("error = %v, want the SDK's below it", err)
	}
}

// TestLongCall: a function may take long, and a call that is cut off by the
// deadline may have run.
func TestLongCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(ctx context.Context, _ int) (*http.Response, error) {
			select {
			case <-time.After(10 * time.Minute):
				return reply(200, "", "2")
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}}
		f := s.open()
		if got, err := f.Call(t.Context(), 1); got != 2 || err != nil {
			t.Errorf("Call of ten minutes = %d, %v, want 2", got, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		_, err := f.Call(ctx, 1)
		if took := time.Since(begin); !errors.Is(err, datastore.ErrUnknown) || took != time.Minute || s.calls.Load() != 2 {
			t.Errorf("Call with one minute: error = %v after %v, want %v after it", err, took, datastore.ErrUnknown)
		}
	})
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{lambdacall.With(config("http://scripted.invalid", nil))}, nil)
	f := datastore.Use[call.Starter[int]](function{}, call.New[int, int](data, "my-fn"))
	if err := f.Start(t.Context(), 1); !errors.Is(err, datastore.ErrUnavailable) || !strings.Contains(err.Error(), "TIERKIT_CALL_MY_FN") {
		t.Errorf("Start without the name: error = %v, want %v naming TIERKIT_CALL_MY_FN", err, datastore.ErrUnavailable)
	}
}
