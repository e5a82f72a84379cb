package datatest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Fault is something that goes wrong in a store.
type Fault struct {
	// Store is the kind and the name: "table orders".
	Store string
	// Op is the operation, as capabilities are named: "Get". "" means any. An
	// operation that calls its service more than once fails at the first call, and one
	// that needs no service, because a secret or a key is kept, does not fail. There
	// Op can be the call, too: "Read" of a secret, and "Awaited", "ReadPending",
	// "PutPending" and "Promote" of a rotation; "Decrypt" and "GenerateDataKey" of a
	// key; "Groups", "AddToGroup" and "RemoveFromGroup" of an identity; "Execute",
	// "Describe" and "Page" of a warehouse.
	Op string
	// Err is what the store answers: a sentinel of package datastore, or an
	// error that wraps one.
	Err error
	// Applied does the operation nevertheless, and answers Err all the same: a
	// write whose answer was lost, with [datastore.ErrUnknown]. An operation that
	// fails by itself, such as a Create of a key that is there, answers its own
	// error: there was no success whose answer could be lost.
	Applied bool
	// Items are the positions of the items of a batch that fail, from 0: the others
	// are read or written. nil means the whole operation. Where a store sends a
	// batch in several parts, they are those of the first part. Of a "Transact" they
	// are the operations that are to blame, and nothing is written. Positions that
	// the batch does not have, and Items of an operation on a single item, fail the
	// test.
	Items []int
	// Times is how many operations in a row fail. 0 means 1.
	Times int
}

// Fail makes the next operation that fits answer the fault. Faults of one store
// happen in the order of the calls.
func Fail(t testing.TB, data *datastore.Data, f Fault) {
	t.Helper()
	if f.Err == nil {
		t.Fatal("datatest.Fail: the fault has no Err")
	}
	spec, err := specOf(data, f.Store)
	if err != nil {
		t.Fatalf("datatest.Fail: %v", err)
	}
	driver, err := datastore.DriverOf[faulty](data, spec)
	if err != nil {
		t.Fatalf("datatest.Fail: %s: its driver is none of this package's", f.Store)
	}
	driver.faultList().add(f)
}

// faulty is a driver that can fail on request.
type faulty interface {
	datastore.Driver
	faultList() *faults
}

// specOf is the declared store of a name such as "table orders".
func specOf(data *datastore.Data, store string) (datastore.Spec, error) {
	var declared []string
	for _, spec := range data.Specs() {
		name := spec.Kind() + " " + spec.Name()
		if name == store {
			return spec, nil
		}
		declared = append(declared, name)
	}
	if declared == nil {
		return nil, fmt.Errorf("no store %q is declared: none is; declare the App on this Data first", store)
	}
	return nil, fmt.Errorf("no store %q is declared; there are: %s", store, strings.Join(declared, ", "))
}

// faults are those that did not happen yet.
type faults struct {
	mu       sync.Mutex
	list     []Fault
	mistakes []string
	called   map[string][]string // the operations of each store, in order, each once
}

func (l *faults) add(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.Times = max(f.Times, 1)
	l.list = append(l.list, f)
}

// take is the fault of an operation on n items, if there is one; n is -1 for an
// operation that is no batch. An operation may have several names.
func (l *faults) take(spec datastore.Spec, n int, names ...string) (Fault, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	store := spec.Kind() + " " + spec.Name()
	for _, op := range names {
		l.remember(store, op)
	}
	for i := range l.list {
		f := l.list[i]
		if f.Store != store || f.Op != "" && !slices.Contains(names, f.Op) {
			continue
		}
		op := names[0]
		if n < 0 && f.Items != nil {
			l.mistakes = append(l.mistakes, fmt.Sprintf("the fault of %s has Items, and %s is on a single item; leave them out", store, op))
			f.Items = nil
		}
		f.Items = slices.DeleteFunc(slices.Clone(f.Items), func(at int) bool {
			beyond := at < 0 || at >= n
			if beyond {
				l.mistakes = append(l.mistakes, fmt.Sprintf("the fault of %s has item %d, and %s was called with %d", store, at, op, n))
			}
			return beyond
		})
		if l.list[i].Times--; l.list[i].Times == 0 {
			l.list = append(l.list[:i:i], l.list[i+1:]...)
		}
		return f, true
	}
	return Fault{}, false
}

// remember keeps that op was called. l.mu is held.
func (l *faults) remember(store, op string) {
	if !slices.Contains(l.called[store], op) {
		if l.called == nil {
			l.called = map[string][]string{}
		}
		l.called[store] = append(l.called[store], op)
	}
}

// left says what is wrong with the faults at the end of a test.
func (l *faults) left() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	wrong := slices.Clone(l.mistakes)
	for _, f := range l.list {
		text := fmt.Sprintf("the fault %s of %s did not happen: %v", f.Op, f.Store, f.Err)
		if called := l.called[f.Store]; called == nil {
			text += "; nothing was called there"
		} else {
			text += "; what was called there: " + strings.Join(called, ", ")
		}
		wrong = append(wrong, text)
	}
	return wrong
}

// run does an operation, or the fault of it.
func (l *faults) run(spec datastore.Spec, op string, do func() error) error {
	return l.runAs(spec, []string{op}, do)
}

// runCall does a call to a service for the operation of ctx, which need not have its
// name, or the fault of either.
func (l *faults) runCall(ctx context.Context, spec datastore.Spec, call string, do func() error) error {
	names := []string{call}
	if op, ok := ctx.Value(operationKey{}).(datastore.Operation); ok && op.Spec.Kind() == spec.Kind() && op.Spec.Name() == spec.Name() && op.Op != call {
		names = []string{op.Op, call}
	}
	return l.runAs(spec, names, do)
}

func (l *faults) runAs(spec datastore.Spec, names []string, do func() error) error {
	f, ok := l.take(spec, -1, names...)
	if !ok {
		return do()
	}
	if f.Applied {
		if err := do(); err != nil {
			return err
		}
	}
	return f.Err
}

type operationKey struct{}

// withOperation is an observer that puts the operation into the context.
func withOperation(ctx context.Context, op datastore.Operation) (context.Context, func(error)) {
	return context.WithValue(ctx, operationKey{}, op), nil
}

// runWhole does an operation of n items of which all are done or none, or the fault
// of it.
func (l *faults) runWhole(spec datastore.Spec, op string, n int, do func() error) error {
	f, ok := l.take(spec, n, op)
	if !ok {
		return do()
	}
	if f.Applied || f.Items != nil && len(f.Items) == 0 {
		if err := do(); err != nil {
			return err
		}
	}
	if f.Items == nil {
		return f.Err
	}
	var partial datastore.PartialError
	for _, at := range f.Items {
		partial.Failed = append(partial.Failed, datastore.ItemError{Index: at, Err: f.Err})
	}
	return orNil(&partial)
}

// orNil is no error if no item failed.
func orNil(partial *datastore.PartialError) error {
	if len(partial.Failed) == 0 {
		return nil
	}
	return partial
}

// runBatch does an operation of n items, or the fault of it. do takes the positions
// of the items that are to be done, and answers for them by their places in that
// list.
func (l *faults) runBatch(spec datastore.Spec, op string, n int, do func(which []int) error) error {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	f, ok := l.take(spec, n, op)
	if !ok {
		return do(all)
	}
	var done []int
	var partial datastore.PartialError
	for i := range all {
		if f.Items != nil && !slices.Contains(f.Items, i) {
			done = append(done, i)
		} else {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: f.Err})
		}
	}
	if f.Applied {
		done = all
	}
	if len(done) > 0 {
		if err := do(done); err != nil {
			return inBatch(done, err)
		}
	}
	if f.Items == nil {
		return f.Err
	}
	return orNil(&partial)
}

// runMany is runBatch for items that have results, which are at their positions.
func runMany[R any](l *faults, spec datastore.Spec, op string, n int, do func(which []int) ([]R, error)) ([]R, error) {
	results := make([]R, n)
	err := l.runBatch(spec, op, n, func(which []int) error {
		some, err := do(which)
		for i, r := range some {
			results[which[i]] = r
		}
		return err
	})
	return results, err
}

// inBatch gives the failed items of a part of a batch their positions in the batch.
func inBatch(which []int, err error) error {
	if partial, ok := err.(*datastore.PartialError); ok {
		for i, failed := range partial.Failed {
			partial.Failed[i].Index = which[failed.Index]
		}
	}
	return err
}
