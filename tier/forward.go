package tier

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Forward has a topic put its messages, or those that a filter policy takes, into
// a queue, from which a function works them off in batches and with retries that
// last:
//
//	tier.Forward(app, placed.Where(`{"country": ["de"]}`), parcels)
//	tier.On(worker, parcels, pack)
//
// The queue has the bodies and the attributes as they were published. A FIFO topic
// reaches functions by this alone; a topic that is none has no way into a FIFO
// queue.
//
// See https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
func Forward[T any](app *App, from, to datastore.Source[T]) {
	at := datastore.Caller()
	if app == nil {
		refuse(at, "tier.Forward: the app is nil; pass the one that tier.New returned")
	}
	if isNil(from) || isNil(to) {
		app.fail(at, "tier.Forward: the topic or the queue is nil")
		return
	}
	f := &Forwarding{from: from.Feed(), to: to.Feed(), records: typeOf(to), at: at}
	switch {
	case f.from.Service != "sns" || f.to.Service != "sqs":
		app.fail(at, "tier.Forward from %s %s to %s %s; only a topic forwards its messages, and to a queue", f.from.Spec.Kind(), f.from.Spec.Name(), f.to.Spec.Kind(), f.to.Spec.Name())
		return
	case f.to.FIFO && !f.from.FIFO:
		app.fail(at, "tier.Forward: topic %s has no groups, which FIFO queue %s needs; declare it with topic.FIFO(), or the queue without queue.FIFO()", f.from.Spec.Name(), f.to.Spec.Name())
		return
	}
	if f.from.Version != f.to.Version {
		app.fail(at, "tier.Forward: the messages of topic %s are of %s, and those of queue %s of %s; declare both with the same topic.Version and queue.Version", f.from.Spec.Name(), versionText(f.from.Version), f.to.Spec.Name(), versionText(f.to.Version))
		return
	}
	for _, other := range app.forwardings {
		if datastore.Same(other.from.Spec, f.from.Spec) && datastore.Same(other.to.Spec, f.to.Spec) {
			app.fail(at, "tier.Forward from topic %s to queue %s is declared at %s already; SNS takes one: put both filter policies into one, with \"$or\"", f.from.Spec.Name(), f.to.Spec.Name(), other.at)
			return
		}
	}
	app.forwardings = append(app.forwardings, f)
}

// Forwarding is a topic whose messages go to a queue.
type Forwarding struct {
	from, to datastore.Feed
	records  recordType
	at       datastore.Position
}

// Forwardings in order of declaration.
func (a *App) Forwardings() []*Forwarding { return a.forwardings }

// From is the topic, and which of its messages.
func (f *Forwarding) From() datastore.Feed { return f.from }

// To is the queue.
func (f *Forwarding) To() datastore.Feed { return f.to }

// At is where it was declared.
func (f *Forwarding) At() datastore.Position { return f.at }
