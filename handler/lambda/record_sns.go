package lambda

import (
	"errors"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// snsParts are the members of a message of a topic.
type snsParts struct {
	typ, id, topic, subject, message, time, signature, attributes span
}

// sns goes over a message of a topic.
func (s *scanner) sns(p *snsParts) {
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "Type":
			p.typ = s.value()
		case "MessageId":
			p.id = s.value()
		case "TopicArn":
			p.topic = s.value()
		case "Subject":
			p.subject = s.value()
		case "Message":
			p.message = s.value()
		case "Timestamp":
			p.time = s.value()
		case "Signature":
			p.signature = s.value()
		case "MessageAttributes":
			p.attributes = s.value()
		default:
			s.value()
		}
	}
}

// genuine reports whether SNS made a message, and not somebody who sends something
// like it.
func (p *snsParts) genuine(e *event) bool {
	partition, _, _ := strings.Cut(strings.TrimPrefix(e.text(p.topic), "arn:"), ":")
	return e.text(p.typ) == "Notification" && e.text(p.id) != "" && e.is(p.message, '"') && e.is(p.signature, '"') &&
		!e.instant(p.time).IsZero() && strings.HasPrefix(e.text(p.topic), "arn:"+partition+":sns:")
}

// readSNS reads a message of a topic.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
func (e *event) readSNS(s *scanner, r *delivery) error {
	var all span
	for ok := s.open('{'); ok; ok = s.more('{') {
		if s.key() == "Sns" {
			all = s.value()
		} else {
			s.value()
		}
	}
	if !e.is(all, '{') {
		return errors.New("the record has no message of a topic")
	}
	var p snsParts
	inner := all.over(e.payload)
	inner.sns(&p)
	r.record.ID, r.record.Source, r.record.Subject = e.text(p.id), e.text(p.topic), e.text(p.subject)
	r.record.SentAt, r.record.Attributes = e.instant(p.time), e.readTopicAttributes(p.attributes)
	if !e.is(p.message, '"') {
		return errors.New("the message has no text")
	}
	r.record.Data = e.unquoted(p.message)
	return nil
}

// readTopicAttributes reads the attributes that the publisher gave a message.
func (e *event) readTopicAttributes(v span) []datastore.Attribute {
	var all []datastore.Attribute
	for name, v := range e.members(v) {
		var kind, value span
		for member, v := range e.members(v) {
			switch member {
			case "Type":
				kind = v
			case "Value":
				value = v
			}
		}
		all = append(all, e.attribute(name, e.text(kind), value))
	}
	return all
}
