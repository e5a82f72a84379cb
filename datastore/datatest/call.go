package datatest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/localcall"
)

// Answer has the declared function called name answer what fn does, in place of
// the function that it had. Its error is that of a function that failed: a
// [*call.RemoteError], or any other, whose type and text become one. A function
// without an answer cannot be called: [datastore.ErrUnavailable].
func Answer[In, Out any](t testing.TB, data *datastore.Data, name string, fn func(context.Context, In) (Out, error)) {
	t.Helper()
	driver, _ := driverOf[*callDriver, call.Spec](t, data, "call "+name)
	driver.mu.Lock()
	defer driver.mu.Unlock()
	driver.answers[name] = func(ctx context.Context, payload []byte) ([]byte, error) {
		out, err := fn(ctx, decodePayload[In](t, "datatest.Answer call "+name, payload))
		if err != nil {
			return nil, err
		}
		if raw, ok := any(out).([]byte); ok {
			return raw, nil
		}
		return json.Marshal(out)
	}
}

// Started are the payloads with which the declared function called name was
// started, in order. It did not run.
func Started[In any](t testing.TB, data *datastore.Data, name string) []In {
	t.Helper()
	driver, _ := driverOf[*callDriver, call.Spec](t, data, "call "+name)
	driver.mu.Lock()
	defer driver.mu.Unlock()
	var all []In
	for _, payload := range driver.started[name] {
		all = append(all, decodePayload[In](t, "datatest.Started call "+name, payload))
	}
	return all
}

// decodePayload reads a payload: bytes as they are, all else as JSON. Those of a
// function that was called are read while the test may be over, so that a mistake
// is no end of it.
func decodePayload[T any](t testing.TB, what string, payload []byte) (one T) {
	t.Helper()
	if raw, ok := any(&one).(*[]byte); ok {
		*raw = payload
	} else if err := json.Unmarshal(payload, &one); err != nil {
		t.Errorf("%s: %.200q: %v", what, payload, err)
	}
	return one
}

// callDriver is the embedded driver with faults, whose functions are the test's.
type callDriver struct {
	*localcall.Driver
	faults faults

	mu      sync.Mutex
	answers map[string]func(context.Context, []byte) ([]byte, error)
	started map[string][][]byte
}

var (
	_ call.Driver = (*callDriver)(nil)
	_ faulty      = (*callDriver)(nil)
)

func newCallDriver() *callDriver {
	d := &callDriver{answers: map[string]func(context.Context, []byte) ([]byte, error){}, started: map[string][][]byte{}}
	d.Driver = localcall.New(d.run, nil)
	return d
}

func (d *callDriver) run(ctx context.Context, name string, payload []byte) ([]byte, error) {
	d.mu.Lock()
	answer := d.answers[name]
	d.mu.Unlock()
	if answer == nil {
		return nil, fmt.Errorf("%w: give call %s an answer with datatest.Answer", localcall.ErrNoFunction, name)
	}
	return answer(ctx, payload)
}

func (d *callDriver) faultList() *faults { return &d.faults }

func (d *callDriver) OpenCall(ctx context.Context, data *datastore.Data, spec call.Spec) (call.Conn, error) {
	conn, err := d.Driver.OpenCall(ctx, data, spec)
	if err != nil {
		return nil, err
	}
	return &faultyCall{conn, spec, d}, nil
}

type faultyCall struct {
	conn   call.Conn
	spec   call.Spec
	driver *callDriver
}

func (f *faultyCall) Call(ctx context.Context, payload []byte) (answer []byte, err error) {
	err = f.driver.faults.run(f.spec, "Call", func() error {
		answer, err = f.conn.Call(ctx, payload)
		return err
	})
	return answer, err
}

func (f *faultyCall) Start(ctx context.Context, payload []byte) error {
	return f.driver.faults.run(f.spec, "Start", func() error {
		if err := ctx.Err(); err != nil {
			return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
		}
		f.driver.mu.Lock()
		defer f.driver.mu.Unlock()
		f.driver.started[f.spec.Logical] = append(f.driver.started[f.spec.Logical], slices.Clone(payload))
		return nil
	})
}
