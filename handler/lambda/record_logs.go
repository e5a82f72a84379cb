package lambda

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

var logRecords = &recordService{name: "logs", fails: failsEvent, alone: true, read: (*event).readLogs}

// maxLogs is how many bytes a batch of log events may have: it comes compressed, and
// few bytes can become very many.
const maxLogs = 10 << 20

// errControl says that a record is one by which CloudWatch Logs tries whether the
// destination of a subscription can be reached.
var errControl = errors.New("a control message of CloudWatch Logs")

// readLogs reads what a subscription of CloudWatch Logs delivers.
//
// See https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/SubscriptionFilters.html#LambdaFunctionExample
func (e *event) readLogs(s *scanner, r *delivery) error {
	var all, data span
	for ok := s.open('{'); ok; ok = s.more('{') {
		if s.key() == "awslogs" {
			all = s.value()
		} else {
			s.value()
		}
	}
	for member, v := range e.members(all) {
		if member == "data" {
			data = v
		}
	}
	if !e.is(data, '"') {
		return errors.New("the record has no data")
	}
	var err error
	if r.record.Data, err = e.decoded(data); err != nil {
		return errors.New("the data of the record is not base64")
	}
	return r.openLogs()
}

// openLogs puts the JSON of a batch of log events in the place of its compressed form.
// The error is errControl for what is none.
func (r *delivery) openLogs() error {
	compressed, err := gzip.NewReader(bytes.NewReader(r.record.Data))
	if err != nil {
		return errors.New("the data of the record is not compressed by gzip")
	}
	text, err := io.ReadAll(io.LimitReader(compressed, maxLogs+1))
	switch {
	case err != nil:
		return errors.New("the data of the record is not compressed by gzip to its end")
	case len(text) > maxLogs:
		return fmt.Errorf("the log events have more than %d bytes", maxLogs)
	}
	r.record.Data = text
	e := &event{payload: stringOf(text)}
	for member, v := range e.members(span{0, int32(len(text))}) {
		switch member {
		case "messageType":
			if e.text(v) == "CONTROL_MESSAGE" {
				return errControl
			}
		case "logGroup":
			if r.record.Source == "" { // of Kinesis it is the stream
				r.record.Source, r.happened = e.text(v), e.text(v)
			}
		case "logStream":
			if r.record.Group == "" {
				r.record.Group = e.text(v)
			}
		}
	}
	return nil
}
