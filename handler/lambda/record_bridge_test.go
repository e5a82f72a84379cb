package lambda_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// sourcesOf are the sources of a function as package tier declares them.
func sourcesOf(t testing.TB, f *tier.Function) *lambda.Options {
	t.Helper()
	o := &lambda.Options{}
	for _, trigger := range f.Triggers() {
		h, err := trigger.Handler()
		if err != nil {
			t.Fatal(err)
		}
		o.Sources = append(o.Sources, lambda.Source{Feed: trigger.Feed(), Handler: h})
	}
	return o
}

type placedOrder struct {
	ID string `json:"id" validate:"required"`
}

// bridgedFunction has rules, schedules and a bucket; told hears what came.
func bridgedFunction(told func(format string, args ...any)) *tier.Function {
	f := tier.New("shop").Function("worker")
	take := func(what string) func(context.Context, event.Event[placedOrder]) error {
		return func(ctx context.Context, e event.Event[placedOrder]) error {
			r := datastore.RecordFrom(ctx)
			told("%s %s of %s by %s, %s %s", what, e.Detail.ID, e.DetailType, r.Source, r.ID, r.SentAt.Format(time.RFC3339))
			if e.Detail.ID == "fail" {
				return errors.New("as asked")
			}
			return nil
		}
	}
	tier.On(f, event.NewRule[placedOrder]("placed", `{"detail-type": ["Order Placed", "Order Changed"]}`), take("placed"))
	tier.On(f, event.NewRule[placedOrder]("paid", `{"detail-type": ["Order Paid"]}`), take("paid"))
	tick := func(name string) func(context.Context, map[string]int) error {
		return func(ctx context.Context, in map[string]int) error {
			r := datastore.RecordFrom(ctx)
			told("%s %v of %q at %s", name, in, r.Source, r.SentAt.Format(time.RFC3339))
			return nil
		}
	}
	tier.On(f, event.NewSchedule("nightly", "rate(1 day)", map[string]int{"days": 1}), tick("nightly"))
	tier.On(f, event.NewSchedule("hourly", "rate(1 hour)", map[string]int{}), tick("hourly"))
	tier.On(f, blob.New(datastore.New(nil, nil), "files").Created(), func(_ context.Context, e blob.Event) error {
		told("object %s", e.Key)
		return nil
	})
	return f
}

func busEvent(detailType, detail string) string {
	return `{"version":"0","id":"6a7e8feb","detail-type":"` + detailType + `","source":"shop","account":"123456789012",` +
		`"time":"2026-01-02T03:04:05Z","region":"eu-west-1","resources":["arn:aws:shop:::1"],"detail":` + detail + `}`
}

// TestBridgedEvents (EVB-01): events of a bus are told apart by their detail-type,
// schedules by the name they send; an event has one record, whose failure is that of
// the event.
func TestBridgedEvents(t *testing.T) {
	t.Parallel()
	var heard []string
	d := lambda.New(nil, sourcesOf(t, bridgedFunction(func(format string, args ...any) { heard = append(heard, fmt.Sprintf(format, args...)) })))
	const at = "6a7e8feb 2026-01-02T03:04:05Z"
	for _, tt := range []struct{ name, payload, want, wantErr string }{
		{"the first rule", busEvent("Order Changed", `{"id":"1"}`), "placed 1 of Order Changed by shop, " + at, ""},
		{"the second rule", busEvent("Order Paid", `{"id":"2"}`), "paid 2 of Order Paid by shop, " + at, ""},
		{"a failure", busEvent("Order Paid", `{"id":"fail"}`), "paid fail of Order Paid by shop, " + at, "1 of 1 records failed, rule paid: Internal Server Error"},
		{"not valid", busEvent("Order Paid", `{}`), "", "rule paid: the request is not valid: body.detail.id is required"},
		{"another event", busEvent("Order Lost", `{"id":"1"}`), "", "of shop, which the function does not serve"},
		{"no object", busEvent("Order Paid", `"text"`), "", "unknown event"},
		{"a schedule", `{"schedule":"nightly","id":"d32c","source":"aws.scheduler","detail-type":"Scheduled Event","time":"2026-01-02T03:04:05Z","resources":["arn:aws:scheduler:::schedule/default/a"],"detail":{"days":3}}`,
			`nightly map[days:3] of "arn:aws:scheduler:::schedule/default/a" at 2026-01-02T03:04:05Z`, ""},
		{"the other schedule", `{"schedule":"hourly","source":"aws.scheduler","detail":{}}`, `hourly map[] of "" at 0001-01-01T00:00:00Z`, ""},
		{"no such schedule", `{"schedule":"weekly","source":"aws.scheduler","detail":{}}`, "", "batch of records: top-level keys [schedule source detail]"},
		{"a schedule without input", `{"schedule":"hourly","source":"aws.scheduler"}`, "", "unknown event"},
		{"an object", `{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"files"},"object":{"key":"a b"}}}`, "object a b", ""},
	} {
		heard = nil
		out, err := d.Invoke(t.Context(), []byte(tt.payload))
		switch {
		case tt.wantErr == "" && (err != nil || string(out) != "null"):
			t.Errorf("%s: Invoke = %s, %v", tt.name, out, err)
		case tt.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tt.wantErr)):
			t.Errorf("%s: error = %v, want %q", tt.name, err, tt.wantErr)
		}
		if got := strings.Join(heard, "; "); got != tt.want {
			t.Errorf("%s: the function heard %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestScheduledEvent (T228): a scheduled event of AWS's own, with an empty detail and a resource, is
// one of a rule and of a schedule.
func TestScheduledEvent(t *testing.T) {
	t.Parallel()
	payload, err := os.ReadFile("testdata/records-eventbridge-scheduled.json")
	if err != nil {
		t.Fatal(err)
	}
	var got event.Event[struct{}]
	rule, schedule := tier.New("shop").Function("rule"), tier.New("shop").Function("schedule")
	tier.On(rule, event.NewRule[struct{}]("ticks", `{"source": ["aws.events"]}`), func(_ context.Context, e event.Event[struct{}]) error {
		got = e
		return nil
	})
	if out, err := lambda.New(nil, sourcesOf(t, rule)).Invoke(t.Context(), payload); err != nil || string(out) != "null" {
		t.Errorf("Invoke = %s, %v", out, err)
	}
	if diff := cmp.Diff(event.Event[struct{}]{
		ID: "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa", Source: "aws.events", DetailType: "Scheduled Event", Account: "123456789012", Region: "us-east-1",
		Time: time.Date(2015, 10, 8, 16, 53, 6, 0, time.UTC), Resources: []string{"arn:aws:events:us-east-1:123456789012:rule/my-scheduled-rule"},
	}, got); diff != "" {
		t.Errorf("the event (-want +got):\n%s", diff)
	}
	var source string
	tier.On(schedule, event.NewSchedule("ticks", "rate(1 day)", struct{}{}), func(ctx context.Context, _ struct{}) error {
		source = datastore.RecordFrom(ctx).Source
		return nil
	})
	if out, err := lambda.New(nil, sourcesOf(t, schedule)).Invoke(t.Context(), payload); err != nil || string(out) != "null" {
		t.Errorf("Invoke = %s, %v", out, err)
	}
	if source != got.Resources[0] {
		t.Errorf("the schedule heard of %q, want %q", source, got.Resources[0])
	}
}

// TestBridgedRecords: records made for a test go through the doorway.
func TestBridgedRecords(t *testing.T) {
	t.Parallel()
	var heard []string
	f := bridgedFunction(func(format string, args ...any) { heard = append(heard, fmt.Sprintf(format, args...)) })
	d := lambda.New(nil, sourcesOf(t, f))
	rule := event.NewRule[placedOrder]("paid", `{"detail-type": ["Order Paid"]}`)
	paid := handlertest.RecordsOf(rule, event.Event[placedOrder]{ID: "9", Source: "bank", DetailType: "Order Paid", Detail: placedOrder{"7"}, Time: time.Unix(0, 0).UTC()})
	nightly := handlertest.RecordsOf(event.NewSchedule("nightly", "rate(1 day)", map[string]int{}), map[string]int{"days": 2})
	for _, record := range append(paid, nightly...) {
		if _, err := d.Invoke(t.Context(), handlertest.RecordsEvent(record)); err != nil {
			t.Error(err)
		}
	}
	want := []string{
		"paid 7 of Order Paid by bank, 9 1970-01-01T00:00:00Z",
		`nightly map[days:2] of "arn:aws:scheduler:eu-west-1:123456789012:schedule/default/nightly" at 2026-01-02T03:04:05Z`,
	}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("the function heard (-want +got):\n%s", diff)
	}
}

// FuzzBridgedEvents: no event makes the doorway panic, or tell what is in it.
func FuzzBridgedEvents(f *testing.F) {
	for _, seed := range []string{busEvent("Order Paid", `{"id":"1"}`), busEvent("Order Lost", `{"id":1}`),
		`{"schedule":"nightly","source":"aws.scheduler","detail":{"days":3},"resources":["a"]}`, `{"schedule":"","source":"","detail":null}`} {
		f.Add([]byte(seed))
	}
	d := lambda.New(nil, sourcesOf(f, bridgedFunction(func(string, ...any) {})))
	f.Fuzz(func(t *testing.T, payload []byte) {
		out, err := d.Invoke(t.Context(), payload)
		if err == nil && string(out) != "null" && string(out) != `{"batchItemFailures":[]}` {
			t.Fatalf("Invoke = %s", out)
		}
	})
}
