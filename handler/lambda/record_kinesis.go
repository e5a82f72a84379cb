package lambda

import "errors"

// readKinesis reads a record of a stream.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html
func (e *event) readKinesis(s *scanner, r *delivery) error {
	var all, arn span
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "kinesis":
			all = s.value()
		case "eventSourceARN":
			arn = s.value()
		default:
			s.value()
		}
	}
	r.record.Source = e.text(arn)
	var data span
	if e.is(all, '{') {
		inner := all.over(e.payload)
		for ok := inner.open('{'); ok; ok = inner.more('{') {
			switch inner.key() {
			case "sequenceNumber":
				r.item = inner.value()
			case "partitionKey":
				r.record.Group = e.text(inner.value())
			case "data":
				data = inner.value()
			case "approximateArrivalTimestamp":
				r.record.SentAt = e.seconds(inner.value())
			default:
				inner.value()
			}
		}
	}
	r.record.ID = e.text(r.item)
	r.record.Sequence = r.record.ID
	if !e.is(data, '"') {
		return errors.New("the record has no data")
	}
	var err error
	if r.record.Data, err = e.decoded(data); err != nil {
		return errors.New("the data of the record is not base64")
	}
	r.parts, err = disaggregate(r.record.Data)
	return err
}
