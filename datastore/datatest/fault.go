package datatest

import (
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
	// Op is the operation, as capabilities are named: "Get". "" means any. What a
	// secret or a key keeps needs no service: their faults are those of the call to
	// it, "Read" of a secret, "Encrypt", "Decrypt" and "GenerateDataKey" of a key. SetGroups
	// of an identity calls "Groups", "AddToGroup" and "RemoveFromGroup".
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
	// batch in several parts, they are those of the first part.
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
	return nil, fmt.Errorf("no store %q is declared; there are: %s", store, strings.Join(declared, ", "))
}

// faults are those that did not happen yet.
type faults struct {
	mu   sync.Mutex
	list []Fault
}

func (l *faults) add(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.Times = max(f.Times, 1)
	l.list = append(l.list, f)
}

// take is the fault of an operation, if there is one.
func (l *faults) take(spec datastore.Spec, op string) (Fault, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range l.list {
		f := l.list[i]
		if f.Store != spec.Kind()+" "+spec.Name() || f.Op != "" && f.Op != op {
			continue
		}
		if l.list[i].Times--; l.list[i].Times == 0 {
			l.list = append(l.list[:i:i], l.list[i+1:]...)
		}
		return f, true
	}
	return Fault{}, false
}

func (l *faults) left() []Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.list
}

// run does an operation, or the fault of it.
func (l *faults) run(spec datastore.Spec, op string, do func() error) error {
	f, ok := l.take(spec, op)
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

// runBatch does an operation of n items, or the fault of it. do takes the positions
// of the items that are to be done, and answers for them by their places in that
// list.
func (l *faults) runBatch(spec datastore.Spec, op string, n int, do func(which []int) error) error {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	f, ok := l.take(spec, op)
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
	return &partial
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
