package handlertest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

type job struct {
	ID string `json:"id" validate:"required"`
}

// newWorker declares a function that works off a queue, as an application does.
func newWorker(data *datastore.Data) (*queue.Queue[job], *tier.Trigger) {
	app := tier.New("factory")
	worker, jobs := app.Function("worker"), queue.New[job](data, "jobs")
	tier.On(worker, jobs, func(ctx context.Context, j job) error {
		if r := datastore.RecordFrom(ctx); j.ID == "broken" && r.Attempt < 3 {
			return errors.New("try again")
		}
		return nil
	})
	return jobs, worker.Triggers()[0]
}

// A worker is tested with records, or with the event that Lambda gets.
func ExampleRecordsOf() {
	ctx := context.Background()
	jobs, worker := newWorker(datastore.New(nil, nil))
	h, err := worker.Handler()
	if err != nil {
		fmt.Println(err)
		return
	}
	records := handlertest.RecordsOf(jobs, job{ID: "1"}, job{ID: "broken"}, job{})
	for _, record := range records {
		fmt.Println(record.ID, handlertest.DoRecord(ctx, h, record))
	}
	function := lambda.New(nil, &lambda.Options{Sources: []lambda.Source{{Feed: worker.Feed(), Handler: h}}})
	records[1].Attempt = 3
	answer, err := function.Invoke(ctx, handlertest.RecordsEvent(records[:2]...))
	fmt.Println(string(answer), err)
	// Output:
	// record-1 <nil>
	// record-2 try again
	// record-3 400: the request is not valid: body.id is required
	// {"batchItemFailures":[]} <nil>
}

// Records of each service go through the doorway as they were made.
func TestRecordsOf(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	type message struct{ N int }
	photos := blob.New(data, "photos").Under("in/").Changed()
	for _, tt := range []struct {
		name    string
		feed    datastore.Feed
		records []datastore.Record
		want    string // service, source, id, group and data of the last
	}{
		{"queue", queue.New[message](data, "q").Feed(), handlertest.RecordsOf(queue.New[message](data, "q1"), message{1}, message{2}),
			`sqs arn:aws:sqs:eu-west-1:123456789012:q1 record-2 "" 1 {"N":2}`},
		{"FIFO queue", queue.New[string](data, "f", queue.FIFO()).Feed(), handlertest.RecordsOf(queue.New[string](data, "f1", queue.FIFO()), "text"),
			`sqs arn:aws:sqs:eu-west-1:123456789012:f1.fifo record-1 "group-1" 1 text`},
		{"topic", topic.New[string](data, "t").Feed(), handlertest.RecordsOf(topic.New[string](data, "t1"), "a", "b"),
			`sns arn:aws:sns:eu-west-1:123456789012:t1 record-2 "" 0 b`},
		{"stream", stream.New[[]byte](data, "s").Feed(), handlertest.RecordsOf(stream.New[[]byte](data, "s1"), []byte("\x00"), nil),
			`kinesis arn:aws:kinesis:eu-west-1:123456789012:stream/s1 49590338271490256608559692538361571095920000000000000002 "key-2" 0 `},
		{"Kafka", event.NewKafka[message](event.NewCluster("c"), "k", "topic-a").Feed(),
			handlertest.RecordsOf(event.NewKafka[message](event.NewCluster("c"), "k", "topic-a"), message{1}, message{2}),
			`kafka arn:aws:kafka:eu-west-1:123456789012:cluster/k/e9f754c6-d29a-4430-a7db-958a19fd2c54-4 topic-a-0/2 "topic-a-0" 0 {"N":2}`},
		{"bucket, stored", photos.Feed(), []datastore.Record{handlertest.ObjectRecord(photos, "Object Created", "in/a b", 3)},
			`s3 arn:aws:s3:::photos record-1 "in/a b" 0 {`},
		{"bucket, removed", photos.Feed(), []datastore.Record{handlertest.ObjectRecord(photos, "Object Deleted", "in/a b", 0)},
			`s3 arn:aws:s3:::photos record-1 "in/a b" 0 {`},
		{"table", table.New[struct {
			ID string `table:"id,pk"`
		}](data, "d").Changes().Feed(), []datastore.Record{{Service: "dynamodb", Data: []byte(`{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"7"}}`)}},
			`dynamodb  7 "" 0 {`},
	} {
		got := ""
		h := handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			r := datastore.RecordFrom(ctx)
			got = fmt.Sprintf("%s %s %s %q %d %s", r.Service, r.Source, r.ID, r.Group, r.Attempt, r.Data)
			return &handler.Response{}, nil
		})
		d := lambda.New(nil, &lambda.Options{Sources: []lambda.Source{{Feed: tt.feed, Handler: h}}})
		if _, err := d.Invoke(t.Context(), handlertest.RecordsEvent(tt.records...)); err != nil || !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
	var e blob.Event
	r := handlertest.ObjectRecord(photos, "Object Created", "in/a+b", 3)
	if err := photos.Decoder()(&r, &e); err != nil || e.Key != "in/a+b" || e.Size != 3 || e.Removed {
		t.Errorf("ObjectRecord: %+v, %v", e, err)
	}
}

func TestRecordsPanics(t *testing.T) {
	t.Parallel()
	photos := blob.New(datastore.New(nil, nil), "photos").Created()
	object := handlertest.ObjectRecord(photos, "Object Created", "a", 1)
	for _, tt := range []struct {
		name string
		call func()
		want string
	}{
		{"values of a bucket", func() { handlertest.RecordsOf(photos, blob.Event{}) }, "no values"},
		{"no record", func() { handlertest.RecordsEvent() }, "there is no record"},
		{"no partition", func() { handlertest.RecordsEvent(datastore.Record{Service: "kafka", Group: "clicks", Sequence: "1"}) }, `clicks-0, and not "clicks"`},
		{"no topic", func() { handlertest.RecordsEvent(datastore.Record{Service: "kafka", Group: "-0", Sequence: "1"}) }, `not "-0"`},
		{"no offset", func() { handlertest.RecordsEvent(datastore.Record{Service: "kafka", Group: "clicks-0"}) }, "offset"},
		{"no service", func() { handlertest.RecordsEvent(datastore.Record{Service: "mqtt"}) }, `no service "mqtt"`},
		{"two through EventBridge", func() { handlertest.RecordsEvent(object, object) }, "one by one"},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, tt.want) {
					t.Errorf("%s: panic %s, want %s", tt.name, got, tt.want)
				}
			}()
			tt.call()
		}()
	}
}

func TestReadFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ answer, want string }{
		{`{"batchItemFailures":[]}`, `[] <nil>`},
		{`{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"b"}]}`, `[a b] <nil>`},
		{`{"batchItemFailures":null}`, "no list"},
		{`{}`, "no list"},
		{`null`, "no list"},
		{`{"batchItemFailures":[{"itemIdentifier":""}]}`, "has no id"},
		{`{"batchItemFailures":[{"itemIdentifier":{"partition":"a-0","offset":7}}]}`, "[a-0/7] <nil>"},
		{`{"batchItemFailures":[{"itemIdentifier":{"partition":"a-0"}}]}`, "no offset"},
		{`{"batchItemFailures":[{"itemIdentifier":{"offset":7}}]}`, "no partition"},
		{`{"batchItemFailures":[{"itemIdentifier":7}]}`, "cannot unmarshal number"},
		{`{"batchItemFailures":[{"id":"a"}]}`, "unknown field"},
		{`{"failures":[]}`, "unknown field"},
		{`x`, "invalid character"},
	} {
		ids, err := handlertest.ReadFailures([]byte(tt.answer))
		if got := fmt.Sprint(ids, " ", err); !strings.Contains(got, tt.want) {
			t.Errorf("ReadFailures(%s) = %s, want %s", tt.answer, got, tt.want)
		}
	}
}
