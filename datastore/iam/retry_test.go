package iam_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

var (
	errThrottled = &smithy.GenericAPIError{Code: "ThrottlingException"}
	errReset     = &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}
	errDial      = &net.OpError{Op: "dial", Err: errors.New("connection refused")}
)

// answer is the SDK's error of an answer that it read err from; page of one whose
// body is not the service's.
func answer(status int, err error) error {
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err}
}

func operation(err error) error {
	return &smithy.OperationError{ServiceID: "S", OperationName: "O", Err: err}
}

func page(status int) error {
	return answer(status, &smithy.DeserializationError{Err: errors.New("invalid character '<'")})
}

func TestRetryDo(t *testing.T) {
	t.Parallel()
	read, safe, unsafe := iam.Call{}, iam.Call{Write: true, Repeatable: true}, iam.Call{Write: true}
	for _, c := range []struct {
		name     string
		call     iam.Call
		errs     []error // of the attempts; the last one goes on
		attempts int
		want     error
	}{
		{"success", read, []error{nil}, 1, nil},
		{"throttled, then success", unsafe, []error{errThrottled, errThrottled, nil}, 3, nil},
		{"throttled for ever", unsafe, []error{errThrottled}, iam.MaxAttempts, datastore.ErrThrottled},
		{"no connection", unsafe, []error{errDial}, iam.MaxAttempts, datastore.ErrUnavailable},
		{"a certificate that nobody vouches for", unsafe, []error{operation(&smithyhttp.RequestSendError{Err: &tls.CertificateVerificationError{Err: errors.New("x")}})}, 1, datastore.ErrUnavailable},
		{"out of time before it was sent", unsafe, []error{operation(context.DeadlineExceeded)}, iam.MaxAttempts, datastore.ErrUnavailable},
		{"out of time on its way", unsafe, []error{operation(answer(0, context.DeadlineExceeded))}, 1, datastore.ErrUnknown},
		{"out of time, and nobody says when", unsafe, []error{context.DeadlineExceeded}, 1, datastore.ErrUnknown},
		{"an error of the SDK without an answer", unsafe, []error{operation(errors.New("x"))}, 1, datastore.ErrUnknown},
		{"lost, of a read", read, []error{errReset}, iam.MaxAttempts, datastore.ErrUnavailable},
		{"lost, of a repeatable write", safe, []error{errReset}, iam.MaxAttempts, datastore.ErrUnknown},
		{"lost, of another write", unsafe, []error{errReset}, 1, datastore.ErrUnknown},
		{"lost, then throttled", safe, []error{errReset, errThrottled}, iam.MaxAttempts, datastore.ErrUnknown},
		{"lost, then denied", safe, []error{errReset, &smithy.GenericAPIError{Code: "AccessDeniedException"}}, 2, datastore.ErrUnknown},
		{"denied", safe, []error{&smithy.GenericAPIError{Code: "AccessDeniedException"}}, 1, datastore.ErrDenied},
		{"invalid", safe, []error{&smithy.GenericAPIError{Code: "ValidationException"}}, 1, datastore.ErrDeclaration},
		{"too large", safe, []error{&smithy.GenericAPIError{Code: "ValidationException", Message: "Item size has exceeded the maximum"}}, 1, datastore.ErrTooLarge},
		{"no table", safe, []error{&smithy.GenericAPIError{Code: "ResourceNotFoundException"}}, 1, datastore.ErrUnavailable},
		{"special", iam.Call{Special: map[string]error{"ResourceNotFoundException": datastore.ErrNotFound}},
			[]error{&smithy.GenericAPIError{Code: "ResourceNotFoundException"}}, 1, datastore.ErrNotFound},
		{"inside the service", unsafe, []error{&smithy.GenericAPIError{Code: "InternalServerError"}}, 1, datastore.ErrUnknown},
		{"the driver's own", safe, []error{&datastore.Error{Kind: datastore.ErrCorrupt}}, 1, datastore.ErrCorrupt},
		{"unfinished", read, []error{&iam.Unfinished{}}, iam.MaxAttempts, datastore.ErrThrottled},
		{"cannot be encoded", safe, []error{&smithy.SerializationError{Err: errors.New("x")}}, 1, datastore.ErrDeclaration},
		{"in a transaction, for ever", unsafe, []error{&smithy.GenericAPIError{Code: "TransactionConflictException"}}, iam.MaxAttempts, datastore.ErrConflict},
		{"in a transaction, then success", unsafe, []error{&smithy.GenericAPIError{Code: "TransactionConflictException"}, nil}, 2, nil},
		{"written in another region, then success", unsafe, []error{&smithy.GenericAPIError{Code: "ReplicatedWriteConflictException"}, nil}, 2, nil},
		{"written in another region, for ever", unsafe, []error{&smithy.GenericAPIError{Code: "ReplicatedWriteConflictException"}}, iam.MaxAttempts, datastore.ErrConflict},
		{"key denied", safe, []error{&smithy.GenericAPIError{Code: "KMSAccessDeniedException"}}, 1, datastore.ErrDenied},
		{"page of a proxy: 403", unsafe, []error{page(403)}, 1, datastore.ErrDenied},
		{"page of a proxy: 401", unsafe, []error{page(401)}, 1, datastore.ErrDenied},
		{"page of a proxy: 404", unsafe, []error{page(404)}, 1, datastore.ErrUnavailable},
		{"page of a proxy: 413", unsafe, []error{page(413)}, 1, datastore.ErrTooLarge},
		{"page of a proxy: 429", unsafe, []error{page(429), nil}, 2, nil},
		{"page of a proxy: 408", unsafe, []error{page(408)}, 1, datastore.ErrUnknown},
		{"page of a proxy: 502", unsafe, []error{page(502)}, 1, datastore.ErrUnknown},
		{"page of a proxy: 502, of a repeatable write", safe, []error{page(502), nil}, 2, nil},
		{"an answer 200 that cannot be read", unsafe, []error{page(200)}, 1, datastore.ErrUnknown},
		{"an answer 400 that was cut off", unsafe, []error{answer(400, io.ErrUnexpectedEOF), nil}, 2, nil},
		{"a code that is not known: 403", unsafe, []error{answer(403, &smithy.GenericAPIError{Code: "New"})}, 1, datastore.ErrDenied},
		{"a code that is not known: 400", unsafe, []error{answer(400, &smithy.GenericAPIError{Code: "New"})}, 1, datastore.ErrUnavailable},
		{"a code that is not known: 500", unsafe, []error{answer(500, &smithy.GenericAPIError{Code: "New"})}, 1, datastore.ErrUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := 0
				err := iam.NewRetry(nil).Do(t.Context(), c.call, func(context.Context) error {
					n++
					return c.errs[min(n, len(c.errs))-1]
				})
				if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || n != c.attempts {
					t.Errorf("Do = %v after %d attempts, want %v after %d", err, n, c.want, c.attempts)
				}
				if e, ok := errors.AsType[*datastore.Error](err); err != nil && (!ok || e.Attempts != c.attempts) {
					t.Errorf("Do = %#v, want a *datastore.Error of %d attempts", err, c.attempts)
				}
			})
		})
	}
}

func TestRetryProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		err := iam.NewRetry(nil).Do(t.Context(), iam.Call{}, func(context.Context) error {
			if n++; n < 40 {
				return &iam.Unfinished{Progress: true}
			}
			return nil
		})
		if err != nil {
			t.Errorf("Do of a batch that goes on for 40 attempts = %v, want nil", err)
		}
	})
}

// TestRetryPauses checks full jitter: pauses are spread from nothing to the
// doubled bound.
func TestRetryPauses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		jitter float64
		want   []time.Duration
	}{
		{0, []time.Duration{0, 0, 0}},
		{0.5, []time.Duration{25 * time.Millisecond, 50 * time.Millisecond, 100 * time.Millisecond}},
		{0.999999999, []time.Duration{50 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond}},
	} {
		synctest.Test(t, func(t *testing.T) {
			var got []time.Duration
			last := time.Now()
			_ = iam.NewRetry(func() float64 { return c.jitter }).Do(t.Context(), iam.Call{}, func(context.Context) error {
				got = append(got, time.Since(last).Round(time.Millisecond))
				last = time.Now()
				return errThrottled
			})
			for i, want := range c.want {
				if got[i+1] != want {
					t.Errorf("jitter %v: pause %d = %v, want %v", c.jitter, i+1, got[i+1], want)
				}
			}
		})
	}
}

// TestRetrySpread: without a jitter given, pauses are at random, over all of their
// range, so that functions that failed together do not come back together.
func TestRetrySpread(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const width = 5 * time.Millisecond
		var in [10]int // of the first pause, which is up to 50 ms
		for range 1000 {
			n, begin := 0, time.Now()
			_ = iam.NewRetry(nil).Do(t.Context(), iam.Call{}, func(context.Context) error {
				if n++; n == 1 {
					return errThrottled
				}
				return nil
			})
			in[min(int(time.Since(begin)/width), len(in)-1)]++
		}
		for i, n := range in {
			if n < 50 || n > 150 { // 100 and five standard deviations
				t.Errorf("%d of 1000 pauses are of %v to %v, want about 100", n, time.Duration(i)*width, time.Duration(i+1)*width)
			}
		}
	})
}

func TestRetryStaleConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, begin := 0, time.Now()
		err := iam.NewRetry(func() float64 { return 0.9 }).Do(t.Context(), iam.Call{}, func(context.Context) error {
			if n++; n == 1 {
				return errReset
			}
			return nil
		})
		if took := time.Since(begin); err != nil || took != 0 {
			t.Errorf("Do over a stale connection = %v after %v, want nil at once", err, took)
		}
	})
}

// TestRetryBucket: while nothing succeeds, calls are soon tried once only; and
// successes bring the repetitions back.
func TestRetryBucket(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		retry := iam.NewRetry(nil)
		tries := func(err error) (n int) {
			_ = retry.Do(t.Context(), iam.Call{}, func(context.Context) error { n++; return err })
			return n
		}
		for range 20 {
			tries(errThrottled)
		}
		if n := tries(errThrottled); n != 1 {
			t.Errorf("a call after 20 failed ones was tried %d times, want once", n)
		}
		for range 100 {
			tries(nil)
		}
		if n := tries(errThrottled); n != iam.MaxAttempts {
			t.Errorf("a call after 100 successes was tried %d times, want %d", n, iam.MaxAttempts)
		}
	})
}

func TestRetryDeadline(t *testing.T) {
	t.Parallel()
	for _, budget := range []time.Duration{10 * time.Millisecond, 100 * time.Millisecond, time.Second, 5 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), budget)
			defer cancel()
			begin := time.Now()
			err := iam.NewRetry(nil).Do(ctx, iam.Call{Write: true}, func(context.Context) error { return errThrottled })
			if took := time.Since(begin); took >= budget || !errors.Is(err, datastore.ErrThrottled) {
				t.Errorf("Do within %v = %v after %v, want the real error before the deadline", budget, err, took)
			}
		})
	}
	for budget, want := range map[time.Duration]int{30 * time.Millisecond: 1, 40 * time.Millisecond: iam.MaxAttempts} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), budget)
			defer cancel()
			n := 0
			_ = iam.NewRetry(func() float64 { return 0 }).Do(ctx, iam.Call{}, func(context.Context) error {
				if n++; n == 1 {
					time.Sleep(time.Millisecond) // of the bubble: it takes no time
				}
				return errThrottled
			})
			if n != want {
				t.Errorf("Do within %v without pauses was tried %d times, want %d: an attempt needs 30ms", budget, n, want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := iam.NewRetry(nil).Do(ctx, iam.Call{}, func(context.Context) error { t.Error("sent"); return nil })
	if !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("Do after cancellation = %v, want %v", err, datastore.ErrNoBudget)
	}
}

// TestRetryCancelled: a call that is cancelled on its way has the kind of one that
// was cancelled before, unless it may have changed something.
func TestRetryCancelled(t *testing.T) {
	t.Parallel()
	denied := &smithy.GenericAPIError{Code: "AccessDeniedException"}
	for _, c := range []struct {
		name string
		call iam.Call
		err  error // after the cancellation
		want error
	}{
		{"read", iam.Call{}, context.Canceled, datastore.ErrNoBudget},
		{"read, the SDK's error", iam.Call{}, &aws.RequestCanceledError{Err: context.Canceled}, datastore.ErrNoBudget},
		{"write", iam.Call{Write: true}, context.Canceled, datastore.ErrUnknown},
		{"repeatable write", iam.Call{Write: true, Repeatable: true}, context.Canceled, datastore.ErrUnknown},
		{"write, answered", iam.Call{Write: true}, denied, datastore.ErrDenied},
		{"read, answered", iam.Call{}, denied, datastore.ErrDenied},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			n := 0
			err := iam.NewRetry(nil).Do(ctx, c.call, func(context.Context) error {
				n++
				cancel()
				return c.err
			})
			if !errors.Is(err, c.want) || n != 1 {
				t.Errorf("Do = %v after %d attempts, want %v after 1", err, n, c.want)
			}
		})
	}
}

// TestRetryQuiet: what a service said is not in the text of the error, but found.
func TestRetryQuiet(t *testing.T) {
	t.Parallel()
	refused := &smithy.GenericAPIError{Code: "ValidationException", Message: "the value 'hunter2' is too long"}
	for _, quiet := range []bool{false, true} {
		err := iam.NewRetry(nil).Do(t.Context(), iam.Call{Quiet: quiet}, func(context.Context) error { return refused })
		var api smithy.APIError
		if !errors.Is(err, datastore.ErrDeclaration) || !errors.As(err, &api) || strings.Contains(err.Error(), "hunter2") == quiet {
			t.Errorf("Quiet %t: error = %v", quiet, err)
		}
	}
}

// TestRetryWakeUp: a cluster that resumes for 12 seconds is waited for.
func TestRetryWakeUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		err := iam.NewRetry(nil).Do(t.Context(), iam.Call{}, func(context.Context) error {
			if time.Since(begun) < 12*time.Second {
				return &smithy.GenericAPIError{Code: "DatabaseResumingException"}
			}
			return nil
		})
		if err != nil {
			t.Errorf("Do = %v after %v", err, time.Since(begun))
		}
	})
}
