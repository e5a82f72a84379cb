package lambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
)

// store is a declared store.
type store struct{ kind, name string }

func (s store) Kind() string                    { return s.kind }
func (s store) Name() string                    { return s.name }
func (s store) Needs([]string) []datastore.Need { return nil }

// feeds are one store of each service that delivers records.
var feeds = map[string]datastore.Feed{
	"sqs":      {Service: "sqs", Spec: store{"queue", "jobs"}},
	"sns":      {Service: "sns", Spec: store{"topic", "placed"}},
	"kinesis":  {Service: "kinesis", Spec: store{"stream", "clicks"}},
	"dynamodb": {Service: "dynamodb", Spec: store{"table", "orders"}},
	"kafka":    {Service: "kafka", Spec: store{"kafka", "visits"}, Events: []string{"t"}},
	"s3":       {Service: "s3", Spec: store{"blob", "photos"}, Events: []string{"Object Created", "Object Deleted"}},
}

// worker keeps what it worked off, and fails as it is told.
type worker struct {
	fail func(r *datastore.Record) error // nil for never

	mu      sync.Mutex
	records []datastore.Record
	facts   []handler.Facts
	bodies  []string
	lines   []string
}

func (w *worker) Handle(ctx context.Context, req *handler.Request) (*handler.Response, error) {
	r := datastore.RecordFrom(ctx)
	body, err := req.Body()
	if err != nil {
		return nil, err
	}
	if !req.Caller().Anonymous() || len(req.Headers()) > 0 || req.RawQuery() != "" {
		return nil, fmt.Errorf("caller %+v, headers %v, query %q; want none", req.Caller(), req.Headers(), req.RawQuery())
	}
	w.mu.Lock()
	w.records = append(w.records, *r)
	w.facts, w.bodies, w.lines = append(w.facts, req.Facts()), append(w.bodies, string(body)), append(w.lines, req.Method()+" "+req.Path())
	w.mu.Unlock()
	if w.fail != nil {
		if err := w.fail(r); err != nil {
			return nil, err
		}
	}
	return &handler.Response{Status: 204}, nil
}

// ids are those of the records that were worked off, in their order.
func (w *worker) ids() []string {
	ids := []string{}
	for _, r := range w.records {
		ids = append(ids, r.ID)
	}
	return ids
}

// doorway serves one store of a service.
func (w *worker) doorway(service string, change ...func(*lambda.Source)) *lambda.Doorway {
	s := lambda.Source{Feed: feeds[service], Name: "any", Handler: w}
	for _, c := range change {
		c(&s)
	}
	opts := quiet()
	opts.Sources = []lambda.Source{s}
	return lambda.New(nil, opts)
}

var errWork = errors.New("the work went wrong")

// failing fails the records of these ids.
func failing(ids ...string) func(*datastore.Record) error {
	return func(r *datastore.Record) error {
		for _, id := range ids {
			if r.ID == id {
				return errWork
			}
		}
		return nil
	}
}

func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// AWS's own samples of events, and samples in the shapes that AWS documents. SQS-06:
// attributes are text, whatever they count; those of a sender have a type.
func TestRecords(t *testing.T) {
	t.Parallel()
	const group = `{"key":{"S":"binary"},"val":{"S":"data"}}`
	tests := []struct {
		name, service, line string
		data                []string // "" for the JSON of the record
		want                []datastore.Record
	}{
		{"records-sqs", "sqs", "RECORD /queue/jobs", []string{"Message Body"}, []datastore.Record{{
			Service: "sqs", Source: "arn:aws:sqs:us-west-2:123456789012:SQSQueue", ID: "MessageID_1", Attempt: 2, SentAt: at(1520621625029),
			Attributes: []datastore.Attribute{
				{Name: "Attribute3", Type: "Binary", Value: "1100"}, {Name: "Attribute2", Type: "Number", Value: "123"},
				{Name: "Attribute1", Type: "String", Value: "AttributeValue1"},
			}}}},
		{"records-sns", "sns", "RECORD /topic/placed", []string{"Hello from SNS!"}, []datastore.Record{{ // SNS-01
			Service: "sns", Source: "arn:aws:sns:EXAMPLE", ID: "95df01b4-ee98-5cb9-9903-4c221d41eb5e", Subject: "TestInvoke", SentAt: at(1433353407123),
			Attributes: []datastore.Attribute{{Name: "Test", Type: "String", Value: "TestString"}, {Name: "TestBinary", Type: "Binary", Value: "TestBinary"}}}}},
		{"records-kinesis", "kinesis", "RECORD /stream/clicks", []string{"Hello World", "Hello World"}, []datastore.Record{
			{Service: "kinesis", Source: "arn:aws:kinesis:us-east-1:123456789012:stream/simple-stream", SentAt: at(1480641523477), Group: "s1",
				ID: "49568167373333333333333333333333333333333333333333333333", Sequence: "49568167373333333333333333333333333333333333333333333333"},
			{Service: "kinesis", Source: "arn:aws:kinesis:us-east-1:123456789012:stream/simple-stream", SentAt: at(1480841523477), Group: "s1",
				ID: "49568167373333333334444444444444444444444444444444444444", Sequence: "49568167373333333334444444444444444444444444444444444444"}}},
		{"records-dynamodb", "dynamodb", "RECORD /table/orders", []string{"", ""}, []datastore.Record{
			{Service: "dynamodb", SentAt: at(1480642020000), Group: group, ID: "1405400000000002063282832", Sequence: "1405400000000002063282832",
				Source: "arn:aws:dynamodb:us-east-1:123456789012:table/Example-Table/stream/2016-12-01T00:00:00.000"},
			{Service: "dynamodb", SentAt: at(1480642020000), Group: group, ID: "1405400000000002063282832", Sequence: "1405400000000002063282832",
				Source: "arn:aws:dynamodb:us-east-1:123456789012:table/Example-Table/stream/2016-12-01T00:00:00.000"}}},
		{"records-s3", "s3", "RECORD /blob/photos", []string{""}, []datastore.Record{{ // S3E-01: the key is decoded
			Service: "s3", Source: "arn:aws:s3:::mybucket", Sequence: "Happy Sequencer", Group: "Happy Face.jpg", SentAt: at(123)}}},
		{"records-s3-eventbridge", "s3", "RECORD /blob/photos", []string{""}, []datastore.Record{{ // S3E-02: it is not encoded
			Service: "s3", Source: "arn:aws:s3:::amzn-s3-demo-bucket1", ID: "17793124-05d4-b198-2fde-7ededc63b103", Sequence: "617f08299329d189",
			Group: "in/a+b %41.jpg", SentAt: at(1636753325000)}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := &worker{}
			event := fixture(t, tt.name)
			ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "invocation-1"})
			out, err := w.doorway(tt.service).Invoke(ctx, event)
			want := `{"batchItemFailures":[]}`
			if tt.service == "sns" || tt.service == "s3" {
				want = "null"
			}
			if string(out) != want || err != nil {
				t.Fatalf("Invoke = %s, %v, want %s", out, err, want)
			}
			if len(w.records) != len(tt.want) {
				t.Fatalf("%d records, want %d", len(w.records), len(tt.want))
			}
			for i, got := range w.records {
				want := tt.want[i]
				if want.Data = []byte(tt.data[i]); tt.data[i] == "" {
					want.Data = recordJSON(t, event, i)
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("record %d\n%+v, want\n%+v", i, got, want)
				}
				facts := handler.Facts{FrontDoor: tt.service, ID: want.ID, Invocation: "invocation-1", Time: want.SentAt}
				if facts.ID == "" {
					facts.ID = "invocation-1"
				}
				if w.facts[i] != facts || w.bodies[i] != string(want.Data) || w.lines[i] != tt.line {
					t.Errorf("request %d: %s %+v %s; want %s %+v", i, w.lines[i], w.facts[i], w.bodies[i], tt.line, facts)
				}
			}
		})
	}
}

// recordJSON is record i as it stands in an event; the event itself of EventBridge.
func recordJSON(t *testing.T, event []byte, i int) []byte {
	t.Helper()
	var e struct{ Records []json.RawMessage }
	if err := json.Unmarshal(event, &e); err != nil {
		t.Fatal(err)
	}
	if e.Records == nil {
		return bytes.TrimRight(event, "\n")
	}
	return e.Records[i]
}

// Records that a test makes come out of the doorway as they went in, as
// aws-lambda-go's types read them too.
func TestRecordsRoundTrip(t *testing.T) {
	t.Parallel()
	attributes := []datastore.Attribute{{Name: "a", Type: "String", Value: "x\"é\n"}, {Name: "b", Type: "Binary", Value: "\x00\xff"},
		{Name: "n", Type: "Number.int", Value: "12"}}
	for _, want := range []datastore.Record{
		{Service: "sqs", Source: "arn:aws:sqs:eu-west-1:123456789012:jobs.fifo", ID: "a\"b", Group: "g", Dedup: "d", Sequence: "18849496460467696128",
			TraceHeader: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
			Attempt:     7, SentAt: at(1773480413123), Attributes: attributes[:1], Data: []byte("{\"note\":\"line\\nbreak \\u00e9 \\ud83d\\ude00 <é>\"}")},
		{Service: "sqs", Source: "arn:aws:sqs:eu-west-1:123456789012:jobs", ID: "1", Attempt: 1, SentAt: at(1), Attributes: attributes[1:2]},
		{Service: "sns", Source: "arn:aws:sns:eu-west-1:123456789012:placed", ID: "2", Subject: "s", SentAt: at(1773480413123),
			Attributes: attributes[2:], Data: []byte("text")},
		// T215, STM-03: no number holds the sequence number.
		{Service: "kinesis", Source: "arn:aws:kinesis:eu-west-1:123456789012:stream/clicks", ID: "49590338271490256608559692538361571095921575989136588898",
			Sequence: "49590338271490256608559692538361571095921575989136588898", Group: "k", SentAt: at(1773480413123), Data: []byte{0, 1, 0xff}},
	} {
		w := &worker{}
		event := handlertest.RecordsEvent(want)
		if _, err := w.doorway(want.Service).Invoke(t.Context(), event); err != nil || len(w.records) != 1 {
			t.Fatalf("Invoke(%s): %v, %d records", event, err, len(w.records))
		}
		if got := w.records[0]; !reflect.DeepEqual(got, want) {
			t.Errorf("record\n%+v, want\n%+v", got, want)
		}
		agree(t, event, w.records)
	}
}

// agree compares records with what aws-lambda-go reads in the event.
func agree(t *testing.T, event []byte, got []datastore.Record) {
	t.Helper()
	var want []datastore.Record
	decode := func(v any) {
		if err := json.Unmarshal(event, v); err != nil {
			t.Fatal(err)
		}
	}
	switch got[0].Service {
	case "sqs":
		var e events.SQSEvent
		decode(&e)
		for _, r := range e.Records {
			attempt, _ := strconv.Atoi(r.Attributes["ApproximateReceiveCount"])
			sent, _ := strconv.ParseInt(r.Attributes["SentTimestamp"], 10, 64)
			want = append(want, datastore.Record{Service: "sqs", Source: r.EventSourceARN, ID: r.MessageId, Data: []byte(r.Body), Attempt: attempt,
				SentAt: at(sent), Group: r.Attributes["MessageGroupId"], Dedup: r.Attributes["MessageDeduplicationId"], Sequence: r.Attributes["SequenceNumber"], TraceHeader: r.Attributes["AWSTraceHeader"]})
			for _, a := range got[len(want)-1].Attributes {
				theirs := r.MessageAttributes[a.Name]
				if value := theirs.StringValue; value == nil && string(theirs.BinaryValue) != a.Value || value != nil && *value != a.Value || theirs.DataType != string(a.Type) {
					t.Errorf("attribute %+v, want %+v", a, theirs)
				}
			}
		}
	case "sns":
		var e events.SNSEvent
		decode(&e)
		for _, r := range e.Records {
			want = append(want, datastore.Record{Service: "sns", Source: r.SNS.TopicArn, ID: r.SNS.MessageID, Data: []byte(r.SNS.Message),
				Subject: r.SNS.Subject, SentAt: r.SNS.Timestamp})
		}
	case "kinesis":
		var e events.KinesisEvent
		decode(&e)
		for _, r := range e.Records {
			want = append(want, datastore.Record{Service: "kinesis", Source: r.EventSourceArn, ID: r.Kinesis.SequenceNumber, Sequence: r.Kinesis.SequenceNumber,
				Group: r.Kinesis.PartitionKey, Data: r.Kinesis.Data, SentAt: r.Kinesis.ApproximateArrivalTimestamp.Time})
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d records, aws-lambda-go reads %d", len(got), len(want))
	}
	for i := range got {
		own := got[i]
		if drift := own.SentAt.Sub(want[i].SentAt); drift.Abs() > time.Millisecond {
			t.Errorf("SentAt %v, aws-lambda-go reads %v", own.SentAt, want[i].SentAt)
		}
		own.Attributes, own.SentAt, want[i].SentAt = nil, time.Time{}, time.Time{}
		if !bytes.Equal(own.Data, want[i].Data) {
			t.Errorf("data %q, aws-lambda-go reads %q", own.Data, want[i].Data)
		}
		own.Data, want[i].Data = nil, nil
		if !reflect.DeepEqual(own, want[i]) {
			t.Errorf("record\n%+v, aws-lambda-go reads\n%+v", own, want[i])
		}
	}
}

// AWS's samples, as aws-lambda-go reads them.
func TestRecordsAgree(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"sqs", "sns", "kinesis"} {
		w := &worker{}
		event := fixture(t, "records-"+service)
		if _, err := w.doorway(service).Invoke(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		agree(t, event, w.records)
	}
}

// The data of a record stays what it was for as long as somebody keeps it.
func TestRecordDataIsKept(t *testing.T) {
	t.Parallel()
	w := &worker{}
	d := w.doorway("sqs")
	first := handlertest.RecordsEvent(message("1", `{"a":1}`), message("2", `{"b":2}`))
	if _, err := d.Invoke(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	clear(first) // aws-lambda-go uses its buffer again
	if _, err := d.Invoke(t.Context(), handlertest.RecordsEvent(message("3", `{"c":3}`))); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{`{"a":1}`, `{"b":2}`, `{"c":3}`} {
		if got := string(w.records[i].Data); got != want || w.records[i].ID != strconv.Itoa(i+1) {
			t.Errorf("record %d: %s %s, want %s", i, w.records[i].ID, got, want)
		}
	}
}

// message is a message of a queue that came the first time.
func message(id, body string) datastore.Record {
	return datastore.Record{Service: "sqs", Source: "arn:aws:sqs:eu-west-1:123456789012:jobs", ID: id, Attempt: 1, Data: []byte(body)}
}

// STM-08: times are seconds, with or without a fraction; the key of an item is the
// same text however it is written.
func TestTableRecord(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		keys, time string
		group      string
		sent       time.Time
	}{
		{`{"pk":{"S":"a"},"sk":{"N":"1"}}`, `1479499740`, `{"pk":{"S":"a"},"sk":{"N":"1"}}`, at(1479499740000)},
		{` { "sk" : {"N":"1"}, "pk" : { "S" : "\u0061" } }`, `1.47949974E9`, `{"pk":{"S":"a"},"sk":{"N":"1"}}`, at(1479499740000)},
		{`{"pk":{"B":"AAE="}}`, `1479499740.123`, `{"pk":{"B":"AAE="}}`, at(1479499740123)},
		{`{"pk":{"S":"quote \" and }"}}`, `"soon"`, `{"pk":{"S":"quote \" and }"}}`, time.Time{}},
		{`null`, `null`, ``, time.Time{}},
	} {
		w := &worker{}
		event := `{"Records":[{"eventSource":"aws:dynamodb","eventSourceARN":"arn:aws:dynamodb:eu-west-1:1:table/orders/stream/x","dynamodb":{"Keys":` +
			tt.keys + `,"SequenceNumber":"1","ApproximateCreationDateTime":` + tt.time + `}}]}`
		if _, err := w.doorway("dynamodb").Invoke(t.Context(), []byte(event)); err != nil || len(w.records) != 1 {
			t.Fatalf("Invoke(%s): %v", event, err)
		}
		r := w.records[0]
		if tt.group == "" {
			tt.group = "{}"
		}
		if r.Group != tt.group || !r.SentAt.Equal(tt.sent) {
			t.Errorf("keys %s at %s: group %s at %v, want %s at %v", tt.keys, tt.time, r.Group, r.SentAt, tt.group, tt.sent)
		}
	}
}

// T223, SQS-05: a message of a topic is the same in its envelope and raw; what only
// looks like an envelope is a message of its own.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	envelope := func(change func(map[string]any)) string {
		e := map[string]any{
			"Type": "Notification", "MessageId": "63a3f6b6-d533-4a47-aef9-fcf5cf758c76", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:placed",
			"Subject": "news", "Message": `{"id":"7"}`, "Timestamp": "2026-01-02T03:04:05.067Z", "SignatureVersion": "1", "Signature": "EXAMPLE",
			"SigningCertURL": "https://sns.eu-west-1.amazonaws.com/x.pem", "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
			"MessageAttributes": map[string]any{"country": map[string]any{"Type": "String", "Value": "de"}},
		}
		change(e)
		b, err := json.MarshalIndent(e, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	whole := envelope(func(map[string]any) {})
	inner := []datastore.Attribute{{Name: "country", Type: "String", Value: "de"}}
	without := func(name string) string { return envelope(func(e map[string]any) { delete(e, name) }) }
	for _, tt := range []struct {
		name, body, want, subject string
		attributes                []datastore.Attribute
	}{
		{"raw", `{"id":"7"}`, `{"id":"7"}`, "", nil},
		{"enveloped", whole, `{"id":"7"}`, "news", inner},
		{"of China", strings.ReplaceAll(whole, "arn:aws:", "arn:aws-cn:"), `{"id":"7"}`, "news", inner},
		{"without what is optional", envelope(func(e map[string]any) { delete(e, "Subject"); delete(e, "MessageAttributes") }), `{"id":"7"}`, "", nil},
		{"no type", without("Type"), without("Type"), "", nil},
		{"no id", without("MessageId"), without("MessageId"), "", nil},
		{"no message", without("Message"), without("Message"), "", nil},
		{"no time", without("Timestamp"), without("Timestamp"), "", nil},
		{"no signature", without("Signature"), without("Signature"), "", nil},
		{"of a queue", strings.ReplaceAll(whole, ":sns:", ":sqs:"), strings.ReplaceAll(whole, ":sns:", ":sqs:"), "", nil},
		{"a subscription's", strings.ReplaceAll(whole, "Notification", "SubscriptionConfirmation"), strings.ReplaceAll(whole, "Notification", "SubscriptionConfirmation"), "", nil},
		{"cut off", whole[:len(whole)-2], whole[:len(whole)-2], "", nil},
		{"a list", "[" + whole + "]", "[" + whole + "]", "", nil},
		{"EventBridge's", string(fixture(t, "unserved/eventbridge")), string(fixture(t, "unserved/eventbridge")), "", nil},
	} {
		w := &worker{}
		out, err := w.doorway("sqs").Invoke(t.Context(), handlertest.RecordsEvent(message("1", tt.body)))
		if err != nil || string(out) != `{"batchItemFailures":[]}` || len(w.records) != 1 {
			t.Fatalf("%s: Invoke = %s, %v, %d records", tt.name, out, err, len(w.records))
		}
		if r := w.records[0]; string(r.Data) != tt.want || r.Subject != tt.subject || !reflect.DeepEqual(r.Attributes, tt.attributes) || r.ID != "1" {
			t.Errorf("%s: record %+v with data %s; want %s", tt.name, r, r.Data, tt.want)
		}
	}
}

// What a sender says about a message stays, whatever its body looks like: services that
// put something around a body give the message no attributes.
func TestEnvelopeOfSender(t *testing.T) {
	t.Parallel()
	envelope := `{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:eu-west-1:1:t","Subject":"news","Message":"inner",` +
		`"Timestamp":"2026-01-02T03:04:05.067Z","Signature":"x","MessageAttributes":{"tenant":{"Type":"String","Value":"b"}}}`
	for name, body := range map[string]string{"a topic's envelope": envelope, "S3's test": s3Test} {
		w, sent := &worker{}, message("1", body)
		sent.Attributes = []datastore.Attribute{{Name: "tenant", Type: datastore.AttributeString, Value: "a"}}
		if _, err := w.doorway("sqs").Invoke(t.Context(), handlertest.RecordsEvent(sent)); err != nil || len(w.records) != 1 {
			t.Errorf("%s: error = %v, worked off: %+v", name, err, w.records)
			continue
		}
		if r := w.records[0]; string(r.Data) != body || r.Subject != "" || r.Attribute("tenant") != "a" {
			t.Errorf("%s: record %+v with data %s; want it as it was sent", name, r, r.Data)
		}
	}
}

const s3Test = `{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2014-10-13T15:57:02.089Z","Bucket":"bucketname",` +
	`"RequestId":"5582815E1AEA5ADF","HostId":"8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR+YstdA6Knx4Ip8EXAMPLE"}`

// S3's test is nobody's record: not as an event, nor as a message of a queue, raw or
// from a topic.
func TestS3TestEvent(t *testing.T) {
	t.Parallel()
	w := &worker{}
	if out, err := w.doorway("s3").Invoke(t.Context(), []byte(s3Test)); err != nil || string(out) != `{"batchItemFailures":[]}` {
		t.Errorf("the test event: %s, %v", out, err)
	}
	quoted, err := json.Marshal(s3Test)
	if err != nil {
		t.Fatal(err)
	}
	enveloped := `{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:eu-west-1:1:t","Message":` + string(quoted) +
		`,"Timestamp":"2026-01-02T03:04:05.067Z","Signature":"x"}`
	out, err := w.doorway("sqs").Invoke(t.Context(), handlertest.RecordsEvent(message("1", s3Test), message("2", enveloped)))
	if err != nil || string(out) != `{"batchItemFailures":[]}` {
		t.Errorf("test events in a queue: %s, %v", out, err)
	}
	if len(w.records) != 0 {
		t.Errorf("worked off: %+v", w.records)
	}
	own := `{"Event":"s3:TestEvent","Bucket":"bucketname"}`
	if _, err := w.doorway("sqs").Invoke(t.Context(), handlertest.RecordsEvent(message("3", own))); err != nil || len(w.records) != 1 {
		t.Errorf("a message that is none: %v, %+v", err, w.records)
	}
	if _, err := w.doorway("sqs").Invoke(t.Context(), []byte(s3Test)); err == nil {
		t.Error("the test event of a function without a bucket: no error")
	}
}

// Which source a record is of, and what an event of none answers.
func TestSourceOf(t *testing.T) {
	t.Parallel()
	workers := map[string]*worker{}
	source := func(service, kind, name, physical string, change func(*datastore.Feed)) lambda.Source {
		w := &worker{}
		workers[name] = w
		f := datastore.Feed{Service: service, Spec: store{kind, name}}
		if change != nil {
			change(&f)
		}
		return lambda.Source{Feed: f, Name: physical, Handler: w}
	}
	events := func(prefix string, names ...string) func(*datastore.Feed) {
		return func(f *datastore.Feed) { f.Prefix, f.Events = prefix, names }
	}
	opts := quiet()
	opts.Sources = []lambda.Source{
		source("sqs", "queue", "q1", "https://sqs.eu-west-1.amazonaws.com/123456789012/app-q1-X.fifo", nil),
		source("sqs", "queue", "q2", "q2", nil),
		source("sns", "topic", "t1", "arn:aws:sns:eu-west-1:123456789012:app-t1", nil),
		source("sns", "topic", "t2", "arn:aws:sns:eu-west-1:123456789012:app-t2", nil),
		source("kinesis", "stream", "s1", "app-s1", nil),
		source("kinesis", "stream", "s2", "arn:aws:kinesis:eu-west-1:123456789012:stream/app-s2", nil),
		source("dynamodb", "table", "d1", "app-d1", nil),
		source("dynamodb", "table", "d2", "app-d2", nil),
		source("s3", "blob", "b1", "app-b", events("in/", "Object Created")),
		source("s3", "blob", "b2", "app-b", events("in/", "Object Deleted")),
		source("s3", "blob", "b3", "app-b", events("out/", "Object Created", "Object Deleted")),
	}
	d := lambda.New(nil, opts)
	sqs := func(arn string) string {
		return fmt.Sprintf(`{"eventSource":"aws:sqs","messageId":"1","body":"x","eventSourceARN":%q}`, arn)
	}
	kinesis := func(arn string) string {
		return fmt.Sprintf(`{"eventSource":"aws:kinesis","kinesis":{"sequenceNumber":"1","data":"eA=="},"eventSourceARN":%q}`, arn)
	}
	table := func(arn string) string {
		return fmt.Sprintf(`{"eventSource":"aws:dynamodb","dynamodb":{"SequenceNumber":"1"},"eventSourceARN":%q}`, arn)
	}
	s3 := func(event, bucket, key string) string {
		return fmt.Sprintf(`{"eventSource":"aws:s3","eventName":%q,"s3":{"bucket":{"name":%q},"object":{"key":%q}}}`, event, bucket, key)
	}
	bridge := func(event, bucket, key string) string {
		return fmt.Sprintf(`{"source":"aws.s3","detail-type":%q,"detail":{"bucket":{"name":%q},"object":{"key":%q}}}`, event, bucket, key)
	}
	for _, tt := range []struct{ record, want string }{
		{sqs("arn:aws:sqs:eu-west-1:123456789012:app-q1-X.fifo"), "q1"},
		{sqs("arn:aws:sqs:eu-west-1:000000000000:q2"), "q2"},
		{sqs("arn:aws:sqs:eu-west-1:000000000000:q3"), ""},
		{sqs("q2"), ""},
		{`{"EventSource":"aws:sns","Sns":{"TopicArn":"arn:aws:sns:eu-west-1:123456789012:app-t2","Message":"x"}}`, "t2"},
		{kinesis("arn:aws:kinesis:eu-west-1:123456789012:stream/app-s1"), "s1"},
		{kinesis("arn:aws:kinesis:eu-west-1:123456789012:stream/app-s2/consumer/fan:1500000000"), "s2"},
		{table("arn:aws:dynamodb:eu-west-1:123456789012:table/app-d2/stream/2016-12-01T00:00:00.000"), "d2"},
		{table("arn:aws:dynamodb:eu-west-1:123456789012:table/app-d3/stream/2016-12-01T00:00:00.000"), ""},
		{s3("ObjectCreated:Put", "app-b", "in%2Fa+b"), "b1"},
		{s3("ObjectRemoved:Delete", "app-b", "in/a"), "b2"},
		{s3("s3:LifecycleExpiration:Delete", "app-b", "in/a"), "b2"},
		{s3("ObjectCreated:Copy", "app-b", "out/a"), "b3"},
		{s3("ObjectTagging:Put", "app-b", "in/a"), ""},
		{s3("ObjectCreated:Put", "app-c", "in/a"), ""},
		{s3("ObjectCreated:Put", "app-b", "other"), ""},
		{bridge("Object Created", "app-b", "in/a+b"), "b1"},
		{bridge("Object Deleted", "app-b", "in/a"), "b2"},
		{bridge("Object Created", "app-b", "in%2Fa"), ""}, // S3E-02: the key is not encoded
		{bridge("Object Tags Added", "app-b", "in/a"), ""},
		{`{"eventSource":"aws:kafka"}`, ""},
	} {
		for _, w := range workers {
			w.records = nil
		}
		event := `{"Records":[` + tt.record + `]}`
		if strings.HasPrefix(tt.record, `{"source"`) {
			event = tt.record
		}
		out, err := d.Invoke(t.Context(), []byte(event))
		got := ""
		for name, w := range workers {
			if len(w.records) > 0 {
				got += name
			}
		}
		if got != tt.want {
			t.Errorf("%s: source %q, want %q", tt.record, got, tt.want)
		}
		var e *lambda.EventError
		switch isOne := errors.As(err, &e); {
		case tt.want == "" && (!isOne || out != nil || !strings.Contains(err.Error(), "this function serves records of queue q1, queue q2, topic t1") ||
			!strings.Contains(err.Error(), "blob b1 (Object Created under in/)")):
			t.Errorf("%s: %s, %v; want an error that says what is served", tt.record, out, err)
		case tt.want == "" && strings.Contains(tt.record, `"aws:sqs"`) && !strings.Contains(err.Error(), "the ends of their ARNs, which are app-q1-X.fifo, q2"):
			t.Errorf("%s: %s, %v; want an error that says what is served", tt.record, out, err)
		case tt.want != "" && err != nil:
			t.Errorf("%s: %v", tt.record, err)
		}
	}
}

// What else a function serves does not get events of records, and the other way
// round.
func TestSourcesBesideOthers(t *testing.T) {
	t.Parallel()
	w := &worker{}
	opts := quiet()
	opts.Sources = []lambda.Source{{Feed: feeds["s3"], Handler: w}, {Feed: feeds["sqs"], Handler: w}}
	opts.Direct = handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte(`"direct"`)}, nil
	})
	routes := handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: []byte("route")}, nil
	})
	d := lambda.New(routes, opts)
	for _, tt := range []struct {
		event string
		want  string
		works int
	}{
		{string(handlertest.HTTPEvent(handlertest.Request("POST", "/", handlertest.Body("application/json", []byte(`{"Records":[{"eventSource":"aws:sqs"}]}`))))), `"statusCode":200`, 0},
		{`{"source":"aws.s3","detail-type":"Object Created","detail":{"object":{"key":"a"}}}`, "null", 1},
		{`{"source":"shop","detail-type":"order paid","detail":{}}`, `"direct"`, 0},
		{`{"order":1}`, `"direct"`, 0},
		{string(handlertest.RecordsEvent(message("1", "x"))), `{"batchItemFailures":[]}`, 1},
		{`{"Records":[]}`, `{"batchItemFailures":[]}`, 0},
		{string(handlertest.RecordsEvent(datastore.Record{Service: "sns"})), "this function serves REST API, HTTP API, function URL, ALB and VPC Lattice events, " +
			"records of blob photos (Object Created, Object Deleted), queue jobs, and direct invocations", 0},
	} {
		w.records = nil
		out, err := d.Invoke(t.Context(), []byte(tt.event))
		if got := fmt.Sprint(string(out), err); !strings.Contains(got, tt.want) || len(w.records) != tt.works {
			t.Errorf("Invoke(%s) = %s, %v and %d records worked off; want %s and %d", tt.event, out, err, len(w.records), tt.want, tt.works)
		}
	}
}
