package local

import (
	"context"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filebucket"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorytopic"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// subscribe has a topic start a function for each of its messages.
func (d *Delivery) subscribe(t *tier.Trigger, source *memorytopic.Topic) {
	arn := topicARN(source.Spec().Logical, source.Spec().FIFO)
	id := subscriptionID(t.Function().Name(), source.Spec().Logical)
	d.detach = append(d.detach, source.Subscribe(memorytopic.Subscription{
		Filter: filterOf(t.Feed()),
		Deliver: func(_ context.Context, m memorytopic.Message) error {
			event, err := topicEvent(arn, id, m)
			if err != nil {
				return err
			}
			return d.start(t, event)
		},
	}))
}

// subscriptionID is a UUID that is always the same for two names.
func subscriptionID(a, b string) string {
	var raw [16]byte
	copy(raw[:], nameID(12, "subscription "+a+" "+b)) // letters and digits are bits enough
	return uuid(raw)
}

// filterOf is the filter policy of a feed, which was checked when it was declared;
// nil for none.
func filterOf(feed datastore.Feed) *filterpolicy.Policy {
	if feed.Filter == "" {
		return nil
	}
	scope := filterpolicy.Attributes
	if feed.FilterBody {
		scope = filterpolicy.Body
	}
	policy, err := filterpolicy.Parse(feed.Filter, scope)
	if err != nil {
		return nil
	}
	return policy
}

// forward has a topic put its messages into a queue, as they are.
func (d *Delivery) forward(f *tier.Forwarding) error {
	from, to := f.From(), f.To()
	topics, err := datastore.DriverOf[topicDriver](d.data, from.Spec)
	if err != nil {
		d.elsewhere = append(d.elsewhere, from.Spec)
		return nil
	}
	queues, err := datastore.DriverOf[queueDriver](d.data, to.Spec)
	if err != nil {
		d.elsewhere = append(d.elsewhere, to.Spec)
		return nil
	}
	target := queues.Queue(d.data, to.Spec.(queue.Spec))
	d.detach = append(d.detach, topics.Topic(d.data, from.Spec.(topic.Spec)).Subscribe(memorytopic.Subscription{
		Filter: filterOf(from),
		Deliver: func(ctx context.Context, m memorytopic.Message) error {
			e := queue.Envelope{Body: m.Body, Attributes: m.Attributes, Group: m.Group}
			if to.FIFO {
				e.Dedup = m.Dedup
			}
			_, err := target.Send(ctx, e)
			return err
		},
	}))
	return nil
}

// watchBucket has the events of a bucket start the function that wants them.
func (d *Delivery) watchBucket(t *tier.Trigger, driver bucketDriver) {
	d.detach = append(d.detach, driver.Watch(func(e filebucket.Event) {
		if e.Namespace != d.data.Namespace() || !wantsObject(t.Feed(), e) {
			return
		}
		event, err := bucketEvent(e, d.events.Add(1), d.lambda.random)
		if err == nil {
			err = d.start(t, event)
		}
		if err != nil {
			d.log.Error("an event of a bucket is lost", "trigger", t.String(), "error", err)
		}
	}))
}

// wantsObject reports whether an event of a bucket is one of a feed.
func wantsObject(feed datastore.Feed, e filebucket.Event) bool {
	kind := objectCreated
	if strings.HasPrefix(e.Name, "ObjectRemoved:") {
		kind = objectDeleted
	}
	return feed.Service == "s3" && feed.Spec.Name() == e.Bucket && slices.Contains(feed.Events, kind) && strings.HasPrefix(e.Key, feed.Prefix)
}
