package lambda

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
)

// transformations are records on their way through Amazon Data Firehose, which wants
// each of them back.
var transformations = &recordService{
	name: "firehose", fails: failsNone, read: (*event).readTransformation,
	answer: func(ctx context.Context, b *batch) ([]byte, error) { return b.transformed(ctx), nil },
}

// result is what became of a record that has an answer: the members of its result but
// the id.
type result struct {
	index  int
	item   span
	answer []byte // nil if the record failed
	data   span   // as it came, with its quotes
}

// readTransformation reads a record of Firehose.
//
// See https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
func (e *event) readTransformation(s *scanner, r *delivery) error {
	r.record.Source = e.text(e.delivery)
	r.happened = resourceOfARN(r.record.Source)
	var own span
	for ok := s.open('{'); ok; ok = s.more('{') {
		switch s.key() {
		case "recordId":
			r.item = s.value()
		case "data":
			r.data = s.value()
		case "approximateArrivalTimestamp":
			r.record.SentAt = e.millis(s.value())
		case "kinesisRecordMetadata":
			own = s.value()
		default:
			s.value()
		}
	}
	r.record.ID = e.text(r.item)
	for name, v := range e.members(own) {
		switch name {
		case "partitionKey":
			r.record.Group = e.text(v)
		case "sequenceNumber":
			r.record.Sequence = e.text(v)
		}
	}
	if !e.is(r.data, '"') {
		return errors.New("the record has no data")
	}
	var err error
	if r.record.Data, err = e.decoded(r.data); err != nil {
		return errors.New("the data of the record is not base64")
	}
	return nil
}

// keep remembers the answer to record i, if it has one.
func (b *batch) keep(i int, r *delivery) {
	if r.answer == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results = append(b.results, result{i, r.item, r.answer, r.data})
}

// The text of results.
const (
	resultsOpen  = `{"records":[`
	resultOpen   = `{"recordId":`
	resultFailed = `"result":"ProcessingFailed","data":`
	noData       = `""`
	resultsShut  = `]}`
)

// failedSize is how many bytes a record that failed takes at least, but for its id,
// and with a comma.
const failedSize = len(resultOpen+`,},`) + len(resultFailed) + len(noData)

// maxResults is how large an answer Firehose takes.
//
// See https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
const maxResults = 6 << 20

// transformed says of each record what became of it, in their order. What does not fit
// into an answer of Lambda has failed, since Firehose would lose the whole batch. What
// failed goes back as it came, as far as there is room.
func (b *batch) transformed(ctx context.Context) []byte {
	slices.SortFunc(b.results, func(x, y result) int { return cmp.Compare(x.index, y.index) })
	room := maxResults - len(resultsOpen) - len(resultsShut)
	for _, r := range b.results {
		room -= failedSize + r.item.size()
	}
	left := 0
	for i := range b.results {
		r := &b.results[i]
		if r.answer == nil {
			continue
		}
		more := len(r.answer) - len("{}") - len(resultFailed) - len(noData)
		if more > room {
			r.answer = nil
			left++
			continue
		}
		room -= more
	}
	if left > 0 {
		b.d.logger().LogAttrs(ctx, slog.LevelError, "records failed: their results do not fit into the 6 MB of an answer",
			append(b.attrs(""), slog.Int("records", left))...)
	}
	out := append([]byte{}, resultsOpen...)
	for i, r := range b.results {
		if i > 0 {
			out = append(out, ',')
		}
		out, room = r.appendTo(out, b.e, room)
	}
	return append(out, resultsShut...)
}

// appendTo appends the result, and tells how much room there is then.
func (r *result) appendTo(out []byte, e *event, room int) ([]byte, int) {
	out = append(append(out, resultOpen...), e.payload[r.item.from:r.item.to]...)
	out = append(out, ',')
	if r.answer != nil {
		return append(append(out, r.answer[1:len(r.answer)-1]...), '}'), room
	}
	data := noData
	if more := r.data.size() - len(noData); e.is(r.data, '"') && more <= room {
		data = e.payload[r.data.from:r.data.to]
		room -= more
	}
	return append(append(append(out, resultFailed...), data...), '}'), room
}

func (v span) size() int { return int(v.to - v.from) }
