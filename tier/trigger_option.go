package tier

import (
	"fmt"
	"reflect"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/eventfilter"
)

// TriggerOption says how the records of a source are delivered: [BatchSize],
// [BatchWindow], [Parallel], [MaxConcurrent], [Filter], [Retries], [MaxAge],
// [FromNow], [OnFailure], [Pollers], [With]. Those of failures are for direct
// invocations, too ([Function.Invoke]).
type TriggerOption interface{ applyTrigger(*Trigger) }

// triggerSetting is an option that not every service takes.
type triggerSetting struct {
	set   func(*TriggerSettings)
	check func(service, *Trigger) string // says what is wrong, "" for nothing
}

func (o triggerSetting) applyTrigger(t *Trigger) {
	o.set(&t.settings)
	t.given = append(t.given, o)
}

func (o withOption) applyTrigger(t *Trigger) { t.middleware = append(t.middleware, o...) }

// BatchSize is how many records an invocation gets at most. A queue, a stream and
// Kafka take 1 to 10,000, a FIFO queue 10; a queue needs a [BatchWindow] for more than
// 10. Default 10 for queues, 100 for streams, tables and Kafka. Topics, buckets, rules
// and schedules have no batches. An invocation gets at most 6 MB.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventsourcemapping.html
func BatchSize(n int) TriggerOption {
	return triggerSetting{func(s *TriggerSettings) { s.Batch = n }, func(s service, _ *Trigger) string {
		switch {
		case s.parallel:
			return "leave tier.BatchSize out; the buffer of the delivery stream says how many come together"
		case s.batch == 0:
			return "its records come one by one; leave tier.BatchSize out"
		case n < 1 || n > s.batch:
			return fmt.Sprintf("tier.BatchSize(%d); write 1 to %d", n, s.batch)
		}
		return ""
	}}
}

// BatchWindow is how long a batch is waited for until it is full, whole seconds up
// to 5 minutes. Default: it is not, half a second of Kafka. It delays records.
func BatchWindow(d time.Duration) TriggerOption {
	return triggerSetting{func(s *TriggerSettings) { s.Window = d }, func(s service, _ *Trigger) string {
		switch {
		case s.parallel:
			return "leave tier.BatchWindow out; the buffer of the delivery stream says how long it waits"
		case !s.window:
			return "its records come one by one; leave tier.BatchWindow out"
		case d < 0 || d > maxWindow || d%time.Second != 0:
			return fmt.Sprintf("tier.BatchWindow(%v); write whole seconds up to %v", d, maxWindow)
		}
		return ""
	}}
}

// maxParallel is how many records are worked off at once at most.
const maxParallel = 1000

// Parallel has up to n records of an invocation worked off at the same time, 1 to
// 1,000, default 1. Records of the same message group, partition key, item or
// partition of Kafka stay in their order, one after the other. On a stream records
// that were worked off may then come again with one that failed and lies before them.
func Parallel(n int) TriggerOption {
	return triggerSetting{func(s *TriggerSettings) { s.Parallel = n }, func(s service, _ *Trigger) string {
		switch {
		case s.batch == 0 && !s.parallel:
			return "its records come one by one; leave tier.Parallel out"
		case n < 1 || n > maxParallel:
			return fmt.Sprintf("tier.Parallel(%d); write 1 to %d", n, maxParallel)
		}
		return ""
	}}
}

// MaxConcurrent is how many invocations run at the same time for a queue at most, 2
// to 1,000, default no limit; and for a shard of a stream or of a table, 1 to 10,
// default 1, of which each has other partition keys.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
func MaxConcurrent(n int) TriggerOption {
	return triggerSetting{func(s *TriggerSettings) { s.MaxConcurrent = n }, func(s service, _ *Trigger) string {
		switch {
		case s.concurrent[1] == 0:
			return "nothing limits how many records it delivers at once; leave tier.MaxConcurrent out"
		case n < s.concurrent[0] || n > s.concurrent[1]:
			return fmt.Sprintf("tier.MaxConcurrent(%d); write %d to %d", n, s.concurrent[0], s.concurrent[1])
		}
		return ""
	}}
}

// Retries is how often a record that failed is delivered again: 0 to 10,000 on a
// stream or a table, default until it expires, which holds up all that is behind
// it; as many of Kafka, where it takes [Pollers], default as of a stream, or 10 with
// an [OnFailure]; 0 to 2 for a topic, a bucket, a rule or a schedule, default 2. What
// is given up then goes to [OnFailure], or is lost. A queue says it itself, with
// queue.DeadLetter.
func Retries(n int) TriggerOption {
	return triggerSetting{func(s *TriggerSettings) { s.Retries = n }, func(s service, t *Trigger) string {
		switch {
		case s.retries < 0:
			return "leave tier.Retries out; " + s.instead
		case s.pollers && t.settings.Pollers[1] == 0:
			return "Lambda counts the retries of Kafka in provisioned mode alone; add tier.Pollers(1, 1), which costs by the hour, or leave tier.Retries out"
		case n < 0 || n > s.retries:
			return fmt.Sprintf("tier.Retries(%d); write 0 to %d", n, s.retries)
		}
		return ""
	}}
}

// MaxAge is how old a record may be to be delivered again, whole seconds: from 1
// minute to 7 days on a stream and of Kafka, where it takes [Pollers], 24 hours on a
// table, 6 hours for a topic, a bucket, a rule or a schedule. Default: until it
// expires; 6 hours. What a record of
// a stream or a table holds up grows old with it: [Retries] ends that sooner.
func MaxAge(d time.Duration) TriggerOption {
	return triggerSetting{func(s *TriggerSettings) { s.MaxAge = d }, func(s service, t *Trigger) string {
		switch {
		case s.ages[1] == 0:
			return "leave tier.MaxAge out; " + s.instead
		case s.pollers && t.settings.Pollers[1] == 0:
			return "Lambda looks at the age of records of Kafka in provisioned mode alone; add tier.Pollers(1, 1), which costs by the hour, or leave tier.MaxAge out"
		case d < s.ages[0] || d > s.ages[1] || d%time.Second != 0:
			return fmt.Sprintf("tier.MaxAge(%v); write whole seconds from %v to %v", d, s.ages[0], s.ages[1])
		}
		return ""
	}}
}

// FromNow has a stream, the changes of a table or a topic of Kafka read from the time of the
// deployment on. Default: all records that it still has.
func FromNow() TriggerOption {
	return triggerSetting{func(s *TriggerSettings) { s.FromNow = true }, func(s service, _ *Trigger) string {
		if !s.fromNow {
			return "it delivers what is sent from then on in any case; leave tier.FromNow out"
		}
		return ""
	}}
}

// Filter chooses the records of a queue, a stream, a table or Kafka that the function
// works off: those that one of the patterns matches, of which there are up to 5 in all, see
// package eventfilter.
//
//	tier.On(worker, jobs, work, tier.Filter(`{"body": {"total": [{"numeric": [">", 100]}]}}`))
//	tier.On(clerk, orders.Changes(), file, tier.Filter(`{"eventName": ["INSERT"]}`))
//
// Lambda deletes the other messages of a queue, and passes over the other records of a
// stream, a table or Kafka. It chooses before a record counts towards a batch. Messages of a
// topic are chosen by topic.Topic.Where.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
func Filter(patterns ...string) TriggerOption {
	return triggerSetting{func(s *TriggerSettings) { s.Filters = append(s.Filters, patterns...) }, func(_ service, t *Trigger) string {
		switch service := t.feed.Service; {
		case service == "sns":
			return "leave tier.Filter out; write Where or WhereBody on the topic"
		case t.feed.Asks != "":
			return "leave tier.Filter out; the service wants an answer to each record"
		case service == "s3":
			return "leave tier.Filter out; choose objects by Under and by Created or Removed"
		case len(patterns) == 0:
			return "tier.Filter without a pattern; write one, or leave it out"
		case len(t.settings.Filters) > eventfilter.MaxPatterns:
			return fmt.Sprintf("tier.Filter has %d patterns in all; write up to %d", len(t.settings.Filters), eventfilter.MaxPatterns)
		}
		for i, text := range patterns {
			if _, err := eventfilter.Parse(t.feed.Service, text); err != nil {
				return fmt.Sprintf("tier.Filter: pattern %d: %v", i+1, err)
			}
		}
		return ""
	}}
}

// Pollers has Lambda read a topic of Kafka in provisioned mode, with at least and at
// most so many event pollers: 1 to 200 and 1 to 2,000. They cost by the hour, also
// when nothing comes. Then Lambda is told which records of a batch were not worked
// off, and delivers those alone again, in ever smaller batches; [Retries] and [MaxAge]
// end that. Default: as many as Lambda finds right, and the whole batch comes again.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
// and https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
func Pollers(least, most int) TriggerOption {
	return triggerSetting{func(s *TriggerSettings) { s.Pollers = [2]int{least, most} }, func(s service, _ *Trigger) string {
		switch {
		case !s.pollers:
			return "it is not read by event pollers of its own; leave tier.Pollers out"
		case least < 1 || least > minPollers || most < least || most > maxPollers:
			return fmt.Sprintf("tier.Pollers(%d, %d); write 1 to %d, and from that on up to %d", least, most, minPollers, maxPollers)
		}
		return ""
	}}
}

// The limits of event pollers: how many there can be at least, and at most.
//
// See https://docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html
const (
	minPollers = 200
	maxPollers = 2000
)

// Storable is a declared store: a queue.Queue, a topic.Topic.
type Storable interface{ Spec() datastore.Spec }

// OnFailure has a queue or a topic told of records that are given up, see
// [Retries]: as the JSON that Lambda makes, which for a stream says where the
// records are and for a topic or a bucket has the event. Lambda has no way into a
// FIFO queue or a FIFO topic. For Kafka the network of the cluster needs a way to
// Amazon SQS or Amazon SNS.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
func OnFailure(to Storable) TriggerOption {
	var spec datastore.Spec
	fifo := false
	if !isNil(to) {
		spec = to.Spec()
		if source, ok := to.(interface{ Feed() datastore.Feed }); ok {
			fifo = source.Feed().FIFO
		}
	}
	return triggerSetting{func(s *TriggerSettings) { s.Failed = spec }, func(s service, _ *Trigger) string {
		switch {
		case !s.failed:
			return "leave tier.OnFailure out; " + s.instead
		case spec == nil || spec.Kind() != "queue" && spec.Kind() != "topic":
			return "tier.OnFailure: give it a queue or a topic"
		case fifo:
			return fmt.Sprintf("tier.OnFailure: %s %s is FIFO, and Lambda would lose what it should keep; declare it without FIFO()", spec.Kind(), spec.Name())
		}
		return ""
	}}
}

func isNil(v any) bool {
	rv := reflect.ValueOf(v)
	return !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil()
}
