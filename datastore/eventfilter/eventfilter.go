// Package eventfilter evaluates the filter patterns of an event source mapping, by which
// Lambda chooses the records of a queue, a stream, a table or a topic of Kafka that a
// function works off.
// Package tier checks declared patterns with it (tier.Filter), and the local delivery
// chooses by it.
//
//	p, err := eventfilter.Parse("sqs", `{"body": {"total": [{"numeric": [">", 100]}]}}`)
//	ok := p.Match(eventfilter.Message(body))
//
// All properties that a pattern names must match; of the values that it gives for one,
// any. Of an array any element must match, also by anything-but.
//
//	"a", 1, true, null, ""                   equal; numbers as they are written: 300 is not 300.0
//	{"prefix": "a"}  {"suffix": "z"}         text that begins or ends so
//	{"equals-ignore-case": "a"}              text that is equal but for case
//	{"anything-but": ["a", "b"]}             another value, which is there
//	{"numeric": [">", 0, "<=", 10]}          a number in a range; also ["=", 1]
//	{"exists": true}  {"exists": false}      there is a value, which is no object; there is none
//	"$or": [{...}, {...}]                    any of these patterns
//
// What a pattern can be about depends on the source:
//
//	queue   "body": {...} of a message that is JSON, or "body": [...] of one that is not;
//	        a message of the other form does not match
//	stream  "data": {...} of a record that is JSON, any other does not match; "partitionKey"
//	table   "dynamodb": {"Keys": ..., "NewImage": ..., "OldImage": ...} with the types of
//	        attributes, in which numbers are text; "eventName", "userIdentity"
//	Kafka   "value": {...} or "value": [...], as "body" of a queue
//
// A pattern has at most 4,096 characters.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html
package eventfilter

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore/internal/pattern"
)

// MaxPatterns is how many patterns an event source mapping has, and MaxPattern how many
// characters each. AWS raises the first to 10 for who asks.
//
// See https://docs.aws.amazon.com/lambda/latest/api/API_Filter.html
const (
	MaxPatterns = 5
	MaxPattern  = 4096
)

// grammar is that of EventBridge, as far as Lambda has it.
//
// See https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
var grammar = pattern.Grammar{
	Name: "pattern", MaxNumber: 5e9, NumbersAsWritten: true, NullExists: true, NothingLacks: true, Basic: true,
}

// properties are those that records of a service are chosen by, nil if they are not.
// The first has the data.
func properties(service string) []string {
	switch service {
	case "sqs":
		return []string{"body"}
	case "kinesis":
		return []string{"data", "partitionKey"}
	case "dynamodb":
		return []string{"dynamodb", "eventName", "userIdentity"}
	case "kafka":
		return []string{"value"}
	}
	return nil
}

// Pattern is one filter pattern. It is safe for concurrent use.
type Pattern struct{ root *pattern.All }

// Parse reads a pattern for the records of a service: "sqs", "kinesis", "dynamodb",
// "kafka". What AWS would refuse is an error, and what could never match.
func Parse(service, text string) (*Pattern, error) {
	known := properties(service)
	if known == nil {
		return nil, errors.New("its records are not chosen by an event source mapping")
	}
	if utf8.RuneCountInString(text) > MaxPattern {
		return nil, fmt.Errorf("the pattern has more than %d characters", MaxPattern)
	}
	object, err := pattern.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("the pattern is no JSON object: %w", err)
	}
	if err := pattern.CheckTwice([]byte(text)); err != nil {
		return nil, fmt.Errorf("the pattern: %w", err)
	}
	root, err := grammar.Parse(object)
	if err != nil {
		return nil, err
	}
	if err := check(service, known, root); err != nil {
		return nil, err
	}
	return &Pattern{root}, nil
}

// check refuses properties that records do not have, and values that they cannot.
func check(service string, known []string, root *pattern.All) error {
	for _, path := range slices.Sorted(maps.Keys(root.Names())) {
		first, _, nested := strings.Cut(path, "\x00")
		switch {
		case !slices.Contains(known, first):
			return fmt.Errorf("the property %q; Lambda chooses these records by %s", first, strings.Join(known, ", "))
		case service != "sqs" && service != "kafka" && first == known[0] && !nested:
			return fmt.Errorf("the property %q is an object in a record; write one: {%q: {...}}", first, first)
		}
	}
	if service == "dynamodb" && root.Numeric() {
		return errors.New("numeric: the numbers of a table are text in its records, which Lambda does not compare as numbers; leave it out")
	}
	return nil
}

// Record is a record as patterns see it. It is not safe for concurrent use.
type Record struct{ object map[string]any }

// Message is a message of a queue.
func Message(body string) Record {
	return Record{map[string]any{"body": pattern.NewText(body)}}
}

// StreamRecord is a record of a stream.
func StreamRecord(partitionKey string, data []byte) Record {
	return Record{map[string]any{"data": pattern.NewText(string(data)), "partitionKey": partitionKey}}
}

// KafkaRecord is a record of Kafka.
func KafkaRecord(value []byte) Record {
	return Record{map[string]any{"value": pattern.NewText(string(value))}}
}

// Change is a record of the stream of a table, of which it takes the JSON as Lambda
// delivers it. One that is no JSON object matches no pattern.
func Change(record []byte) Record {
	object, err := pattern.Decode(record)
	if err != nil {
		return Record{}
	}
	return Record{object}
}

// Match reports whether the pattern takes a record.
func (p *Pattern) Match(r Record) bool { return r.object != nil && p.root.Match(r.object) }

// Any reports whether a record is delivered: any of the patterns takes it, or there are
// none.
func Any(patterns []*Pattern, r Record) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p *Pattern) bool { return p.Match(r) })
}
