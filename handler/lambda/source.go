package lambda

import (
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// Source is a queue, a topic, a stream, the changes of a table, the events of a bucket
// or a bus, a schedule, a topic of Kafka, the triggers of a user pool, a delivery
// stream or the rotation of a secret, and what works its records off. See [Options].Sources.
type Source struct {
	// Feed says what is delivered.
	Feed datastore.Feed
	// Name is the physical name, as the variable of the store has it: the URL of a
	// queue, the ARN of a topic, the name of a stream, a table or a bucket. Of
	// several sources of one service a record is of that whose name its ARN has;
	// all records of a service are of its single source. Rules, schedules
	// and Kafka need none.
	Name string
	// Handler is called for each record. Its request has the method "RECORD", a path
	// of kind and name of the store ("/queue/jobs"), the record's data as its body
	// and an anonymous caller; the record itself is datastore.RecordFrom of its
	// context. An error of it, a response of status 400 or more and a panic are a
	// failed record. What else it answers is dropped, but for a Feed that asks: then the
	// body is the answer, a JSON object (datastore.Answering).
	Handler handler.Handler
	// Parallel is how many records of an event are worked off at the same time at
	// most. Those of one message group, partition key, item or partition of Kafka are
	// worked off in their order, one after the other. 0 is 1. Topics and buckets
	// deliver records one by one.
	Parallel int
	// Open is for a stream, or the changes of a table, whose records are gathered in
	// tumbling windows: it reads the state of a window, "{}" of a new one, which
	// Handler and End have in their context, beside datastore.WindowFrom. The records
	// of a window are worked off in their order, one after the other, whatever
	// Parallel says. nil for a source without windows.
	Open func(state []byte) (State, error)
	// End is called with the state when a window is over and all its records count,
	// by a request "WINDOW /stream/clicks" without a body. If it fails, it is called
	// again, and the shard waits. It must be there if Open is.
	End handler.Handler
	// Items says that Lambda is told which records of Kafka were not worked off, as
	// its event source mapping must say too (ReportBatchItemFailures): otherwise a
	// record that failed fails the event. Queues, streams and tables are always told.
	Items bool
}

// source is a Source, ready to be found.
type source struct {
	Source
	resource string // the name as ARNs have it
	path     string // "/queue/jobs"
}

// sources are all that a function works off.
type sources []source

func newSources(given []Source) sources {
	var all sources
	for _, s := range given {
		if s.Handler == nil || s.Feed.Spec == nil || (s.Open == nil) != (s.End == nil) {
			continue
		}
		all = append(all, source{s, resourceOf(s.Name), "/" + s.Feed.Spec.Kind() + "/" + s.Feed.Spec.Name()})
	}
	return all
}

// resourceOf is the name of a resource in its URL, its ARN or by itself.
func resourceOf(name string) string {
	if strings.HasPrefix(name, "arn:") {
		return resourceOfARN(name)
	}
	return name[strings.LastIndexByte(name, '/')+1:]
}

// resourceOfARN is the name in the ARN of a queue, a topic, a stream or a consumer of
// it, a table or its stream, a secret, or a bucket; "" of anything else.
//
// See https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func resourceOfARN(arn string) string {
	rest := arn
	for range 5 { // arn, partition, service, region, account
		_, after, ok := strings.Cut(rest, ":")
		if !ok {
			return ""
		}
		rest = after
	}
	if name, ok := strings.CutPrefix(rest, "secret:"); ok {
		return name
	}
	if kind, name, ok := strings.Cut(rest, "/"); ok && (kind == "stream" || kind == "table" || kind == "deliverystream") {
		rest, _, _ = strings.Cut(name, "/")
	}
	return rest
}

// serviceOfARN is the service that an ARN names, "" of anything else.
func serviceOfARN(arn string) string {
	parts := strings.SplitN(arn, ":", 4)
	if len(parts) < 4 || parts[0] != "arn" {
		return ""
	}
	return parts[2]
}

// gather reports whether any of the sources has windows.
func (all sources) gather() bool {
	return slices.ContainsFunc(all, func(s source) bool { return s.Open != nil })
}

// ofService are the sources of a service.
func (all sources) ofService(service string) sources {
	if !slices.ContainsFunc(all, func(s source) bool { return s.Feed.Service != service }) {
		return all // nearly always
	}
	var own sources
	for _, s := range all {
		if s.Feed.Service == service {
			own = append(own, s)
		}
	}
	return own
}

// has reports whether a service delivers anything.
func (all sources) has(service string) bool {
	return slices.ContainsFunc(all, func(s source) bool { return s.Feed.Service == service })
}

// hasEvent reports whether a service delivers events of a name.
func (all sources) hasEvent(service, name string) bool {
	return slices.ContainsFunc(all, func(s source) bool {
		return s.Feed.Service == service && (len(s.Feed.Events) == 0 || slices.Contains(s.Feed.Events, name))
	})
}

// find is the source, of those of one service, that a record is of; nil if there is
// none.
func (all sources) find(r *delivery) *source {
	resource := ""
	if len(all) > 1 {
		resource = resourceOfARN(r.record.Source)
	}
	for i := range all {
		s := &all[i]
		if (len(all) == 1 || r.named != "" || toldByEvent[s.Feed.Service] || s.resource == resource) && s.takes(r) {
			return s
		}
	}
	return nil
}

// toldByEvent are the services whose sources are not told apart by an ARN: the name of a
// log group, a topic or a delivery stream is part of what happened, and a function has
// the triggers of one user pool.
var toldByEvent = map[string]bool{
	eventRules.name: true, logRecords.name: true, kafkaRecords.name: true, triggers.name: true, transformations.name: true,
}

// takes reports whether an event of a bucket, a bus or a log group, or a record of a
// topic of Kafka, is one of those of the source.
func (s *source) takes(r *delivery) bool {
	if r.named != "" {
		return r.named == s.Feed.Spec.Name()
	}
	if r.happened == "" { // of another service
		return true
	}
	return (len(s.Feed.Events) == 0 || slices.Contains(s.Feed.Events, r.happened)) && strings.HasPrefix(r.record.Group, s.Feed.Prefix)
}

// resources are the names of the sources as ARNs have them, each once.
func (all sources) resources() []string {
	var names []string
	for _, s := range all {
		if !toldByEvent[s.Feed.Service] && !slices.Contains(names, s.resource) {
			names = append(names, s.resource)
		}
	}
	return names
}

// String names the sources in messages: "queue jobs, topic placed".
func (all sources) String() string {
	names := make([]string, 0, len(all))
	for _, s := range all {
		name := s.Feed.Spec.Kind() + " " + s.Feed.Spec.Name()
		if len(s.Feed.Events) > 0 {
			name += " (" + strings.Join(s.Feed.Events, ", ")
			if s.Feed.Prefix != "" {
				name += " under " + s.Feed.Prefix
			}
			name += ")"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
