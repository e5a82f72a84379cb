package iam_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// TestRetryAfter: a pause is never shorter than the service asks for, up to 5
// seconds; a call that has no time for it ends with the service's error at once.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	const amazon, standard = "X-Amz-Retry-After", "Retry-After"
	for _, c := range []struct {
		name   string
		header http.Header
		body   error // what the SDK read
		want   time.Duration
	}{
		{"milliseconds", http.Header{amazon: {"1500"}}, errThrottled, 1500 * time.Millisecond},
		{"seconds", http.Header{standard: {"2"}}, errThrottled, 2 * time.Second},
		{"both", http.Header{amazon: {"700"}, standard: {"3"}}, errThrottled, 700 * time.Millisecond},
		{"too long", http.Header{standard: {"3600"}}, errThrottled, 5 * time.Second},
		{"shorter than the own pause", http.Header{amazon: {"1"}}, errThrottled, 25 * time.Millisecond},
		{"negative", http.Header{amazon: {"-1"}}, errThrottled, 25 * time.Millisecond},
		{"a date", http.Header{standard: {"Wed, 21 Oct 2026 07:28:00 GMT"}}, errThrottled, 25 * time.Millisecond},
		{"none", nil, errThrottled, 25 * time.Millisecond},
		{"page of a proxy", http.Header{standard: {"1"}}, &smithy.DeserializationError{Err: errors.New("invalid character '<'")}, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				asked := &smithyhttp.ResponseError{Err: c.body, Response: &smithyhttp.Response{
					Response: &http.Response{StatusCode: 503, Header: c.header},
				}}
				n, begin := 0, time.Now()
				do := func(ctx context.Context) error {
					return iam.NewRetry(func() float64 { return 0.5 }).Do(ctx, iam.Call{}, func(context.Context) error {
						if n++; n == 1 {
							return asked
						}
						return nil
					})
				}
				if err := do(t.Context()); err != nil || time.Since(begin) != c.want {
					t.Errorf("Do = %v after %v, want nil after %v", err, time.Since(begin), c.want)
				}
				n, begin = 0, time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), c.want)
				defer cancel()
				if err := do(ctx); !errors.As(err, new(*datastore.Error)) || n != 1 || time.Since(begin) != 0 {
					t.Errorf("Do within %v = %v after %d attempts and %v, want the service's error at once", c.want, err, n, time.Since(begin))
				}
			})
		})
	}
}

// TestHTTPClientAt: the clock that decides on a gap is the given one.
func TestHTTPClientAt(t *testing.T) {
	t.Parallel()
	asked := 0
	client := iam.HTTPClientAt(func() time.Time { asked++; return time.Unix(0, 0) })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp, err := client.Do(req); err == nil {
		resp.Body.Close()
		t.Error("a cancelled request: error = nil, want one")
	}
	if asked == 0 {
		t.Error("a request did not ask the clock")
	}
}
