// Package localcall calls functions in this process, and is the reference for the
// other drivers of package call. It needs no server and nothing but the standard
// library.
//
//	calls := localcall.New(func(ctx context.Context, name string, payload []byte) ([]byte, error) {
//		return app.Invoke(ctx, name, payload) // the function called name
//	}, nil)
//	data := datastore.New([]datastore.Driver{calls}, nil)
//
// As in Lambda, a function that is called does not see the end of the caller's
// context, and runs on; one that is started and fails is tried again twice, after
// one minute and after two, and then given up. Versions and aliases are the function
// itself.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
package localcall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
)

// Run runs the function called name. Its error is what the function failed with: a
// [*call.RemoteError], or any other, whose type and text then are those of one. One
// that is [ErrNoFunction] says that there is no such function.
type Run func(ctx context.Context, name string, payload []byte) ([]byte, error)

// ErrNoFunction is what a [Run] answers that knows no such function.
var ErrNoFunction = errors.New("there is no such function")

// Options configures [New]. The zero value of each field is usable.
type Options struct {
	// Pause is how long to wait before a started function is tried again, which
	// failed that many times. Default: one minute, then two.
	Pause func(failed int) time.Duration
	// Pending is how many started functions may wait or run. One more answers
	// [datastore.ErrThrottled]. Default 1000.
	Pending int
	// Concurrency is how many started functions run at once. Default 10.
	Concurrency int
	// Log is told of a started function that is given up. Default slog.Default().
	Log *slog.Logger
}

// attempts of a started function.
const attempts = 3

// Driver calls functions. It is safe for concurrent use.
type Driver struct {
	run  Run
	opts Options
	slot chan struct{} // one for each that may run at once

	mu      sync.Mutex
	pending int
	idle    chan struct{} // closed while nothing is pending
	closed  chan struct{}
}

var _ call.Driver = (*Driver)(nil)

// New is a Driver that runs functions by run. opts may be nil.
func New(run Run, opts *Options) *Driver {
	d := &Driver{run: run, idle: make(chan struct{}), closed: make(chan struct{})}
	close(d.idle)
	if opts != nil {
		d.opts = *opts
	}
	if d.opts.Pause == nil {
		d.opts.Pause = func(failed int) time.Duration { return time.Duration(failed) * time.Minute }
	}
	if d.opts.Pending == 0 {
		d.opts.Pending = 1000
	}
	if d.opts.Concurrency == 0 {
		d.opts.Concurrency = 10
	}
	if d.opts.Log == nil {
		d.opts.Log = slog.Default()
	}
	d.slot = make(chan struct{}, d.opts.Concurrency)
	return d
}

// Kind is "call".
func (d *Driver) Kind() string { return "call" }

// Name is "localcall".
func (d *Driver) Name() string { return "localcall" }

// OpenCall is for package call.
func (d *Driver) OpenCall(_ context.Context, _ *datastore.Data, spec call.Spec) (call.Conn, error) {
	return conn{d, spec.Logical}, nil
}

// Wait waits until no started function waits or runs.
func (d *Driver) Wait(ctx context.Context) error {
	d.mu.Lock()
	idle := d.idle
	d.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close gives up the started functions that did not run yet, or wait to be tried
// again, and waits for those that run. What is started afterwards answers
// [datastore.ErrUnavailable].
func (d *Driver) Close(ctx context.Context) error {
	d.mu.Lock()
	select {
	case <-d.closed:
	default:
		close(d.closed)
	}
	d.mu.Unlock()
	return d.Wait(ctx)
}

// conn is one function.
type conn struct {
	*Driver
	name string
}

var _ call.Conn = conn{}

// Call implements [call.Conn].
func (c conn) Call(ctx context.Context, payload []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	type outcome struct {
		answer []byte
		err    error
	}
	done := make(chan outcome, 1)
	go func() { // it runs on when the caller has gone
		answer, err := c.once(context.WithoutCancel(ctx), payload)
		done <- outcome{answer, err}
	}()
	select {
	case o := <-done:
		return o.answer, o.err
	case <-ctx.Done():
		return nil, &datastore.Error{Kind: datastore.ErrUnknown, Attempts: 1, Err: ctx.Err()}
	}
}

// once runs the function.
func (c conn) once(ctx context.Context, payload []byte) (answer []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = failed(&call.RemoteError{Type: fmt.Sprintf("%T", v), Message: fmt.Sprint(v)})
		}
	}()
	answer, err = c.run(ctx, c.name, slices.Clone(payload))
	switch {
	case errors.Is(err, ErrNoFunction):
		return nil, &datastore.Error{Kind: datastore.ErrUnavailable, Code: "ResourceNotFoundException", Attempts: 1, Err: err}
	case err != nil:
		return nil, failed(err)
	case len(answer) > call.MaxPayload:
		return nil, failed(&call.RemoteError{Type: "Function.ResponseSizeTooLarge", Message: "the answer has over 6 MB"})
	}
	return answer, nil
}

// failed is the error of a function that failed.
func failed(err error) error {
	remote, ok := errors.AsType[*call.RemoteError](err)
	if !ok {
		remote = &call.RemoteError{Type: fmt.Sprintf("%T", err), Message: err.Error()}
	}
	return &datastore.Error{Kind: datastore.ErrUnknown, Code: "Unhandled", Attempts: 1, Err: remote}
}
