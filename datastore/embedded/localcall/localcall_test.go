package localcall_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localcall"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type both interface {
	call.Caller[string, string]
	call.Starter[string]
}

func use(d *localcall.Driver, name string) both {
	data := datastore.New([]datastore.Driver{d}, nil)
	return datastore.Use[both](function{}, call.New[string, string](data, name))
}

type oddError struct{}

func (oddError) Error() string { return "odd secret" }

// TestFailures: what a function answers that does not do what it should.
func TestFailures(t *testing.T) {
	t.Parallel()
	d := localcall.New(func(_ context.Context, name string, _ []byte) ([]byte, error) {
		switch name {
		case "odd":
			return nil, oddError{}
		case "panics":
			panic("secret")
		case "large":
			return make([]byte, call.MaxPayload+1), nil
		}
		return nil, fmt.Errorf("%w: %s", localcall.ErrNoFunction, name)
	}, &localcall.Options{Log: quiet})
	for _, c := range []struct {
		name string
		kind error
		want call.RemoteError
	}{
		{"odd", datastore.ErrUnknown, call.RemoteError{Type: "localcall_test.oddError", Message: "odd secret"}},
		{"panics", datastore.ErrUnknown, call.RemoteError{Type: "string", Message: "secret"}},
		{"large", datastore.ErrUnknown, call.RemoteError{Type: "Function.ResponseSizeTooLarge", Message: "the answer has over 6 MB"}},
		{"missing", datastore.ErrUnavailable, call.RemoteError{}},
	} {
		_, err := use(d, c.name).Call(t.Context(), "x")
		remote, found := errors.AsType[*call.RemoteError](err)
		if !errors.Is(err, c.kind) || found != (c.want.Type != "") || found && (remote.Type != c.want.Type || remote.Message != c.want.Message) {
			t.Errorf("Call of %s: error = %v with %+v, want %v with %+v", c.name, err, remote, c.kind, c.want)
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("error = %q, want no message of the function", err)
		}
	}
}

// TestRunsOn: the function does not see the end of the caller's context.
func TestRunsOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		d := localcall.New(func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
			time.Sleep(time.Minute)
			ended <- ctx.Err()
			return []byte(`"y"`), nil
		}, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := use(d, "f").Call(ctx, "x"); !errors.Is(err, datastore.ErrUnknown) {
			t.Errorf("Call that takes too long: error = %v, want %v", err, datastore.ErrUnknown)
		}
		if err := <-ended; err != nil {
			t.Errorf("the function's context: %v, want it to go on", err)
		}
	})
}

// TestRetries: a started function that fails is tried after one minute, then after
// two, and then given up.
func TestRetries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var at []time.Duration
		var log bytes.Buffer
		d := localcall.New(func(context.Context, string, []byte) ([]byte, error) {
			at = append(at, time.Since(begin))
			return nil, errors.New("boom")
		}, &localcall.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err := use(d, "f").Start(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		if err := d.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(at) != "[0s 1m0s 3m0s]" {
			t.Errorf("tried at %v, want 0, 1 and 3 minutes", at)
		}
		if !strings.Contains(log.String(), "attempts=3") {
			t.Errorf("log = %s, want that it was given up after 3 attempts", log.String())
		}
	})
}

// TestBounds: only so many run at once, and only so many wait.
func TestBounds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int64
		d := localcall.New(func(context.Context, string, []byte) ([]byte, error) {
			most.Store(max(most.Load(), running.Add(1)))
			time.Sleep(time.Second)
			running.Add(-1)
			return nil, nil
		}, &localcall.Options{Pending: 5, Concurrency: 2})
		f := use(d, "f")
		for i := range 6 {
			err := f.Start(t.Context(), "x")
			if full := errors.Is(err, datastore.ErrThrottled); full != (i == 5) || !full && err != nil {
				t.Errorf("Start %d: error = %v, want %v for the sixth alone", i, err, datastore.ErrThrottled)
			}
		}
		if err := d.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if most.Load() != 2 {
			t.Errorf("%d ran at once, want 2", most.Load())
		}
		if err := f.Start(t.Context(), "x"); err != nil {
			t.Errorf("Start when none waits: error = %v, want none", err)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestClose gives up what waits to be tried again.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ran := 0
		d := localcall.New(func(context.Context, string, []byte) ([]byte, error) { ran++; return nil, errors.New("boom") }, &localcall.Options{Log: quiet})
		f := use(d, "f")
		if err := f.Start(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if err := d.Close(t.Context()); err != nil || ran != 1 {
			t.Errorf("Close = %v after %d runs, want none after one", err, ran)
		}
		if err := f.Start(t.Context(), "x"); !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("Start after Close: error = %v, want %v", err, datastore.ErrUnavailable)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Errorf("the second Close = %v", err)
		}
	})
}

func ExampleNew() {
	calls := localcall.New(func(_ context.Context, name string, payload []byte) ([]byte, error) {
		return []byte(fmt.Sprintf(`"%s got %s"`, name, payload)), nil
	}, nil)
	data := datastore.New([]datastore.Driver{calls}, nil)
	resize := datastore.Use[call.Caller[int, string]](function{}, call.New[int, string](data, "resize"))
	fmt.Println(resize.Call(context.Background(), 7))
	// Output: resize got 7 <nil>
}
