package datatest_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
)

// TestServiceServed: a handler of the test answers, and fails on request.
func TestServiceServed(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	billing := datastore.Use[service.Caller](function{}, service.New(data, "billing", nil))
	call := func() (int, error) { return service.Call[int](t.Context(), billing, "POST", "/", nil) }
	if _, err := call(); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Call before Serve: error = %v, want %v", err, datastore.ErrUnavailable)
	}
	n := 0
	datatest.Serve(t, data, "billing", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		fmt.Fprint(w, n)
	}))
	for _, f := range []datatest.Fault{
		{Err: datastore.ErrThrottled}, {Op: "Do", Err: datastore.ErrUnknown, Applied: true}, {Err: fmt.Errorf("on the way: %w", datastore.ErrDenied)},
	} {
		f.Store = "service billing"
		datatest.Fail(t, data, f)
		if _, err := call(); !errors.Is(err, f.Err) {
			t.Errorf("Call: error = %v, want %v", err, f.Err)
		}
	}
	if got, err := call(); err != nil || got != 2 {
		t.Errorf("Call = %d, %v, want 2: one was applied before", got, err)
	}
}
