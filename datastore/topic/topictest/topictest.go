// Package topictest is the conformance suite of package topic: what every driver
// must do, one case a rule. The embedded driver, datastore/embedded/memorytopic,
// is the reference.
//
//	func TestConformance(t *testing.T) {
//		topictest.Run(t, func(t testing.TB, spec topic.Spec) topictest.Harness {
//			...
//		})
//	}
package topictest

import (
	"slices"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
)

// Open prepares a topic of spec without subscriptions for one case. It is called
// from several tests at once.
type Open func(t testing.TB, spec topic.Spec) Harness

// Harness is a topic with which a case is tried.
type Harness struct {
	// Data on which the case declares the topic.
	Data *datastore.Data
	// Subscribe adds a subscriber who hears of messages as they are, in their order
	// if the topic is a FIFO topic: all, or those that the policy takes, if it is
	// not "". The function that it returns waits for n messages, and takes them and
	// all others that have come until then.
	Subscribe func(t testing.TB, policy string, scope filterpolicy.Scope) (receive func(t testing.TB, n int) []Received)
}

// Received is a message that a subscriber heard of.
type Received struct {
	Body         string
	Group, Dedup string
	Attributes   []datastore.Attribute // in any order
}

// Difference is a known way in which a server does not do what SNS does. The suite
// asserts it: a server that has lost one fails.
type Difference string

// The differences of the servers that the drivers are tested with.
const (
	// GroupLost: the message group of a message on a standard topic is not told to
	// those who subscribe (fauxqs 2.4.1).
	GroupLost Difference = "the group of a message on a standard topic is lost"
	// Only256: the size of messages cannot be declared (moto 5.2.5, fauxqs 2.4.1).
	Only256 Difference = "a message has at most 256 KiB on any topic"
	// TenthSecond: of a request of ten messages the last comes second (fauxqs
	// 2.4.1, which puts member.10 before member.2).
	TenthSecond Difference = "of ten messages the last comes second"
	// NoBinary: a message with an attribute of bytes does not arrive at a queue
	// (moto 5.2.5).
	NoBinary Difference = "a message with a Binary attribute is lost"
	// NoArraysInBody: a policy on the body does not look into arrays (fauxqs
	// 2.4.1).
	NoArraysInBody Difference = "a policy on the body does not look into arrays"
	// ExistsAlone: that something does not exist is not seen beside other values of
	// a policy (moto 5.2.5).
	ExistsAlone Difference = "exists false beside another value takes nothing"
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

// Run runs the suite on the topics that open prepares. What differs from SNS is
// named, and asserted.
func Run(t *testing.T, open Open, differs ...Difference) {
	for _, r := range slices.Concat(publishRules, manyRules, filterRules) {
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

// Note is what the suite publishes.
type Note struct {
	Text string   `json:"text"`
	Tags []string `json:"tags,omitempty"`
}

// all is everything that may be done to a topic.
type all[T any] interface {
	topic.Publisher[T]
	topic.ManyPublisher[T]
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// start is a handle on a topic without subscriptions.
func start[T any](t testing.TB, on target, opts ...topic.Option) (all[T], Harness) {
	t.Helper()
	spec, ok := topic.New[T](datastore.New(nil, nil), "suite", opts...).Spec().(topic.Spec)
	if !ok {
		t.Fatal("the Spec of a topic is no topic.Spec")
	}
	h := on.open(t, spec)
	handle := datastore.Use[all[T]](function{}, topic.New[T](h.Data, "suite", opts...))
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
