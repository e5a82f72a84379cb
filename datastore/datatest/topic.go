package datatest

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorytopic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

// Published are the messages that were published to the declared topic called
// name, in order. []byte and string take them as they are, all else as JSON. It
// needs no grant.
func Published[T any](t testing.TB, data *datastore.Data, name string) []T {
	t.Helper()
	var all []T
	for _, m := range PublishedTo(t, data, name) {
		all = append(all, decodeAs[T](t, "datatest.Published topic "+name, []byte(m.Body)))
	}
	return all
}

// PublishedTo are the messages that were published to the declared topic called
// name, with their subjects, groups and attributes, in order.
func PublishedTo(t testing.TB, data *datastore.Data, name string) []memorytopic.Message {
	t.Helper()
	driver, _ := driverOf[*topicDriver, topic.Spec](t, data, "topic "+name)
	driver.mu.Lock()
	defer driver.mu.Unlock()
	return slices.Clone(driver.published[place{data.Namespace(), name}])
}

// place is a store among those of all Datas that a driver has.
type place struct{ namespace, name string }

// topicDriver is the embedded driver with faults, which keeps what is published.
type topicDriver struct {
	*memorytopic.Driver
	faults faults

	mu        sync.Mutex
	opened    map[place]bool
	published map[place][]memorytopic.Message
}

var (
	_ topic.Driver = (*topicDriver)(nil)
	_ faulty       = (*topicDriver)(nil)
)

func newTopicDriver() *topicDriver {
	return &topicDriver{Driver: memorytopic.New(nil), opened: map[place]bool{}, published: map[place][]memorytopic.Message{}}
}

func (d *topicDriver) faultList() *faults { return &d.faults }

func (d *topicDriver) OpenTopic(_ context.Context, data *datastore.Data, spec topic.Spec) (topic.Conn, error) {
	on, at := d.Topic(data, spec), place{data.Namespace(), spec.Logical}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.opened[at] {
		d.opened[at] = true
		on.Subscribe(memorytopic.Subscription{Deliver: func(_ context.Context, m memorytopic.Message) error {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.published[at] = append(d.published[at], m)
			return nil
		}})
	}
	return &faultyTopic{on, spec, &d.faults}, nil
}

type faultyTopic struct {
	conn   topic.Conn
	spec   topic.Spec
	faults *faults
}

func (f *faultyTopic) Publish(ctx context.Context, e topic.Envelope) (id string, err error) {
	err = f.faults.run(f.spec, "Publish", func() error {
		id, err = f.conn.Publish(ctx, e)
		return err
	})
	return id, err
}

func (f *faultyTopic) PublishMany(ctx context.Context, es []topic.Envelope) ([]string, error) {
	return runMany(f.faults, f.spec, "PublishMany", len(es), func(which []int) ([]string, error) {
		return f.conn.PublishMany(ctx, pick(es, which))
	})
}
