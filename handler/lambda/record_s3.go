package lambda

import (
	"errors"
	"net/url"
	"strings"
)

// What happens to an object, as EventBridge names it.
const (
	objectCreated = "Object Created"
	objectDeleted = "Object Deleted"
)

// readS3 reads a record of S3's own notifications. It stays JSON, which the bucket
// reads.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
func (e *event) readS3(s *scanner, r *delivery) error {
	var name, time, all span
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "eventName":
			name = s.value()
		case "eventTime":
			time = s.value()
		case "s3":
			all = s.value()
		default:
			s.value()
		}
	}
	var bucket, object span
	for member, v := range e.members(all) {
		switch member {
		case "bucket":
			bucket = v
		case "object":
			object = v
		}
	}
	r.record.Source = e.bucketARN(bucket)
	r.record.SentAt = e.instant(time)
	r.happened = happened(e.text(name))
	var key string
	for member, v := range e.members(object) {
		switch member {
		case "key":
			key = e.text(v)
		case "sequencer":
			r.record.Sequence = e.text(v)
		}
	}
	var err error
	if r.record.Group, err = url.QueryUnescape(key); err != nil { // S3 writes it as in a form
		return errors.New("the key of the object is not encoded as S3 does")
	}
	return nil
}

// happened is the name that EventBridge has for an event of S3.
func happened(name string) string {
	name = strings.TrimPrefix(name, "s3:")
	switch kind, _, _ := strings.Cut(name, ":"); kind {
	case "ObjectCreated":
		return objectCreated
	case "ObjectRemoved", "LifecycleExpiration":
		return objectDeleted
	}
	return name
}

// bucketARN is the ARN of a bucket that an event names.
func (e *event) bucketARN(bucket span) string {
	var name string
	for member, v := range e.members(bucket) {
		switch member {
		case "arn":
			if arn := e.text(v); arn != "" {
				return arn
			}
		case "name":
			name = e.text(v)
		}
	}
	return "arn:aws:s3:::" + name
}

// readObjectEvent reads an event of a bucket that came through EventBridge.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
func (e *event) readObjectEvent(s *scanner, r *delivery) error {
	var resources, detail span
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "id":
			r.record.ID = e.text(s.value())
		case "time":
			r.record.SentAt = e.instant(s.value())
		case "detail-type":
			r.happened = e.text(s.value())
		case "resources":
			resources = s.value()
		case "detail":
			detail = s.value()
		default:
			s.value()
		}
	}
	for member, v := range e.members(detail) {
		switch member {
		case "bucket":
			r.record.Source = e.bucketARN(v)
		case "object":
			for member, v := range e.members(v) {
				switch member {
				case "key":
					r.record.Group = e.text(v)
				case "sequencer":
					r.record.Sequence = e.text(v)
				}
			}
		}
	}
	for v := range e.elements(resources) { // it knows the partition
		r.record.Source = e.text(v)
		break
	}
	return nil
}

// testEvent is the name of what S3 sends when notifications are configured.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
const testEvent = "s3:TestEvent"

// isTestEvent reports whether the event is S3's test.
func (e *event) isTestEvent() bool {
	return e.text(e.service) == "Amazon S3" && e.text(e.test) == testEvent && e.is(e.bucket, '"')
}
