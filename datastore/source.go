package datastore

import (
	"context"
	"time"
)

// Source is what sends records to a function, each of which is a T: a queue, a
// topic, a stream, the changes of a table, the events of a bucket. Package tier
// attaches it:
//
//	tier.On(worker, jobs, func(ctx context.Context, job Job) error { ... })
//
// The kinds implement it, so that a function for records of another type does not
// compile.
type Source[T any] interface {
	// Feed says what is delivered.
	Feed() Feed
	// Decoder makes the value of a record. It is nil if the data of a record is
	// JSON of a T: then it is decoded and checked as the body of a request is. Its
	// errors match [ErrCorrupt].
	Decoder() func(r *Record, v *T) error
}

// Answering is a [Source] whose service waits for an answer, such as a user pool that
// asks what the claims of a token are. A record is a pointer, and the answer is what
// the function has left in it:
//
//	tier.On(worker, users.PreSignUp(), func(ctx context.Context, e *identity.PreSignUpEvent) error {
//		e.Response.AutoConfirmUser = true
//		return nil
//	})
type Answering[T any] interface {
	Source[T]
	// Answer is a JSON object: for a trigger of a user pool the "response" of its event,
	// for a transformation of Firehose the members of the record's result but for its id.
	Answer(v T) ([]byte, error)
}

// Feed says what a [Source] delivers: data that the tools read to print what
// attaches a function to it, and by which records are delivered locally.
type Feed struct {
	// Spec of the store, narrowed as the source is. A function that works a source
	// off needs its operation [Receive]. An [Origin] for a source that is no store.
	Spec Spec
	// Service that delivers, as records name it after "aws:": "sqs", "sns",
	// "kinesis", "dynamodb", "s3", "kafka", "events", "scheduler", "logs", "cognito",
	// "firehose", "secretsmanager".
	Service string
	// Asks is what the service wants an answer to, as the configuration of a user pool
	// names it, with the version of the event if it has several: "PreSignUp",
	// "PreTokenGeneration V2_0"; "transformation" of Firehose. "" if it wants none. See
	// [Answering].
	Asks string
	// FIFO says that records of a group come in their order and one after the
	// other.
	FIFO bool
	// Events are those that are delivered, as EventBridge names them: "Object
	// Created"; of a user pool as they begin: "PreSignUp"; of Firehose the name of the
	// delivery stream, of Kafka its topic, of CloudWatch Logs the log group. None where
	// there is one kind of them, or they are not listed.
	Events []string
	// Prefix that the keys of objects have. "" is all.
	Prefix string
	// Visibility is how long a message is hidden while it is worked on, as it was
	// declared. 0 is six times the timeout of the function, and for a queue that no
	// function works off what SQS does.
	Visibility time.Duration
	// Deliveries of a message after which it is given up, as it was declared. 0 is
	// never.
	Deliveries int
	// Filter is a filter policy of the service or the pattern of a rule, in JSON. ""
	// is none.
	Filter string
	// Logs says that a record is what a subscription of CloudWatch Logs delivers, which
	// is compressed: it is decoded as the JSON that it was, and control messages are
	// left out.
	Logs bool
	// Every is how often a secret is rotated, 0 for what is no secret.
	Every time.Duration
	// Version of its messages, which each has as the [VersionAttribute]. 0 for none.
	Version int
	// FilterBody says that the Filter is about bodies and not attributes.
	FilterBody bool
}

// Origin is the Spec of a [Source] that is no store of the application: an event bus,
// the clock, a topic of Kafka. Nothing opens it, no handle has it, and it has no
// variable. Its Needs for [Receive] are what Lambda reads it with, none where its
// service invokes the function.
type Origin interface {
	Spec
	// Check finds what is wrong with the declaration.
	Check() error
}

// Receive is the operation of a store whose records a function works off. No handle
// offers it: Lambda itself reads the records, with the role of the function.
const Receive = "Receive"

// Discard is the operation of a queue or a topic that hears of records given up. No
// handle offers it: Lambda itself sends there, with the role of the function.
const Discard = "Discard"

// VersionAttribute is the attribute of a message that says of which version it is, on
// queues and topics that are declared with one (queue.Version, topic.Version): a
// number. A message without it, or of another version, is a failed record.
const VersionAttribute = "message-version"

// Record is one record of an event, as its service delivered it.
type Record struct {
	// Service that delivered it, see [Feed].
	Service string
	// Source is the ARN of the queue, topic, stream, table stream, bucket, schedule or
	// delivery stream or cluster of Kafka, or who sent an event, as the event says:
	// "aws.ec2", "shop"; of log events the name of the log group; of a trigger the id of
	// the user pool; of a step of a rotation the ARN of the secret.
	Source string
	// ID by which the service knows the record: that of a message; the sequence
	// number of a record of a stream, followed by "." and its place where the record
	// was put into one with others; partition and offset of a record of Kafka
	// ("clicks-0/15"); "" where it has none. A record that is delivered
	// again has the same.
	ID string
	// Sequence orders the records of a Group: digits that compare as numbers, or
	// for a bucket's event the hexadecimal sequencer of the key; of Kafka the offset.
	// "" without order.
	Sequence string
	// Group is the message group, the partition key, the object's key, the log
	// stream, or the topic and the partition of Kafka ("clicks-0").
	Group string
	// Key is that of a record of Kafka, any bytes. "" for none.
	Key string
	// Dedup is the deduplication id of a FIFO message.
	Dedup string
	// Attempt counts the deliveries of a message from 1. 0 where the service does
	// not say.
	Attempt int
	// SentAt is when the record was made, or for when a schedule fired. Zero where the
	// service does not say.
	SentAt time.Time
	// TraceHeader is what X-Ray knows of the sender of a message of a queue, "" for
	// none: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1".
	// SQS keeps it apart from the attributes, also for what a topic, a bucket or an event
	// bus has put on the queue.
	TraceHeader string
	// Attributes of a message; of Kafka its headers, of which several can have one
	// name. They are not to be changed.
	Attributes []Attribute
	// Subject of a message of a topic.
	Subject string
	// Data is the body of a message, the data of a record of a stream, or the JSON
	// of any other record. It is nil for a record of Kafka whose value is null, which
	// says that what its key stood for is gone. It is not to be changed.
	Data []byte
}

// Attribute is the value of an attribute, "" if there is none of that name.
func (r *Record) Attribute(name string) string {
	for _, a := range r.Attributes {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

type recordKey struct{}

// WithRecord puts the record that is worked off into ctx. Doorways and tests do
// this; applications need not.
func WithRecord(ctx context.Context, r *Record) context.Context {
	return context.WithValue(ctx, recordKey{}, r)
}

// RecordFrom is the record that is worked off, nil if none is:
//
//	if datastore.RecordFrom(ctx).Attempt > 3 { ... }
func RecordFrom(ctx context.Context) *Record {
	r, _ := ctx.Value(recordKey{}).(*Record)
	return r
}
