// Package memorytopic keeps topics in this process, and is the reference for the
// other drivers of package topic. It needs no server and nothing but the standard
// library.
//
//	topics := memorytopic.New(nil)
//	data := datastore.New([]datastore.Driver{topics}, nil)
//	cancel := topics.Topic(data, spec).Subscribe(memorytopic.Subscription{
//		Filter:  policy, // nil for all
//		Deliver: func(ctx context.Context, m memorytopic.Message) error { ... },
//	})
//
// A message goes to the subscriptions that are there when it is published, one
// after the other, in the order of the calls, before Publish answers. A
// subscription is meant to put it into a queue, or to start a function, and not to
// take its time. One that fails is told to the log, as SNS would tell CloudWatch;
// nobody else learns of it. Messages are not kept.
//
// FIFO topics leave out what was published within five minutes with the same
// deduplication id, by the clock of the [datastore.Data].
//
// See https://docs.aws.amazon.com/sns/latest/dg/sns-fifo-topics.html
package memorytopic

import (
	"context"
	"log/slog"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

// Driver keeps topics. Those of the same namespace and name are the same. It is
// safe for concurrent use.
type Driver struct {
	log *slog.Logger

	mu     sync.Mutex
	topics map[place]*Topic
}

type place struct{ namespace, name string }

// Options configures [New]. The zero value of each field is usable.
type Options struct {
	// Log is told of a subscription that fails. Default slog.Default().
	Log *slog.Logger
}

var _ topic.Driver = (*Driver)(nil)

// New is a Driver without topics. opts may be nil.
func New(opts *Options) *Driver {
	d := &Driver{topics: map[place]*Topic{}}
	if opts != nil {
		d.log = opts.Log
	}
	if d.log == nil {
		d.log = slog.Default()
	}
	return d
}

// Kind is "topic".
func (d *Driver) Kind() string { return "topic" }

// Name is "memorytopic".
func (d *Driver) Name() string { return "memorytopic" }

// OpenTopic is for package topic.
func (d *Driver) OpenTopic(_ context.Context, data *datastore.Data, spec topic.Spec) (topic.Conn, error) {
	return d.Topic(data, spec), nil
}

// Topic is the topic that data declares by spec, made if it is not there yet.
func (d *Driver) Topic(data *datastore.Data, spec topic.Spec) *Topic {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := place{data.Namespace(), spec.Logical}
	t := d.topics[at]
	if t == nil {
		t = &Topic{spec: spec, now: data.Now, rand: data.Rand(), log: d.log, seen: map[string]published{}}
		d.topics[at] = t
	}
	return t
}
