package local

import (
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
	"github.com/seed-18e8afb5/tierkit/datastore/eventfilter"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// patternsOf are the filter patterns of a trigger, which were checked when it was
// declared.
func patternsOf(t *tier.Trigger) (patterns []*eventfilter.Pattern) {
	for _, text := range t.Settings().Filters {
		if p, err := eventfilter.Parse(t.Feed().Service, text); err == nil {
			patterns = append(patterns, p)
		}
	}
	return patterns
}

// takesMessages chooses the messages of a queue, nil for all. The others are deleted,
// which is told: in AWS it is not.
func (d *Delivery) takesMessages(t *tier.Trigger) func(memoryqueue.Message) bool {
	patterns := patternsOf(t)
	if len(patterns) == 0 {
		return nil
	}
	return func(m memoryqueue.Message) bool {
		takes := eventfilter.Any(patterns, eventfilter.Message(m.Body))
		if !takes {
			d.log.Debug("a message is deleted, for no pattern of tier.Filter matches it", "trigger", t.String(), "message", m.ID)
		}
		return takes
	}
}

// takesRecords chooses the records of a stream or a table, nil for all.
func takesRecords(t *tier.Trigger) func(memorystream.Record) bool {
	patterns := patternsOf(t)
	if len(patterns) == 0 {
		return nil
	}
	changes := t.Feed().Service == "dynamodb"
	return func(r memorystream.Record) bool {
		if changes {
			return eventfilter.Any(patterns, eventfilter.Change(r.Body))
		}
		return eventfilter.Any(patterns, eventfilter.StreamRecord(r.Key, r.Body))
	}
}
