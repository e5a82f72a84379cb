package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// kafkaFeeds are two topics.
var kafkaFeeds = map[string]datastore.Feed{
	"clicks": {Service: "kafka", Spec: store{"kafka", "clicks"}, Events: []string{"shop.clicks"}},
	"orders": {Service: "kafka", Spec: store{"kafka", "orders"}, Events: []string{"orders-1"}},
}

// TestKafka (KFK-01): partitions are lists of their own; keys and values are base64,
// null or left out; headers are lists of signed or unsigned bytes.
func TestKafka(t *testing.T) {
	t.Parallel()
	clicks, orders := &worker{}, &worker{}
	d := lambda.New(nil, &lambda.Options{Sources: []lambda.Source{
		{Feed: kafkaFeeds["clicks"], Handler: clicks}, {Feed: kafkaFeeds["orders"], Handler: orders},
	}})
	out, err := d.Invoke(t.Context(), fixture(t, "records-kafka-partitions"))
	if err != nil || string(out) != "null" {
		t.Fatalf("Invoke = %s, %v", out, err)
	}
	var got []string
	for _, r := range append(clicks.records, orders.records...) {
		value := "null"
		if r.Data != nil {
			value = fmt.Sprintf("%q", r.Data)
		}
		line := fmt.Sprintf("%s of %s at %s, %s: %q = %s", r.ID, r.Group, r.Sequence, r.SentAt.Format("05.000"), r.Key, value)
		for _, a := range r.Attributes {
			line += fmt.Sprintf(" %s %s=%q", a.Type, a.Name, a.Value)
		}
		got = append(got, line)
		if want := "arn:aws:kafka:eu-west-1:123456789012:cluster/main/e9f754c6-d29a-4430-a7db-958a19fd2c54-4"; r.Source != want || r.Service != "kafka" {
			t.Errorf("%s: from %s %s, want %s", r.ID, r.Service, r.Source, want)
		}
	}
	want := []string{
		`shop.clicks-0/15 of shop.clicks-0 at 15, 50.987: "ada" = "{\"id\":\"1\"}" Binary trace="v\xdc\x00\x7f\x80" Binary trace="v\xdc\x00\x7f\x80" Binary empty="" Binary gone=""`,
		`shop.clicks-0/16 of shop.clicks-0 at 16, 50.988: "ada" = null`,
		`shop.clicks-2/9007199254740993 of shop.clicks-2 at 9007199254740993, 50.989: "\xff\x00" = null`,
		`shop.clicks-2/9007199254740994 of shop.clicks-2 at 9007199254740994, 50.990: "" = ""`,
		`orders-1-1/0 of orders-1-1 at 0, 50.991: "" = "{\"id\":\"2\"}"`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

// TestKafkaSample: AWS's own sample, whose header has signed bytes and whose value is
// text; and what handlertest makes of its record is the same to the types of AWS.
func TestKafkaSample(t *testing.T) {
	t.Parallel()
	w := &worker{}
	d := lambda.New(nil, &lambda.Options{Sources: []lambda.Source{{Feed: kafkaFeeds["clicks"], Handler: w}, {
		Feed: datastore.Feed{Service: "kafka", Spec: store{"kafka", "sample"}, Events: []string{"AWSKafkaTopic"}}, Handler: w,
	}}})
	sample := fixture(t, "records-kafka")
	if out, err := d.Invoke(t.Context(), sample); err != nil || len(w.records) != 1 {
		t.Fatalf("Invoke = %s, %v, %d records", out, err, len(w.records))
	}
	r := w.records[0]
	const text = "8d5596b4-1813-4238-b24b-6dad8e3d1c0c"
	if r.ID != "AWSKafkaTopic-0/0" || r.Key != text || string(r.Data) != text || r.Attribute("headerKey") != "v\xdc\x00\x7f\x80" {
		t.Errorf("record %+v", r)
	}
	read := func(payload []byte) (e events.KafkaEvent) {
		t.Helper()
		if err := json.Unmarshal(payload, &e); err != nil {
			t.Fatal(err)
		}
		e.BootstrapServers = ""
		return e
	}
	if diff := cmp.Diff(read(sample), read(handlertest.RecordsEvent(r))); diff != "" {
		t.Errorf("RecordsEvent (-want +got):\n%s", diff)
	}
}

// failAt fails the records with these ids.
func failAt(ids ...string) func(*datastore.Record) error {
	return func(r *datastore.Record) error {
		for _, id := range ids {
			if r.ID == id {
				return errors.New("as asked")
			}
		}
		return nil
	}
}

// TestKafkaFailures (KFK-01): a failure fails the event, or is told if Lambda takes
// that; either way nothing behind it in its partition is begun, and others are.
func TestKafkaFailures(t *testing.T) {
	t.Parallel()
	records := func() (all []datastore.Record) {
		for _, place := range []string{"a-0/1", "a-0/2", "a-0/3", "a-1/7", "a-1/8", "a-2/4"} {
			group, offset, _ := strings.Cut(place, "/")
			all = append(all, datastore.Record{Service: "kafka", Group: group, Sequence: offset, Data: []byte("x")})
		}
		return all
	}
	feed := datastore.Feed{Service: "kafka", Spec: store{"kafka", "a"}, Events: []string{"a"}}
	for _, parallel := range []int{0, 1, 4} {
		for _, tt := range []struct {
			name   string
			items  bool
			fail   []string
			begun  int
			failed []string
			err    string
		}{
			{"all well", false, nil, 6, nil, ""},
			{"all well, told", true, nil, 6, []string{}, ""},
			{"one", false, []string{"a-0/2"}, 5, nil, "2 of 6 records failed, kafka a: Internal Server Error"},
			{"one, told", true, []string{"a-0/2"}, 5, []string{"a-0/2", "a-0/3"}, ""},
			{"of two partitions, told", true, []string{"a-0/1", "a-1/8"}, 4, []string{"a-0/1", "a-0/2", "a-0/3", "a-1/8"}, ""},
		} {
			w := &worker{fail: failAt(tt.fail...)}
			opts := quiet()
			opts.Sources = []lambda.Source{{Feed: feed, Handler: w, Parallel: parallel, Items: tt.items}}
			out, err := lambda.New(nil, opts).Invoke(t.Context(), handlertest.RecordsEvent(records()...))
			if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
				t.Errorf("%s, %d at once: error = %v, want %q", tt.name, parallel, err, tt.err)
			}
			if len(w.records) != tt.begun {
				t.Errorf("%s, %d at once: %d records were begun, want %d", tt.name, parallel, len(w.records), tt.begun)
			}
			if tt.items {
				ids, err := handlertest.ReadFailures(out)
				if diff := cmp.Diff(tt.failed, ids); err != nil || diff != "" {
					t.Errorf("%s, %d at once: failures %s, %v (-want +got):\n%s", tt.name, parallel, out, err, diff)
				}
			}
		}
	}
}

// TestKafkaOrder: records of a partition are worked off in their order, one after the
// other, however many are worked off at once.
func TestKafkaOrder(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	at, last := map[string]bool{}, map[string]string{}
	h := handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		r := datastore.RecordFrom(ctx)
		mu.Lock()
		if at[r.Group] || last[r.Group] >= r.Sequence {
			t.Errorf("%s is begun behind %s of its partition, which is worked on: %v", r.ID, last[r.Group], at[r.Group])
		}
		at[r.Group], last[r.Group] = true, r.Sequence
		mu.Unlock()
		mu.Lock()
		at[r.Group] = false
		mu.Unlock()
		return &handler.Response{}, nil
	})
	var records []datastore.Record
	for offset := 100; offset < 160; offset++ {
		for partition := range 3 {
			records = append(records, datastore.Record{Service: "kafka", Group: fmt.Sprint("shop.clicks-", partition), Sequence: fmt.Sprint(offset)})
		}
	}
	d := lambda.New(nil, &lambda.Options{Sources: []lambda.Source{{Feed: kafkaFeeds["clicks"], Handler: h, Parallel: 8}}})
	if out, err := d.Invoke(t.Context(), handlertest.RecordsEvent(records...)); err != nil || len(last) != 3 {
		t.Errorf("Invoke = %s, %v, %d partitions", out, err, len(last))
	}
}

// TestKafkaEvents: events that are not quite Amazon MSK's.
func TestKafkaEvents(t *testing.T) {
	t.Parallel()
	const good = `{"topic":"shop.clicks","partition":0,"offset":1,"value":"eA=="}`
	kafka := func(records string) string { return `{"eventSource":"aws:kafka","records":` + records + `}` }
	one := func(record string) string { return kafka(`{"shop.clicks-0":[` + record + `]}`) }
	for _, tt := range []struct {
		name, event string
		works       int
		want        string // of the error, "" for none
	}{
		{"self-managed", `{"eventSource":"SelfManagedKafka","bootstrapServers":"b:9092","records":{"shop.clicks-0":[` + good + `]}}`, 1, ""},
		{"no records", kafka(`{}`), 0, ""},
		{"an empty partition", kafka(`{"shop.clicks-0":[],"shop.clicks-1":null,"shop.clicks-2":[` + good + `]}`), 1, ""},
		{"another topic", one(`{"topic":"other","partition":0,"offset":1}`), 0, "batch of records of arn, which the function does not serve; this function serves records of kafka clicks (shop.clicks)"},
		{"no partition list", kafka(`{"shop.clicks-0":7}`), 0, "1 of 1 records failed"},
		{"no object", one(`7`), 0, "1 of 1 records failed"},
		{"no place", one(`{"topic":"shop.clicks","partition":0}`), 0, "1 of 1 records failed"},
		{"a place that is no number", one(`{"topic":"shop.clicks","partition":0,"offset":"1"}`), 0, "1 of 1 records failed"},
		{"no base64", one(`{"topic":"shop.clicks","partition":0,"offset":1,"value":"?"}`), 0, "1 of 1 records failed"},
		{"a key that is none", one(`{"topic":"shop.clicks","partition":0,"offset":1,"key":7}`), 0, "1 of 1 records failed"},
		{"a header that is no list", one(`{"topic":"shop.clicks","partition":0,"offset":1,"headers":[{"a":"b"}]}`), 0, "1 of 1 records failed"},
		{"a header that is no bytes", one(`{"topic":"shop.clicks","partition":0,"offset":1,"headers":[{"a":[256]}]}`), 0, "1 of 1 records failed"},
		{"one behind another", one(good + `,` + strings.Replace(good, ":1", ":2", 1)), 2, ""},
		{"no JSON", one(good) + `x`, 0, "not JSON"},
		{"another service", `{"eventSource":"aws:mq","records":{}}`, 0, "unknown event: top-level keys [eventSource records]"},
	} {
		w := &worker{}
		opts := quiet()
		opts.Sources = []lambda.Source{{Feed: kafkaFeeds["clicks"], Handler: w}}
		event := strings.Replace(tt.event, `"aws:kafka",`, `"aws:kafka","eventSourceArn":"arn",`, 1)
		out, err := lambda.New(nil, opts).Invoke(t.Context(), []byte(event))
		if tt.want == "" && (err != nil || string(out) != "null") || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: Invoke = %s, %v, want %q", tt.name, out, err, tt.want)
		}
		if len(w.records) != tt.works {
			t.Errorf("%s: %d records worked off, want %d", tt.name, len(w.records), tt.works)
		}
	}
}

type clicked struct {
	ID string `json:"id" validate:"required"`
}

// TestKafkaNull: a null value is nil where there can be nil, empty for bytes and text,
// and refused for all else.
func TestKafkaNull(t *testing.T) {
	t.Parallel()
	main := event.NewCluster("main")
	var got []string
	f := tier.New("shop").Function("worker")
	pointers, bytes, texts, values := event.NewKafka[*clicked](main, "a", "a"), event.NewKafka[[]byte](main, "b", "b"),
		event.NewKafka[string](main, "c", "c"), event.NewKafka[clicked](main, "d", "d")
	tier.On(f, pointers, func(ctx context.Context, c *clicked) error {
		if c == nil {
			got = append(got, "no click "+datastore.RecordFrom(ctx).Key)
		} else {
			got = append(got, "click "+c.ID)
		}
		return nil
	})
	tier.On(f, bytes, func(ctx context.Context, b []byte) error {
		got = append(got, fmt.Sprintf("%q %t", b, datastore.RecordFrom(ctx).Data == nil))
		return nil
	})
	tier.On(f, texts, func(ctx context.Context, s string) error {
		got = append(got, fmt.Sprintf("%q %t", s, datastore.RecordFrom(ctx).Data == nil))
		return nil
	})
	tier.On(f, values, func(_ context.Context, c clicked) error {
		got = append(got, "value "+c.ID)
		return nil
	})
	opts := sourcesOf(t, f)
	opts.Logger = quiet().Logger
	d := lambda.New(nil, opts)
	for _, tt := range []struct {
		records []datastore.Record
		want    string
	}{
		{handlertest.RecordsOf(pointers, &clicked{"1"}, nil), "click 1, no click key-2"},
		{handlertest.RecordsOf(bytes, []byte("x"), nil, []byte{}), `"x" false, "" true, "" false`},
		{handlertest.RecordsOf(texts, "x", "", "null"), `"x" false, "" false, "null" false`},
		{handlertest.RecordsOf(values, clicked{"1"}), "value 1"},
	} {
		got = nil
		if out, err := d.Invoke(t.Context(), handlertest.RecordsEvent(tt.records...)); err != nil || strings.Join(got, ", ") != tt.want {
			t.Errorf("Invoke = %s, %v, heard %q, want %q", out, err, got, tt.want)
		}
	}
	null := handlertest.RecordsOf(values, clicked{"1"})
	null[0].Data = nil
	if _, err := d.Invoke(t.Context(), handlertest.RecordsEvent(null...)); err == nil || !strings.Contains(err.Error(), "1 of 1 records failed, kafka d: the request is not valid") {
		t.Errorf("a null value for a struct: error = %v", err)
	}
}

// FuzzKafka: no list of partitions makes the doorway panic, and what is worked off
// says where it stands.
func FuzzKafka(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"shop.clicks-0":[{"topic":"shop.clicks","partition":0,"offset":1,"value":"eA=="}]}`,
		`{"a":[{"topic":"shop.clicks","partition":0,"offset":1,"key":null,"value":null,"headers":[{"a":[1,-1,255]},{"b":null}]}],"b":null}`,
		`{"a":7,"a":[7,{"topic":"shop.clicks"}]}`,
	} {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	h := handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		if r := datastore.RecordFrom(ctx); r.ID != r.Group+"/"+r.Sequence || !strings.HasPrefix(r.Group, "shop.clicks-") {
			return nil, fmt.Errorf("a record without a place: %q", r.ID)
		}
		return &handler.Response{}, nil
	})
	f.Fuzz(func(t *testing.T, records string, items bool) {
		opts := quiet()
		opts.Sources = []lambda.Source{{Feed: kafkaFeeds["clicks"], Handler: h, Parallel: len(records) % 3, Items: items}}
		out, err := lambda.New(nil, opts).Invoke(t.Context(), []byte(`{"eventSource":"aws:kafka","records":`+records+`}`))
		if err != nil {
			return
		}
		if ids, err := handlertest.ReadFailures(out); items && string(out) != "null" && (err != nil || len(ids) > len(records)) {
			t.Fatalf("Invoke = %s, %v", out, err)
		}
	})
}
