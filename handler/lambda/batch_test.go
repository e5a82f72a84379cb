package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// queueEvent is messages "1", "2", ... of the groups, "" for none.
func queueEvent(groups ...string) []byte {
	var all []datastore.Record
	for i, group := range groups {
		r := message(fmt.Sprint(i+1), "body "+fmt.Sprint(i+1))
		r.Group = group
		all = append(all, r)
	}
	return handlertest.RecordsEvent(all...)
}

// streamEvent is records of the sequence numbers 11, 12, ... of the partition keys.
func streamEvent(keys ...string) []byte {
	var all []datastore.Record
	for i, key := range keys {
		n := fmt.Sprint(11 + i)
		all = append(all, datastore.Record{Service: "kinesis", Source: "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks", ID: n, Sequence: n,
			Group: key, Data: []byte("data " + n)})
	}
	return handlertest.RecordsEvent(all...)
}

// tableEvent is changes of the sequence numbers 21, 22, ...
func tableEvent(n int) []byte {
	var all []datastore.Record
	for i := range n {
		all = append(all, datastore.Record{Service: "dynamodb", Data: fmt.Appendf(nil,
			`{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"%d","Keys":{"id":{"S":"%d"}}}}`, 21+i, i%2)})
	}
	return handlertest.RecordsEvent(all...)
}

func fifo(s *lambda.Source) { s.Feed.FIFO = true }

func parallel(n int) func(*lambda.Source) { return func(s *lambda.Source) { s.Parallel = n } }

// What is answered when records fail, one after the other and many at the same time.
func TestItemFailures(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, service string
		event         []byte
		change        func(*lambda.Source)
		fail          []string
		want          []string // that failed
		worked        []string // nil for all
	}{
		{"T209: none fails", "sqs", queueEvent("", "", ""), nil, nil, []string{}, nil},
		{"T209: one fails", "sqs", queueEvent("", "", ""), nil, []string{"2"}, []string{"2"}, nil},
		{"T209: all fail", "sqs", queueEvent("", "", ""), nil, []string{"1", "2", "3"}, []string{"1", "2", "3"}, nil},
		{"SQS-03: those behind it in its group fail", "sqs", queueEvent("a", "b", "a", "b", "a"), fifo, []string{"3"}, []string{"3", "5"}, []string{"1", "2", "3", "4"}},
		{"SQS-03: each group by itself", "sqs", queueEvent("a", "b", "a", "b", "c"), fifo, []string{"1", "2"}, []string{"1", "2", "3", "4"}, []string{"1", "2", "5"}},
		{"SQS-03: messages without a group are one", "sqs", queueEvent("", "", ""), fifo, []string{"1"}, []string{"1", "2", "3"}, []string{"1"}},
		{"groups of a queue that is not FIFO hold nothing up", "sqs", queueEvent("a", "a"), nil, []string{"1"}, []string{"1"}, nil},
		{"STM-04: none fails", "kinesis", streamEvent("a", "b", "a"), nil, nil, []string{}, nil},
		{"STM-02: the rest is not worked off", "kinesis", streamEvent("a", "b", "a"), nil, []string{"12"}, []string{"12"}, []string{"11", "12"}},
		{"STM-02: the first fails", "kinesis", streamEvent("a", "b", "a"), nil, []string{"11", "13"}, []string{"11"}, []string{"11"}},
		{"STM-02: of a table", "dynamodb", tableEvent(3), nil, []string{"22"}, []string{"22"}, []string{"21", "22"}},
		{"STM-03: none of a table fails", "dynamodb", tableEvent(3), nil, nil, []string{}, nil},
	}
	for _, tt := range tests {
		for _, at := range []int{1, 4} {
			t.Run(fmt.Sprint(tt.name, " ", at, " at once"), func(t *testing.T) {
				t.Parallel()
				w := &worker{fail: failing(tt.fail...)}
				change := []func(*lambda.Source){parallel(at)}
				if tt.change != nil {
					change = append(change, tt.change)
				}
				out, err := w.doorway(tt.service, change...).Invoke(t.Context(), tt.event)
				failed, readErr := handlertest.ReadFailures(out)
				if err != nil || readErr != nil || !reflect.DeepEqual(failed, tt.want) {
					t.Fatalf("Invoke = %s, %v, %v; want %v failed", out, err, readErr, tt.want)
				}
				worked := slices.Sorted(slices.Values(w.ids()))
				if at == 1 || tt.service == "sqs" { // else records of other groups had begun
					want := tt.worked
					if want == nil {
						want = allIDs(t, tt.event)
					}
					if !reflect.DeepEqual(worked, want) {
						t.Errorf("worked off %v, want %v", worked, want)
					}
				}
			})
		}
	}
}

func allIDs(t *testing.T, event []byte) []string {
	t.Helper()
	var e struct {
		Records []struct {
			MessageID string
			Kinesis   struct{ SequenceNumber string }
			DynamoDB  struct{ SequenceNumber string }
		}
	}
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range e.Records {
		ids = append(ids, r.MessageID+r.Kinesis.SequenceNumber+r.DynamoDB.SequenceNumber)
	}
	return ids
}

// What fails a record and that alone: an error, a panic (T212), an answer of an error
// status, a stream that breaks, a body that is no In or not valid, an item that
// cannot be read.
func TestFailedRecord(t *testing.T) {
	t.Parallel()
	answers := func(resp *handler.Response, err error) handler.Handler {
		return handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { return resp, err })
	}
	type in struct {
		ID int `json:"id" validate:"required"`
	}
	typed := handler.New(func(context.Context, in) (struct{}, error) { return struct{}{}, nil })
	decoding := handler.New(func(context.Context, in) (struct{}, error) { return struct{}{}, nil },
		handler.Decode(func(context.Context, []byte, any) error { return datastore.ErrCorrupt }))
	tests := []struct {
		name    string
		handler handler.Handler
		body    string
		log     []string // nil if it does not fail
	}{
		{"a value", typed, `{"id":1}`, nil},
		{"204", answers(&handler.Response{Status: 204}, nil), "x", nil},
		{"a stream", answers(&handler.Response{Stream: func(_ context.Context, w io.Writer) error {
			_, err := w.Write([]byte("x"))
			return err
		}}, nil), "x", nil},
		{"an error", answers(nil, errWork), "x", []string{`"error":"the work went wrong"`}},
		{"an error with what nobody is told", answers(nil, &refusedCard{"hunter2"}), "x", []string{"text withheld", "*lambda_test.refusedCard"}},
		{"an error and an answer", answers(&handler.Response{}, errWork), "x", []string{`"error":"the work went wrong"`}},
		{"an error in an answer", answers(&handler.Response{Err: errWork}, nil), "x", []string{`"error":"the work went wrong"`}},
		{"an error status", answers(&handler.Response{Status: 503}, nil), "x", []string{`"error":"503: Service Unavailable"`}},
		{"neither", answers(nil, nil), "x", []string{"neither a response nor an error"}},
		{"a broken stream", answers(&handler.Response{Stream: func(context.Context, io.Writer) error { return errWork }}, nil), "x", []string{"the work went wrong"}},
		{"T212: a panic", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { panic("as asked") }), "x", []string{"as asked", `"stack":"goroutine`, "batch_test.go"}},
		{"an aborted answer", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) { panic(http.ErrAbortHandler) }), "x", []string{"aborted"}},
		{"a broken error", answers(nil, (*nilError)(nil)), "x", []string{`"error"`}},
		{"no JSON", typed, `hunter2`, []string{"body is not JSON"}},
		{"another type", typed, `{"id":"hunter2"}`, []string{"body.id must be"}},
		{"not valid", typed, `{"id":0,"password":"hunter2"}`, []string{"body.id is required"}},
		{"not decoded", decoding, `hunter2`, []string{"the body cannot be decoded"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := &bytes.Buffer{}
			opts := &lambda.Options{Logger: slog.New(slog.NewJSONHandler(b, nil))}
			done, answered := 0, false
			h := handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				if datastore.RecordFrom(ctx).ID == "good" {
					return &handler.Response{}, nil
				}
				resp, err := tt.handler.Handle(ctx, req)
				if resp != nil {
					own := *resp
					answered = true
					own.OnDone(func(error) { done++ })
					resp = &own
				}
				return resp, err
			})
			opts.Sources = []lambda.Source{{Feed: feeds["sqs"], Handler: h}}
			d := lambda.New(nil, opts)
			record := message("bad", tt.body)
			record.Attempt = 3
			out, err := d.Invoke(t.Context(), handlertest.RecordsEvent(message("good", "x"), record, message("good", "x")))
			want := `{"batchItemFailures":[{"itemIdentifier":"bad"}]}`
			if tt.log == nil {
				want = `{"batchItemFailures":[]}`
			}
			if err != nil || string(out) != want {
				t.Fatalf("Invoke = %s, %v, want %s", out, err, want)
			}
			log := b.String()
			if tt.log != nil {
				tt.log = append(tt.log, `"level":"ERROR","msg":"record failed"`, `"frontDoor":"sqs"`, `"source":"arn:aws:sqs:eu-west-1:123456789012:jobs"`,
					`"path":"/queue/jobs"`, `"id":"bad"`, `"attempt":3`)
			} else if log != "" {
				t.Errorf("log %s, want none", log)
			}
			for _, part := range tt.log {
				if !strings.Contains(log, part) {
					t.Errorf("log %s, want %s in it", log, part)
				}
			}
			if strings.Contains(log, "hunter2") {
				t.Errorf("log %s tells the content", log)
			}
			if answered && done != 1 {
				t.Errorf("OnDone ran %d times, want once", done)
			}
		})
	}
}

// Records that can never be read fail, and the others are worked off.
func TestUnreadableRecord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, service, record, id, log string }{
		{"no body", "sqs", `{"eventSource":"aws:sqs","messageId":"bad"}`, "bad", "no body"},
		{"a body of a wrong type", "sqs", `{"eventSource":"aws:sqs","messageId":"bad","body":{"a":1}}`, "bad", "no body"},
		{"no data", "kinesis", `{"eventSource":"aws:kinesis","kinesis":{"sequenceNumber":"7"}}`, "7", "no data"},
		{"no base64", "kinesis", `{"eventSource":"aws:kinesis","kinesis":{"sequenceNumber":"7","data":"%%%"}}`, "7", "not base64"},
	} {
		w := &worker{}
		b := &bytes.Buffer{}
		d := lambda.New(nil, &lambda.Options{Logger: slog.New(slog.NewJSONHandler(b, nil)), Sources: []lambda.Source{{Feed: feeds[tt.service], Handler: w}}})
		out, err := d.Invoke(t.Context(), []byte(`{"Records":[`+tt.record+`]}`))
		if err != nil || string(out) != `{"batchItemFailures":[{"itemIdentifier":"`+tt.id+`"}]}` || len(w.records) > 0 || !strings.Contains(b.String(), tt.log) {
			t.Errorf("%s: Invoke = %s, %v, log %s", tt.name, out, err, b)
		}
	}
}

// SQS-01: a failure without an id would be that of all, so it is one.
func TestRecordWithoutID(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ service, records string }{
		{"sqs", `{"eventSource":"aws:sqs","body":"x"}`},
		{"sqs", `{"eventSource":"aws:sqs","messageId":"","body":"x"}`},
		{"sqs", `{"eventSource":"aws:sqs","messageId":null,"body":"x"}`},
		{"sqs", `{"eventSource":"aws:sqs","messageId":"1","body":"x"},"text"`},
		{"sqs", `{"eventSource":"aws:sqs","messageId":"1","body":"x"},{}`},
		{"kinesis", `{"eventSource":"aws:kinesis","kinesis":{"data":"eA=="}}`},
		{"kinesis", `{"eventSource":"aws:kinesis"}`},
		{"dynamodb", `{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":21}}`},
		{"dynamodb", `{"eventSource":"aws:dynamodb"}`},
	} {
		for _, at := range []int{1, 4} {
			w := &worker{}
			out, err := w.doorway(tt.service, parallel(at)).Invoke(t.Context(), []byte(`{"Records":[`+tt.records+`]}`))
			if out != nil || err == nil || !strings.Contains(err.Error(), "no id") {
				t.Errorf("%s: Invoke = %s, %v; want an error", tt.records, out, err)
			}
		}
	}
}

// An event that turns out not to be JSON is delivered again whole, whatever was worked
// off.
func TestBrokenEvent(t *testing.T) {
	t.Parallel()
	good := `{"eventSource":"aws:sqs","messageId":"1","body":"x"}`
	for _, tt := range []struct{ event, want string }{
		{`{"Records":[` + good + `,{"messageId":"2","body":"\q"}]}`, "unknown escape"},
		{`{"Records":[` + good + `,]}`, "expected a value"},
		{`{"Records":[` + good + `}`, "expected a comma or ]"},
		{`{"Records":[` + good, "expected a comma or ]"},
		{`{"Records":[` + good + `]`, "expected a comma or }"},
		{`{"Records":[` + good + `]} x`, "unexpected text"},
		{`{"Records":[` + good + `],"Records":[` + good + `]}`, "second list"},
		{`{"Records":[],}`, "expected a name"},
		{"{\"Records\":[" + good + "],\"a\":\"\xff\"}", "UTF-8"},
		{`{"a":1,"Records":[` + good + `,{"messageId":"2","body":"\q"}]}`, "unknown escape"},
	} {
		for _, at := range []int{1, 4} {
			out, err := (&worker{}).doorway("sqs", parallel(at)).Invoke(t.Context(), []byte(tt.event))
			if out != nil || err == nil || !strings.Contains(err.Error(), "the event is not JSON: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Invoke(%s) = %s, %v, want %s", tt.event, out, err, tt.want)
			}
		}
	}
	// What is behind a failure of a stream is looked at, too.
	stream := `{"Records":[{"eventSource":"aws:kinesis","kinesis":{"sequenceNumber":"1","data":"eA=="}},{"kinesis":{`
	if out, err := (&worker{fail: failing("1")}).doorway("kinesis").Invoke(t.Context(), []byte(stream)); out != nil || err == nil {
		t.Errorf("Invoke = %s, %v", out, err)
	}
	w := &worker{}
	if out, err := w.doorway("sqs").Invoke(t.Context(), []byte(`{"version":"1","Records":[`+good+`],"more":[1]}`)); err != nil || len(w.records) != 1 {
		t.Errorf("other members: Invoke = %s, %v", out, err)
	}
}

// SQS-07: a message that is twice in an event is worked off twice, and is reported
// once if it failed once.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	n := 0
	w := &worker{fail: func(*datastore.Record) error {
		if n++; n == 2 {
			return errWork
		}
		return nil
	}}
	event := handlertest.RecordsEvent(message("1", "x"), message("1", "x"), message("1", "x"))
	out, err := w.doorway("sqs").Invoke(t.Context(), event)
	if err != nil || string(out) != `{"batchItemFailures":[{"itemIdentifier":"1"}]}` || len(w.records) != 3 {
		t.Errorf("Invoke = %s, %v, %d worked off", out, err, len(w.records))
	}
	w = &worker{fail: failing("1")}
	event = handlertest.RecordsEvent(message("1", "x"), message("2", "x"), message("1", "x"))
	if out, err := w.doorway("sqs").Invoke(t.Context(), event); err != nil || string(out) != `{"batchItemFailures":[{"itemIdentifier":"1"}]}` {
		t.Errorf("both fail: Invoke = %s, %v", out, err)
	}
}

// S3E-03, SNS-01: an event of which a record failed is a function error, which says
// no more than a client would be told; the others are worked off.
func TestEventFails(t *testing.T) {
	t.Parallel()
	s3 := func(key string) datastore.Record {
		return datastore.Record{Service: "s3", Data: fmt.Appendf(nil, `{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"object":{"key":%q}}}`, key)}
	}
	sold := &handler.Error{Status: 409, Code: "sold_out", Message: "nothing is left", Err: errors.New("hunter2")}
	invalid := handler.Invalid(handler.FieldError{Location: "body.id", Message: "is required"})
	for _, tt := range []struct {
		name          string
		service       string
		event         []byte
		err           error
		typ, message  string
		worked, fails int
	}{
		{"plain", "sns", handlertest.RecordsEvent(datastore.Record{Service: "sns", Data: []byte("x")}), errors.New("hunter2"),
			"Internal Server Error", "1 of 1 records failed, topic placed: Internal Server Error", 1, 1},
		{"with a code", "sns", handlertest.RecordsEvent(datastore.Record{Service: "sns", Data: []byte("x")}), sold,
			"sold_out", "1 of 1 records failed, topic placed: nothing is left", 1, 1},
		{"with fields", "s3", handlertest.RecordsEvent(s3("a"), s3("b"), s3("c")), invalid,
			"Bad Request", "2 of 3 records failed, blob photos: the request is not valid: body.id is required", 3, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := 0
			w := &worker{fail: func(*datastore.Record) error {
				if n++; n <= tt.fails {
					return tt.err
				}
				return nil
			}}
			out, err := w.doorway(tt.service).Invoke(t.Context(), tt.event)
			var e messages.InvokeResponse_Error
			if out != nil || !errors.As(err, &e) || e.Type != tt.typ || e.Message != tt.message || len(w.records) != tt.worked {
				t.Errorf("Invoke = %s, %#v after %d records; want %s: %s after %d", out, err, len(w.records), tt.typ, tt.message, tt.worked)
			}
		})
	}
	abort := &worker{fail: func(*datastore.Record) error { panic(http.ErrAbortHandler) }}
	if out, err := abort.doorway("sns").Invoke(t.Context(), handlertest.RecordsEvent(datastore.Record{Service: "sns", Data: []byte("x")})); out != nil || err == nil {
		t.Errorf("aborted: %s, %v; want an error", out, err)
	}
}

// T216: records that there is no time for are delivered again, and what became of the
// others is not lost, even when the context ends.
func TestDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		service string
		event   []byte
		timeout time.Duration
		takes   time.Duration // a record
		at      int
		want    []string
		worked  int
	}{
		// The end of a second is its last 100 ms.
		{"a queue", "sqs", queueEvent("", "", "", "", ""), time.Second, 300 * time.Millisecond, 1, []string{"4", "5"}, 3},
		{"a FIFO queue", "sqs", queueEvent("a", "b", "a", "b", "a"), time.Second, 300 * time.Millisecond, 1, []string{"4", "5"}, 3},
		{"a stream", "kinesis", streamEvent("a", "b", "a", "b", "a"), time.Second, 300 * time.Millisecond, 1, []string{"14"}, 3},
		{"two at once", "sqs", queueEvent("", "", "", "", "", "", ""), time.Second, 450 * time.Millisecond, 2, []string{"5", "6", "7"}, 4},
		{"a stream, two at once", "kinesis", streamEvent("a", "b", "c", "d", "e", "f"), time.Second, 450 * time.Millisecond, 2, []string{"15"}, 4},
		{"a tenth of it", "sqs", queueEvent("", "", ""), 20 * time.Second, 9100 * time.Millisecond, 1, []string{"3"}, 2},
		{"5 seconds at most", "sqs", queueEvent("", "", ""), 15 * time.Minute, 448 * time.Second, 1, []string{"3"}, 2},
		{"the first is always begun", "sqs", queueEvent("", ""), 50 * time.Millisecond, 10 * time.Millisecond, 1, []string{"2"}, 1},
		{"it ends meanwhile", "sqs", queueEvent("", "", ""), time.Second, 2 * time.Second, 1, []string{"2", "3"}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &worker{fail: func(*datastore.Record) error { time.Sleep(tt.takes); return nil }}
				ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
				defer cancel()
				out, err := w.doorway(tt.service, parallel(tt.at)).Invoke(ctx, tt.event)
				failed, readErr := handlertest.ReadFailures(out)
				if err != nil || readErr != nil || !reflect.DeepEqual(failed, tt.want) || len(w.records) != tt.worked {
					t.Errorf("Invoke = %s, %v, %v after %d records; want %v failed after %d", out, err, readErr, len(w.records), tt.want, tt.worked)
				}
			})
		})
	}
}

// A context that has ended has nothing begun.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := &worker{}
	if out, err := w.doorway("sqs").Invoke(ctx, queueEvent("", "")); err != nil || string(out) != `{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"2"}]}` {
		t.Errorf("a queue: %s, %v", out, err)
	}
	if out, err := w.doorway("sns").Invoke(ctx, handlertest.RecordsEvent(datastore.Record{Service: "sns", Data: []byte("x")})); out != nil || err == nil {
		t.Errorf("a topic: %s, %v", out, err)
	}
	if len(w.records) != 0 {
		t.Errorf("worked off: %v", w.ids())
	}
}

// The doorway in stream mode answers events of records too.
func TestRecordsStreamed(t *testing.T) {
	t.Parallel()
	w := &worker{fail: failing("2")}
	out, err := w.doorway("sqs").Stream(t.Context(), queueEvent("", ""))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := b.ReadFrom(out); err != nil || b.String() != `{"batchItemFailures":[{"itemIdentifier":"2"}]}` {
		t.Errorf("Stream = %s, %v", &b, err)
	}
}

// The store handles of a record's work know which function runs, and the payload of
// a record's request is its own part of the event.
func TestRecordContext(t *testing.T) {
	t.Parallel()
	h := handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		name, _ := datastore.FunctionFrom(ctx)
		payload, ok := lambda.Payload(req)
		if name != "worker" || !ok || !bytes.HasPrefix(payload, []byte(`{"attributes"`)) || !json.Valid(payload) {
			return nil, fmt.Errorf("function %q, payload %s, %v", name, payload, ok)
		}
		return &handler.Response{}, nil
	})
	opts := quiet()
	opts.Function, opts.Sources = "worker", []lambda.Source{{Feed: feeds["sqs"], Handler: h}}
	if out, err := lambda.New(nil, opts).Invoke(t.Context(), queueEvent("", "")); err != nil || string(out) != `{"batchItemFailures":[]}` {
		t.Errorf("Invoke = %s, %v", out, err)
	}
}
