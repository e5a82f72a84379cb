package lambda

import (
	"errors"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// readSQS reads a message of a queue.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
func (e *event) readSQS(s *scanner, r *delivery) error {
	var id, body, attributes, own, arn span
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "messageId":
			id = s.value()
		case "body":
			body = s.value()
		case "attributes":
			attributes = s.value()
		case "messageAttributes":
			own = s.value()
		case "eventSourceARN":
			arn = s.value()
		default:
			s.value()
		}
	}
	r.item, r.record.ID, r.record.Source = id, e.text(id), e.text(arn)
	e.readSystemAttributes(attributes, &r.record)
	r.record.Attributes = e.readAttributes(own)
	if !e.is(body, '"') {
		return errors.New("the message has no body")
	}
	r.record.Data = e.unquoted(body)
	return unwrap(&r.record)
}

// readSystemAttributes reads what SQS says about a message.
func (e *event) readSystemAttributes(v span, r *datastore.Record) {
	if !e.is(v, '{') {
		return
	}
	s := v.over(e.payload)
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "ApproximateReceiveCount":
			r.Attempt = e.count(s.value())
		case "SentTimestamp":
			r.SentAt = e.millis(s.value())
		case "MessageGroupId":
			r.Group = e.text(s.value())
		case "MessageDeduplicationId":
			r.Dedup = e.text(s.value())
		case "SequenceNumber":
			r.Sequence = e.text(s.value())
		case "AWSTraceHeader":
			r.TraceHeader = e.text(s.value())
		default:
			s.value()
		}
	}
}

// readAttributes reads the attributes that the sender gave a message.
func (e *event) readAttributes(v span) []datastore.Attribute {
	var all []datastore.Attribute
	for name, v := range e.members(v) {
		var kind, text, data span
		for member, v := range e.members(v) {
			switch member {
			case "dataType":
				kind = v
			case "stringValue":
				text = v
			case "binaryValue":
				data = v
			}
		}
		if isBinary(e.text(kind)) {
			text = data
		}
		all = append(all, e.attribute(name, e.text(kind), text))
	}
	return all
}

// errTestEvent says that a record is S3's test, which is nobody's.
var errTestEvent = errors.New("a test event of S3")

// maxTestEvent is the size of the largest message that can be S3's test.
const maxTestEvent = 1024

// unwrap takes a message out of what services put around it: a topic that does not
// deliver raw makes JSON of the message and what is known of it. It is told from a
// message that was sent to the queue by all that SNS alone writes together: the
// type, both ids, the ARN of a topic, a time and a signature. What EventBridge
// sends is left as it is. So is a message with attributes, which these services give
// none: what a program says of a body that somebody gave it is not overruled by it.
//
// See https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
func unwrap(r *datastore.Record) error {
	if len(r.Data) == 0 || r.Data[0] != '{' || len(r.Attributes) > 0 {
		return nil
	}
	text := stringOf(r.Data)
	if strings.Contains(text, "TopicArn") { // begins with a letter that is rare, and so is found fast
		unwrapSNS(r)
		text = stringOf(r.Data)
	}
	if len(text) <= maxTestEvent && strings.Contains(text, "TestEvent") {
		e := &event{payload: text}
		s := scanner{text: text}
		if s.peek() == '{' {
			s.event(&e.parts)
		}
		if s.end() == nil && e.isTestEvent() {
			return errTestEvent
		}
	}
	return nil
}

// unwrapSNS puts the message of a topic in the place of its envelope.
func unwrapSNS(r *datastore.Record) {
	e := &event{payload: stringOf(r.Data)}
	s := scanner{text: e.payload}
	var envelope snsParts
	s.sns(&envelope)
	if s.end() != nil || !envelope.genuine(e) {
		return
	}
	r.Data = e.unquoted(envelope.message)
	r.Subject = e.text(envelope.subject)
	r.Attributes = e.readTopicAttributes(envelope.attributes)
}

// isFIFO reports whether the record is of a FIFO queue.
func isFIFO(r *delivery) bool {
	return r.source.Feed.FIFO || strings.HasSuffix(r.record.Source, ".fifo")
}
