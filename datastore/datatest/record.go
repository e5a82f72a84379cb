package datatest

import (
	"context"
	"slices"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Call is one operation that began. What a handle refused by itself, such as an
// operation that was not granted, did not.
type Call struct {
	Store    string // kind and name: "table orders"
	Op       string // as capabilities are named: "Get"
	Function string // that was running, "" outside of one
	Err      error  // its outcome; nil also while it runs
}

// Recorder keeps the operations of the stores of a Data. The zero Recorder is
// ready for [Record]. It is safe for concurrent use.
//
//	var calls datatest.Recorder
//	data := datatest.New(t, datatest.Record(&calls))
//	...
//	if got := calls.Ops("table orders"); !slices.Equal(got, []string{"Get", "Put"}) {
type Recorder struct {
	mu    sync.Mutex
	calls []Call
}

// Record has r keep every operation.
func Record(r *Recorder) Option { return Observe(r.observe) }

// Calls are the operations so far, in the order in which they began.
func (r *Recorder) Calls() []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

// Ops are the names of the operations of one store, such as "table orders", in the
// order in which they began.
func (r *Recorder) Ops(store string) []string {
	var ops []string
	for _, c := range r.Calls() {
		if c.Store == store {
			ops = append(ops, c.Op)
		}
	}
	return ops
}

func (r *Recorder) observe(ctx context.Context, op datastore.Operation) (context.Context, func(error)) {
	function, _ := datastore.FunctionFrom(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	i := len(r.calls)
	r.calls = append(r.calls, Call{Store: op.Spec.Kind() + " " + op.Spec.Name(), Op: op.Op, Function: function})
	return ctx, func(err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls[i].Err = err
	}
}
