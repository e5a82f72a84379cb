package lambda

import (
	"errors"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

var kafkaRecords = &recordService{
	name: "kafka", fails: failsEvent, lists: true, read: (*event).readKafka,
	ordered: func(*delivery) bool { return true }, // in its partition
	item:    (*delivery).kafkaItem,
}

// kafkaParts are the members of an event of Kafka, of Amazon MSK or self-managed.
type kafkaParts struct{ service, arn, servers, records span }

// isKafka reports whether the event has records of Kafka.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-msk.html#msk-sample-event
// and https://docs.aws.amazon.com/lambda/latest/dg/with-kafka.html#smaa-sample-event
func (e *event) isKafka() bool {
	service := e.text(e.kafka.service)
	return e.is(e.kafka.records, '{') && (service == "aws:kafka" || service == "SelfManagedKafka")
}

// eachOfLists is [batch.each] for records that come in a list a partition. The event
// was gone over before.
func (b *batch) eachOfLists(take func(i int, raw span, r *delivery, err error) bool) {
	s := b.e.kafka.records.over(b.e.payload)
	i, on := 0, true
	one := func() {
		if !on {
			s.value()
			return
		}
		s.peek()
		from := s.pos
		r, err := b.read(&s)
		on = take(i, span{int32(from), int32(s.pos)}, r, err)
		i++
	}
	for ok := s.open('{'); ok; ok = s.more('{') {
		s.key()
		switch s.peek() {
		case 'n':
			s.value()
		case '[':
			for ok := s.open('['); ok; ok = s.more('[') {
				one()
			}
		default: // which is none of Kafka's, and must not be lost
			one()
		}
	}
}

// readKafka reads a record of Kafka. Its value is nil if it is null or left out.
func (e *event) readKafka(s *scanner, r *delivery) error {
	var topic, partition, offset, key, value, headers span
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "topic":
			topic = s.value()
		case "partition":
			partition = s.value()
		case "offset":
			offset = s.value()
		case "timestamp":
			r.record.SentAt = e.millis(s.value())
		case "key":
			key = s.value()
		case "value":
			value = s.value()
		case "headers":
			headers = s.value()
		default:
			s.value()
		}
	}
	r.happened = e.text(topic)
	if r.record.Source = e.text(e.kafka.arn); r.record.Source == "" {
		r.record.Source = e.text(e.kafka.servers)
	}
	if !e.place(r, partition, offset) {
		return errors.New("the record has no topic, partition or offset")
	}
	if err := e.readHeaders(headers, &r.record); err != nil {
		return err
	}
	bound, err := e.kafkaBytes(key)
	if err != nil {
		return errors.New("the key of the record is not base64")
	}
	r.record.Key = stringOf(bound)
	if r.record.Data, err = e.kafkaBytes(value); err != nil {
		return errors.New("the value of the record is not base64")
	}
	return nil
}

// place has a record say where it stands: its id is "clicks-0/15", which begins with
// its partition and ends with its offset. It reports whether the event says so.
func (e *event) place(r *delivery, partition, offset span) bool {
	p, o := e.number(partition), e.number(offset)
	if r.happened == "" || p == "" || o == "" {
		return false
	}
	id := r.happened + "-" + p + "/" + o
	r.record.ID = id
	r.record.Group = id[:len(id)-len(o)-1]
	r.record.Sequence = id[len(id)-len(o):]
	return true
}

// number is a number that is an integer from 0 on, "" for everything else.
func (e *event) number(v span) string {
	if v.to == 0 {
		return ""
	}
	text := e.payload[v.from:v.to]
	if _, err := strconv.ParseUint(text, 10, 63); err != nil {
		return ""
	}
	return text
}

// kafkaBytes are the bytes of a key or a value, nil for null.
func (e *event) kafkaBytes(v span) ([]byte, error) {
	switch {
	case !e.has(v):
		return nil, nil
	case !e.is(v, '"'):
		return nil, errors.New("no text")
	}
	return e.decoded(v)
}

// readHeaders reads the headers of a record: objects of one member each, whose value
// is a list of bytes, which are signed as in Java or not.
func (e *event) readHeaders(v span, r *datastore.Record) error {
	for header := range e.elements(v) {
		for name, value := range e.members(header) {
			text, err := e.listedBytes(value)
			if err != nil {
				return errors.New("a header of the record is no list of bytes")
			}
			r.Attributes = append(r.Attributes, datastore.Attribute{Name: name, Type: datastore.AttributeBinary, Value: text})
		}
	}
	return nil
}

// listedBytes are the bytes of a list of numbers from -128 to 255, "" for null.
func (e *event) listedBytes(v span) (string, error) {
	switch {
	case !e.has(v):
		return "", nil
	case !e.is(v, '['):
		return "", errors.New("no list")
	}
	list := make([]byte, 0, 1+strings.Count(e.payload[v.from:v.to], ","))
	for item := range e.elements(v) {
		n, err := strconv.Atoi(e.payload[item.from:item.to])
		if err != nil || n < -128 || n > 255 {
			return "", errors.New("no byte")
		}
		list = append(list, byte(n))
	}
	return stringOf(list), nil
}

// kafkaItem is how Lambda is told of a record that was not worked off.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
func (r *delivery) kafkaItem() string {
	item := appendQuoted([]byte(`{"partition":`), r.record.Group)
	item = append(append(item, `,"offset":`...), r.record.Sequence...)
	return stringOf(append(item, '}'))
}
