// Package streamtest is the conformance suite of package stream: what every driver
// must do, one case a rule. The embedded driver, datastore/embedded/memorystream,
// is the reference.
//
//	func TestConformance(t *testing.T) {
//		streamtest.Run(t, func(t testing.TB, spec stream.Spec) streamtest.Harness {
//			...
//		})
//	}
package streamtest

import (
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// Open prepares an empty stream of spec for one case. It is called from several
// tests at once.
type Open func(t testing.TB, spec stream.Spec) Harness

// Harness is a stream with which a case is tried.
type Harness struct {
	// Data on which the case declares the stream.
	Data *datastore.Data
	// Read waits for n records, and answers all that there are then: those of each
	// shard in their order, one shard after the other.
	Read func(t testing.TB, n int) []Read
}

// Read is a record that was read.
type Read struct {
	stream.Place
	Key, Body string
}

// Difference is a known way in which a server does not do what Kinesis does. The
// suite asserts it: a server that has lost one fails.
type Difference string

// The differences of the servers that the drivers are tested with.
const (
	// SmallRequests: a request of 10 MiB is refused (moto 5.2.5), or not answered
	// for 10 seconds (kinesis-local 0.6.2).
	SmallRequests Difference = "a request of 10 MiB is refused or not answered"
	// NoLastHashKey: the greatest hash key of a shard fails in the server (moto
	// 5.2.5).
	NoLastHashKey Difference = "the greatest hash key of a shard fails in the server"
	// ShortFirstShard: the first of two shards ends one hash key early
	// (kinesis-local 0.6.2).
	ShortFirstShard Difference = "the first of two shards ends one hash key early"
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

// Run runs the suite on the streams that open prepares. What differs from Kinesis
// is named, and asserted.
func Run(t *testing.T, open Open, differs ...Difference) {
	for _, r := range slices.Concat(putRules, manyRules) {
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

// Click is what the suite writes.
type Click struct {
	Page string `json:"page"`
}

// all is everything that may be done to a stream.
type all[T any] interface {
	stream.Writer[T]
	stream.ManyWriter[T]
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// start is a handle on an empty stream.
func start[T any](t testing.TB, on target, opts ...stream.Option) (all[T], Harness) {
	t.Helper()
	spec, ok := stream.New[T](datastore.New(nil, nil), "suite", opts...).Spec().(stream.Spec)
	if !ok {
		t.Fatal("the Spec of a stream is no stream.Spec")
	}
	h := on.open(t, spec)
	handle := datastore.Use[all[T]](function{}, stream.New[T](h.Data, "suite", opts...))
	for _, err := range h.Data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handle, h
}

// put writes a record without further ado.
func put[T any](t testing.TB, s all[T], key string, record T, opts ...stream.PutOption) stream.Place {
	t.Helper()
	place, err := s.Put(t.Context(), key, record, opts...)
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	return place
}
