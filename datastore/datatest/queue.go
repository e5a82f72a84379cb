package datatest

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// Sent are the messages that are in the declared queue called name, in the order
// in which they were sent: delayed ones too. []byte and string take them as they
// are, all else as JSON. It needs no grant.
func Sent[T any](t testing.TB, data *datastore.Data, name string) []T {
	t.Helper()
	var all []T
	for _, m := range SentTo(t, data, name).Messages() {
		all = append(all, decodeAs[T](t, "datatest.Sent queue "+name, []byte(m.Body)))
	}
	return all
}

// Dead are the messages in the dead-letter queue of the declared queue called name, as
// [Sent] has those of the queue itself. The Redrive of [SentTo] moves them back. It fails
// the test if the queue has no dead-letter queue.
func Dead[T any](t testing.TB, data *datastore.Data, name string) []T {
	t.Helper()
	dead := SentTo(t, data, name).Dead()
	if dead == nil {
		t.Fatalf("datatest.Dead queue %s: it has no dead-letter queue; declare it with queue.DeadLetter", name)
	}
	var all []T
	for _, m := range dead.Messages() {
		all = append(all, decodeAs[T](t, "datatest.Dead queue "+name, []byte(m.Body)))
	}
	return all
}

// SentTo is the declared queue called name, to look at the groups, the attributes
// and the delays of messages, to count them (Counts), to receive them, or to move back
// those that failed (Redrive).
func SentTo(t testing.TB, data *datastore.Data, name string) *memoryqueue.Queue {
	t.Helper()
	driver, spec := driverOf[*queueDriver, queue.Spec](t, data, "queue "+name)
	return driver.Queue(data, spec)
}

// driverOf is the driver of this package that opens a declared store, and its Spec.
func driverOf[D datastore.Driver, S datastore.Spec](t testing.TB, data *datastore.Data, store string) (driver D, spec S) {
	t.Helper()
	found, err := specOf(data, store)
	if err != nil {
		t.Fatalf("datatest: %v", err)
	}
	spec, ok := found.(S)
	if !ok {
		t.Fatalf("datatest: %s is a %T, want %T", store, found, spec)
	}
	if driver, err = datastore.DriverOf[D](data, spec); err != nil {
		t.Fatalf("datatest: %s: its driver is none of this package's", store)
	}
	return driver, spec
}

// decodeAs reads a message.
func decodeAs[T any](t testing.TB, what string, message []byte) (one T) {
	t.Helper()
	switch into := any(&one).(type) {
	case *[]byte:
		*into = message
	case *string:
		*into = string(message)
	default:
		if err := json.Unmarshal(message, into); err != nil {
			t.Fatalf("%s: %.200q: %v", what, message, err)
		}
	}
	return one
}

// queueDriver is the embedded driver with faults.
type queueDriver struct {
	*memoryqueue.Driver
	faults faults
}

var (
	_ queue.Driver = (*queueDriver)(nil)
	_ faulty       = (*queueDriver)(nil)
)

func (d *queueDriver) faultList() *faults { return &d.faults }

func (d *queueDriver) OpenQueue(_ context.Context, data *datastore.Data, spec queue.Spec) (queue.Conn, error) {
	return &faultyQueue{d.Queue(data, spec), spec, &d.faults}, nil
}

type faultyQueue struct {
	conn   queue.Conn
	spec   queue.Spec
	faults *faults
}

func (f *faultyQueue) Send(ctx context.Context, e queue.Envelope) (id string, err error) {
	err = f.faults.run(f.spec, "Send", func() error {
		id, err = f.conn.Send(ctx, e)
		return err
	})
	return id, err
}

func (f *faultyQueue) SendMany(ctx context.Context, es []queue.Envelope) ([]string, error) {
	return runMany(f.faults, f.spec, "SendMany", len(es), func(which []int) ([]string, error) {
		return f.conn.SendMany(ctx, pick(es, which))
	})
}
