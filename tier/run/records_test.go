package run_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// TestRecords: one Lambda binary works off records of every kind of source, each by
// the physical names in its environment, and lives on after all that can go wrong.
func TestRecords(t *testing.T) {
	t.Parallel()
	p, rt := function(t, buildFunction(t, "./tier/run/testdata/depot"),
		"_HANDLER=worker",
		"TIERKIT_QUEUE_JOBS=https://sqs.eu-west-1.amazonaws.com/123456789012/depot-jobs-1A2B",
		"TIERKIT_QUEUE_ORDERED=https://sqs.eu-west-1.amazonaws.com/123456789012/depot-ordered-3C4D.fifo",
		"TIERKIT_TOPIC_NEWS=arn:aws:sns:eu-west-1:123456789012:depot-news", "TIERKIT_STREAM_CLICKS=depot-clicks",
		"TIERKIT_TABLE_ORDERS=depot-orders", "TIERKIT_BLOB_PHOTOS=depot-photos")
	message := func(queue, id, body, group string) datastore.Record {
		return datastore.Record{Service: "sqs", Source: "arn:aws:sqs:eu-west-1:123456789012:" + queue, ID: id, Data: []byte(body), Attempt: 2, Group: group}
	}
	click := func(n int, text string) datastore.Record {
		return datastore.Record{Service: "kinesis", Source: "arn:aws:kinesis:eu-west-1:123456789012:stream/depot-clicks",
			Sequence: fmt.Sprintf("4959033827149025660855969253836157109592157598913658%04d", n), Group: "k", Data: []byte(text)}
	}
	change := func(n int, event, images string) datastore.Record {
		return datastore.Record{Service: "dynamodb", Data: fmt.Appendf(nil, `{"eventID":"e%d","eventName":%q,"eventSource":"aws:dynamodb",`+
			`"eventSourceARN":"arn:aws:dynamodb:eu-west-1:123456789012:table/depot-orders/stream/2026-01-02T03:04:05.000",`+
			`"dynamodb":{"ApproximateCreationDateTime":1767323045,"Keys":{"id":{"S":"7"}},"SequenceNumber":"%d",%s}}`, n, event, n, images)}
	}
	notice := func(event, key string) datastore.Record {
		return datastore.Record{Service: "s3", Data: fmt.Appendf(nil, `{"eventSource":"aws:s3","eventName":%q,"s3":{"bucket":{"name":"depot-photos"},"object":{"key":%q}}}`, event, key)}
	}
	bridge := fmt.Sprintf(`{"version":"0","id":"1","source":"aws.s3","detail-type":"Object Created","time":"2026-01-02T03:04:05Z",`+
		`"resources":["arn:aws:s3:::depot-photos"],"detail":{"bucket":{"name":"depot-photos"},"object":{"key":%q,"size":3}}}`, "in/a+b.jpg")
	news := func(text string) datastore.Record {
		return datastore.Record{Service: "sns", Source: "arn:aws:sns:eu-west-1:123456789012:depot-news", ID: "n", Data: []byte(text)}
	}
	for _, tt := range []struct {
		name    string
		event   []byte
		want    string // the answer, or a part of a function error
		failure bool
	}{
		{"a queue", handlertest.RecordsEvent(message("depot-jobs-1A2B", "m1", `{"id":"1"}`, ""), message("depot-jobs-1A2B", "m2", `{"id":"panic"}`, ""),
			message("depot-jobs-1A2B", "m3", `{"id":"hunter2-hunter2"}`, ""), message("depot-jobs-1A2B", "m4", `{"id":"2"}`, "")),
			`{"batchItemFailures":[{"itemIdentifier":"m2"},{"itemIdentifier":"m3"}]}`, false},
		{"a FIFO queue", handlertest.RecordsEvent(message("depot-ordered-3C4D.fifo", "m1", `{"id":"fail"}`, "a"), message("depot-ordered-3C4D.fifo", "m2", `{"id":"never"}`, "a"),
			message("depot-ordered-3C4D.fifo", "m3", `{"id":"b1"}`, "b")), `{"batchItemFailures":[{"itemIdentifier":"m1"},{"itemIdentifier":"m2"}]}`, false},
		{"a topic", handlertest.RecordsEvent(news("hello")), `null`, false},
		{"a topic's failure", handlertest.RecordsEvent(news("fail")), `1 of 1 records failed, topic news: Internal Server Error`, true},
		{"a stream", handlertest.RecordsEvent(click(1, "c1"), click(2, "fail"), click(3, "never")),
			`{"batchItemFailures":[{"itemIdentifier":"49590338271490256608559692538361571095921575989136580002"}]}`, false},
		{"a table", handlertest.RecordsEvent(change(1, "INSERT", `"NewImage":{"id":{"S":"7"},"total":{"N":"12"}}`), change(2, "REMOVE", `"OldImage":{"id":{"S":"7"},"total":{"N":"12"}}`),
			change(3, "INSERT", `"NewImage":{"id":{"S":"8"},"total":{"N":"1.5"}}`)), `{"batchItemFailures":[{"itemIdentifier":"3"}]}`, false},
		{"a bucket", handlertest.RecordsEvent(notice("ObjectCreated:Put", "in/a+b%2B.jpg"), notice("ObjectRemoved:Delete", "in/c.jpg")), `null`, false},
		{"a bucket through EventBridge", []byte(bridge), `null`, false},
		{"S3's test", []byte(`{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"depot-photos","RequestId":"5","HostId":"8"}`),
			`{"batchItemFailures":[]}`, false},
		{"another queue", handlertest.RecordsEvent(message("other", "m1", `{"id":"never"}`, "")), "records of queue jobs, queue ordered, topic news, stream clicks, table orders, blob photos (Object Created under in/)", true},
		{"a request", handlertest.HTTPEvent(handlertest.Request("GET", "/")), "this function serves records of queue jobs", true},
		{"the last one", handlertest.RecordsEvent(message("depot-jobs-1A2B", "m1", `{"id":"last"}`, "")), `{"batchItemFailures":[]}`, false},
	} {
		result, err := rt.Invoke(t.Context(), tt.event)
		if err != nil {
			t.Fatal(err)
		}
		got := string(result.Payload)
		if failed := result.FunctionError != ""; failed != tt.failure || failed && !strings.Contains(got, tt.want) || !failed && got != tt.want {
			t.Errorf("%s: %s %s, want %s", tt.name, result.FunctionError, got, tt.want)
		}
	}
	log := p.end()
	for _, want := range []string{
		`worker: job 1, attempt 2, group ""`, "worker: job 2,", "as asked", "main.go:", "body.id must", `ordered job b1, attempt 2, group "b"`, "the ordered job went wrong",
		"worker: news hello, attempt 0", "the news went wrong", `click c1, attempt 0, group "k"`, "the click went wrong", "order of 12 7,", "removed order 7", "corrupt",
		"new photo in/a b+.jpg", "removed photo in/c.jpg", "new photo in/a+b.jpg", "job last", `"path":"/queue/jobs"`, `"id":"m2"`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log has no %q:\n%s", want, log)
		}
	}
	for _, never := range []string{"never", "hunter2"} {
		if strings.Contains(log, never) {
			t.Errorf("the log has %q:\n%s", never, log)
		}
	}
}
