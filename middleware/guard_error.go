package middleware

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// The errors of work that guards did not begin. They are causes of a
// [*handler.Error] of status 503 with Retry-After.
var (
	// ErrCircuitOpen: a [Breaker] leaves alone what failed too often.
	ErrCircuitOpen = errors.New("middleware: the circuit is open")
	// ErrBulkheadFull: a [Bulkhead] has no room.
	ErrBulkheadFull = errors.New("middleware: the bulkhead is full")
)

// Temporary reports whether an error may be gone soon: [datastore.ErrThrottled],
// [datastore.ErrUnavailable], and a [*handler.Error] of status 429 or 503. An outcome
// that is unknown, time that is over, and what a [Breaker] or a [Bulkhead] refused are
// not: to try again at once does not help, or does harm. It is the default of
// [RetryOptions].Temporary.
func Temporary(err error) bool {
	for _, final := range [...]error{datastore.ErrUnknown, datastore.ErrNoBudget, ErrCircuitOpen, ErrBulkheadFull, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, final) {
			return false
		}
	}
	if errors.Is(err, datastore.ErrThrottled) || errors.Is(err, datastore.ErrUnavailable) {
		return true
	}
	var e *handler.Error
	return errors.As(err, &e) && (e.Status == http.StatusTooManyRequests || e.Status == http.StatusServiceUnavailable)
}

// retryAfter is how long an error asks to wait, 0 if it does not.
//
// See https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
func retryAfter(err error, now time.Time) time.Duration {
	var e *handler.Error
	if !errors.As(err, &e) || e.Header == nil {
		return 0
	}
	text := strings.TrimSpace(e.Header.Get("Retry-After"))
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(text); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// notNow is the answer to work that is not begun. after is in how long it may be.
func notNow(code, message string, after time.Duration, cause error) error {
	seconds := max(int64((after+time.Second-1)/time.Second), 1)
	return &handler.Error{Status: http.StatusServiceUnavailable, Code: code, Message: message,
		Header: http.Header{"Retry-After": {strconv.FormatInt(seconds, 10)}}, Err: cause}
}

// notBegun says which guard did not begin its work.
type notBegun struct {
	name string
	err  error
}

func (n *notBegun) Error() string { return n.err.Error() + ": " + n.name }
func (n *notBegun) Unwrap() error { return n.err }
