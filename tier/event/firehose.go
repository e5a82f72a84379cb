package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Transformation is a record on its way through a delivery stream. The function
// changes it, drops it, or leaves it as it is.
type Transformation[T any] struct {
	// Value is the record, and what becomes of it: a []byte and a string as they are, all
	// else as JSON. Of JSON only that is delivered which T has.
	Value T `body:""`
	// PartitionKeys by which the stream chooses the prefix of the object, if it has
	// dynamic partitioning: !{partitionKeyFromLambda:NAME}. nil for none.
	//
	// See https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html
	PartitionKeys map[string]string `json:"-"`

	dropped bool
}

// Drop has the stream forget the record, which counts as worked off.
func (t *Transformation[T]) Drop() { t.dropped = true }

// Firehose are the records that a delivery stream of Amazon Data Firehose has
// transformed. [NewFirehose] makes it.
type Firehose[T any] struct {
	feed  datastore.Feed
	lines bool
}

var _ datastore.Answering[*Transformation[struct{}]] = (*Firehose[struct{}])(nil)

// FirehoseSpec says what a transformation is.
type FirehoseSpec struct {
	Logical string // the name in the program: "clicks"
	Stream  string // the name of the delivery stream, "" for each that invokes the function

	mistake string // in the options
}

var _ datastore.Origin = FirehoseSpec{}

// Kind is "firehose".
func (s FirehoseSpec) Kind() string { return "firehose" }

// Name is the logical name.
func (s FirehoseSpec) Name() string { return s.Logical }

// Needs are none: it is the delivery stream that may invoke the function.
func (s FirehoseSpec) Needs([]string) []datastore.Need { return nil }

// maxDeliveryStream is how long the name of a delivery stream may be.
//
// See https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html
const maxDeliveryStream = 64

// Check finds what is wrong with the declaration.
func (s FirehoseSpec) Check() error {
	errs := []error{datastore.CheckName(s)}
	if len(s.Stream) > maxDeliveryStream || strings.Trim(s.Stream, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-") != "" {
		errs = append(errs, fmt.Errorf("the delivery stream %.80q: write its name, not its ARN: up to %d letters, digits, '_', '-' and '.'", s.Stream, maxDeliveryStream))
	}
	if s.mistake != "" {
		errs = append(errs, errors.New(s.mistake))
	}
	return errors.Join(errs...)
}

// FirehoseOption is a part of the declaration of a transformation: [FromStream],
// [Newlines].
type FirehoseOption interface {
	declareFirehose(*FirehoseSpec, *bool)
}

type firehoseOption func(*FirehoseSpec, *bool)

func (o firehoseOption) declareFirehose(s *FirehoseSpec, lines *bool) { o(s, lines) }

// FromStream takes the records of the delivery stream of that name alone, by which a
// function with several tells them apart. Default: those of each stream that invokes
// the function.
func FromStream(name string) FirehoseOption {
	return firehoseOption(func(s *FirehoseSpec, _ *bool) {
		s.Stream = name
		if name == "" {
			s.mistake = `event.FromStream(""): write the name of the delivery stream, or leave it out`
		}
	})
}

// Newlines puts a newline behind each record that has none: a delivery stream writes
// one record after the other, and most readers want lines.
func Newlines() FirehoseOption {
	return firehoseOption(func(_ *FirehoseSpec, lines *bool) { *lines = true })
}

// NewFirehose declares that a function transforms the records of a delivery stream,
// which was made elsewhere:
//
//	clicks := event.NewFirehose[Click]("clicks", event.Newlines())
//	tier.On(worker, clicks, func(ctx context.Context, r *event.Transformation[Click]) error {
//		if r.Value.Bot {
//			r.Drop()
//		}
//		r.PartitionKeys = map[string]string{"country": r.Value.Country}
//		return nil
//	}, tier.Parallel(10))
//
// A record that is refused, or for which the function answers an error, panics or has
// no time left, has the result ProcessingFailed: the stream puts it where it puts its
// errors, and does not try it again. So has one that does not fit into the 6 MB of the
// answer: give the stream a small buffer (1 MB) if records grow. Data of MSK is not
// taken.
//
// The template puts out the ARN of the function. The role of the stream needs
// lambda:InvokeFunction and lambda:GetFunctionConfiguration on it, and the stream waits
// for up to 5 minutes. Locally there is no delivery stream: go run . fire NAME.
//
// See https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
func NewFirehose[T any](name string, opts ...FirehoseOption) *Firehose[T] {
	spec := FirehoseSpec{Logical: name}
	f := &Firehose[T]{}
	for _, o := range opts {
		if o == nil {
			spec.mistake = nilOption
			continue
		}
		o.declareFirehose(&spec, &f.lines)
	}
	f.feed = datastore.Feed{Spec: spec, Service: "firehose", Asks: "transformation"}
	if spec.Stream != "" {
		f.feed.Events = []string{spec.Stream}
	}
	return f
}

// Feed is the records of the stream.
func (f *Firehose[T]) Feed() datastore.Feed { return f.feed }

// Decoder is none but for a string: a record is JSON of a T, or its bytes.
func (f *Firehose[T]) Decoder() func(*datastore.Record, **Transformation[T]) error {
	if _, text := any(new(T)).(*string); !text {
		return nil
	}
	return func(r *datastore.Record, v **Transformation[T]) error {
		*v = &Transformation[T]{}
		*any(&(*v).Value).(*string) = string(r.Data)
		return nil
	}
}

// outcome is what Firehose is told of a record, but for its id.
//
// See https://docs.aws.amazon.com/firehose/latest/dev/data-transformation-status-model.html
type outcome struct {
	Result   string       `json:"result"`
	Data     []byte       `json:"data"`
	Metadata *partitioned `json:"metadata,omitempty"`
}

type partitioned struct {
	Keys map[string]string `json:"partitionKeys"`
}

// Answer is the result of a record. It is for tier.On.
func (f *Firehose[T]) Answer(v *Transformation[T]) ([]byte, error) {
	switch {
	case v == nil:
		return nil, errors.New("the record is nil; leave the answer in the one that the function was given")
	case v.dropped:
		return json.Marshal(outcome{Result: "Dropped", Data: []byte{}})
	}
	data, err := dataOf(&v.Value)
	if err != nil {
		return nil, fmt.Errorf("the record: %w", err)
	}
	if f.lines && !bytes.HasSuffix(data, []byte("\n")) {
		data = append(data[:len(data):len(data)], '\n')
	}
	o := outcome{Result: "Ok", Data: data}
	if v.PartitionKeys != nil {
		o.Metadata = &partitioned{v.PartitionKeys}
	}
	return json.Marshal(o)
}

// dataOf is a value as streams have it, never nil.
func dataOf(value any) ([]byte, error) {
	switch v := value.(type) {
	case *[]byte:
		return append([]byte{}, *v...), nil
	case *string:
		return []byte(*v), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
