// Package queuetest is the conformance suite of package queue: what every driver
// must do, one case a rule. The embedded driver, datastore/embedded/memoryqueue,
// is the reference.
//
//	func TestConformance(t *testing.T) {
//		queuetest.Run(t, func(t testing.TB, spec queue.Spec) queuetest.Harness {
//			...
//		})
//	}
package queuetest

import (
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// Open prepares an empty queue of spec for one case. It is called from several
// tests at once.
type Open func(t testing.TB, spec queue.Spec) Harness

// Harness is a queue with which a case is tried.
type Harness struct {
	// Data on which the case declares the queue.
	Data *datastore.Data
	// Receive waits for n messages, and takes them and all others that can be
	// received then, in the order in which they come.
	Receive func(t testing.TB, n int) []Received
}

// Received is a message that came out of the queue.
type Received struct {
	ID, Body     string
	Group, Dedup string
	Attributes   []datastore.Attribute // in any order
}

// Difference is a known way in which a server does not do what SQS does. The
// suite asserts it: a server that has lost one fails.
type Difference string

// The differences of the servers that the drivers are tested with.
const (
	// GroupLost: a message group on a standard queue is not told to the receiver
	// (fauxqs 2.4.1).
	GroupLost Difference = "the group of a message on a standard queue is lost"
	// NarrowText: characters that UTF-16 writes in two units are refused (fauxqs
	// 2.4.1).
	NarrowText Difference = "characters from U+10000 on are refused"
)

// target is what the suite runs on.
type target struct {
	open    Open
	differs []Difference
}

func (t target) has(d Difference) bool { return slices.Contains(t.differs, d) }

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, on target)
}

// Run runs the suite on the queues that open prepares. What differs from SQS is
// named, and asserted.
func Run(t *testing.T, open Open, differs ...Difference) {
	for _, r := range slices.Concat(sendRules, manyRules, fifoRules) {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("the rule: %s", r.why)
				}
			})
			r.run(t, target{open, differs})
		})
	}
}

// Job is what the suite sends.
type Job struct {
	Text string   `json:"text"`
	Tags []string `json:"tags,omitempty"`
}

// all is everything that may be done to a queue.
type all[T any] interface {
	queue.Sender[T]
	queue.ManySender[T]
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// start is a handle on an empty queue.
func start[T any](t testing.TB, on target, opts ...queue.Option) (all[T], Harness) {
	t.Helper()
	spec, ok := queue.New[T](datastore.New(nil, nil), "suite", opts...).Spec().(queue.Spec)
	if !ok {
		t.Fatal("the Spec of a queue is no queue.Spec")
	}
	h := on.open(t, spec)
	handle := datastore.Use[all[T]](function{}, queue.New[T](h.Data, "suite", opts...))
	for _, err := range h.Data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handle, h
}

// bodies of messages, sorted if they come in any order.
func bodies(received []Received, ordered bool) []string {
	list := make([]string, len(received))
	for i, m := range received {
		list[i] = m.Body
	}
	if !ordered {
		slices.Sort(list)
	}
	return list
}

// must fails the test if an operation did.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
