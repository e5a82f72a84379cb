package lambda

import (
	"errors"
	"slices"
	"strings"
)

// readDynamoDB reads a change of a table. The record stays JSON, which only the
// table can read.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
func (e *event) readDynamoDB(s *scanner, r *delivery) error {
	var all, arn span
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "dynamodb":
			all = s.value()
		case "eventSourceARN":
			arn = s.value()
		default:
			s.value()
		}
	}
	r.record.Source = e.text(arn)
	if !e.is(all, '{') {
		return errors.New("the record has no change of a table")
	}
	inner := all.over(e.payload)
	for ok := inner.open('{'); ok; ok = inner.more('{') {
		switch inner.key() {
		case "SequenceNumber":
			r.item = inner.value()
		case "Keys":
			r.record.Group = e.itemKey(inner.value())
		case "ApproximateCreationDateTime":
			r.record.SentAt = e.seconds(inner.value())
		default:
			inner.value()
		}
	}
	r.record.ID = e.text(r.item)
	r.record.Sequence = r.record.ID
	return nil
}

// itemKey is the key of an item as one text, however its JSON is written:
// {"id":{"S":"7"}}. Its members are sorted by name.
func (e *event) itemKey(v span) string {
	type part struct{ name, kind, value string }
	var room [2]part // a partition key and a sort key
	parts := room[:0]
	size := 2
	for name, v := range e.members(v) {
		for kind, v := range e.members(v) {
			p := part{name, kind, e.text(v)}
			parts, size = append(parts, p), size+len(p.name)+len(p.kind)+len(p.value)+12
		}
	}
	slices.SortFunc(parts, func(a, b part) int {
		if n := strings.Compare(a.name, b.name); n != 0 {
			return n
		}
		return strings.Compare(a.kind, b.kind)
	})
	key := append(make([]byte, 0, size), '{')
	for i, p := range parts {
		if i > 0 {
			key = append(key, ',')
		}
		key = append(appendQuoted(key, p.name), ":{"...)
		key = append(appendQuoted(key, p.kind), ':')
		key = append(appendQuoted(key, p.value), '}')
	}
	return stringOf(append(key, '}'))
}
