package lint

import (
	"fmt"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// queues are those that functions work off, each once.
func (d *declaration) queues() []queue.Spec {
	var all []queue.Spec
	for _, t := range d.triggers() {
		if spec, ok := t.Feed().Spec.(queue.Spec); ok && !slices.Contains(all, spec) {
			all = append(all, spec)
		}
	}
	return all
}

// hidden finds queues whose messages come back while a function is slow.
func hidden(d *declaration) {
	for _, spec := range d.queues() {
		needed := tier.Visibility(d.app, spec)
		if spec.Visibility == 0 || spec.Visibility >= needed {
			continue
		}
		name, at := d.store(spec)
		d.found(name, at, "leave queue.Visibility out, which is then six times the timeout of what works it off",
			"hides a message for %s; AWS advises %s, six times what the function may take, because Lambda itself tries again when it is throttled: before that is over, another has the message too", span(spec.Visibility), span(needed))
	}
}

// forgotten finds queues that drop a message before it can be given up.
func forgotten(d *declaration) {
	for _, spec := range d.queues() {
		tries := time.Duration(spec.Receives) * spec.VisibilityFor(tier.Visibility(d.app, spec))
		if spec.Receives == 0 || tries <= spec.Retention {
			continue
		}
		name, at := d.store(spec)
		d.found(name, at, fmt.Sprintf("keep messages for %s or longer with queue.Retention, or write fewer receives in queue.DeadLetter", span(tries)),
			"keeps a message for %s, but a message that stops the function each time takes %s until it goes to the dead-letter queue (%d receives): it is dropped before", span(spec.Retention), span(tries), spec.Receives)
	}
}

// givenUp finds records that are lost when they cannot be worked off.
func givenUp(d *declaration) {
	for _, spec := range d.queues() {
		if spec.Receives > 0 {
			continue
		}
		name, at := d.store(spec)
		behind := ""
		if spec.FIFO {
			behind = " and holds up those behind it of its group"
		}
		d.found(name, at, "add queue.DeadLetter(5)",
			"has no dead-letter queue: a message that cannot be worked off comes back for %s%s, and is dropped then", span(spec.Retention), behind)
	}
	for _, t := range d.triggers() {
		if t.Settings().Failed == nil && canFail(t.Feed().Service) {
			d.found(t.String(), t.At(), "add tier.OnFailure with a queue or a topic",
				"has nobody who hears of records that are given up: they are lost")
		}
	}
	for _, f := range d.app.Functions() {
		if set, _, _ := f.Asynchronous(); set.Failed == nil && d.started(f) {
			d.found(function(f), f.DirectAt(), "write Invoke(handler, tier.OnFailure(q)) with a queue or a topic",
				"is started by others, who do not wait (call.Starter), and has nobody who hears of what is given up: it is lost")
		}
	}
}

// started reports whether a function of the App starts f and does not wait for it.
func (d *declaration) started(f *tier.Function) bool {
	return f.DirectHandler() != nil && slices.ContainsFunc(d.app.Functions(), func(other *tier.Function) bool {
		return slices.ContainsFunc(other.Grants(), func(g *datastore.Grant) bool {
			return g.Spec.Kind() == "call" && g.Spec.Name() == f.Name() && slices.Contains(g.Ops, "Start")
		})
	})
}

// canFail reports whether a service tells of what is given up: others have places of
// their own for it.
func canFail(service string) bool {
	return !slices.Contains([]string{"sqs", "cognito", "firehose", "secretsmanager"}, service)
}

// endless finds streams that a bad record stops.
func endless(d *declaration) {
	for _, t := range d.triggers() {
		kept := keptFor(t.Feed())
		if set := t.Settings(); kept == "" || set.Retries >= 0 || set.MaxAge > 0 {
			continue
		}
		d.found(t.String(), t.At(), "add tier.Retries(10) or tier.MaxAge(time.Hour), and tier.OnFailure",
			"a record that fails is tried until it expires, %s, and those behind it of its shard wait", kept)
	}
}

// keptFor is when a record of a stream expires, "" for what is none.
func keptFor(feed datastore.Feed) string {
	switch feed.Service {
	case "dynamodb":
		return "after a day"
	case "kinesis":
		return "when the stream drops it"
	}
	return ""
}
