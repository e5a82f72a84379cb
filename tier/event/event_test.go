package event_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

type order struct {
	ID string `json:"id" validate:"required"`
}

func work[T any](context.Context, T) error { return nil }

// TestDeclarations: what EventBridge would not take, or could not tell apart, is
// refused with the line of the On.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	rule := func(pattern string, opts ...event.RuleOption) func(*tier.Function) {
		return func(f *tier.Function) {
			tier.On(f, event.NewRule[order]("placed", pattern, opts...), work[event.Event[order]])
		}
	}
	schedule := func(expression string, opts ...event.ScheduleOption) func(*tier.Function) {
		return func(f *tier.Function) {
			tier.On(f, event.NewSchedule("nightly", expression, order{"1"}, opts...), work[order])
		}
	}
	both := func(a, b string) func(*tier.Function) {
		return func(f *tier.Function) {
			tier.On(f, event.NewRule[order]("a", a), work[event.Event[order]])
			tier.On(f, event.NewRule[order]("b", b), work[event.Event[order]])
		}
	}
	for _, tt := range []struct {
		name    string
		declare func(*tier.Function)
		want    string // "" for none
	}{
		{"a rule", rule(`{"source": ["shop"], "detail": {"a": {"b": {"c": [1]}}, "d": [1], "e": [1], "f": [1], "g": [1], "h": [1]}}`), ""},
		{"a bus", rule(`{"source": ["shop"]}`, event.OnBus("orders")), ""},
		{"a bus by its ARN", rule(`{"source": ["shop"]}`, event.OnBus("arn:aws:events:eu-west-1:123456789012:event-bus/orders")), ""},
		{"a partner's bus", rule(`{"source": ["shop"]}`, event.OnBus("aws.partner/example.com/acct-1/a")), ""},
		{"no pattern", rule(``), "the pattern: "},
		{"an empty pattern", rule(`{}`), "the pattern: "},
		{"no list", rule(`{"source": "shop"}`), `the property "source": write a list of values`},
		{"another member", rule(`{"detailType": ["a"]}`), `events have no member "detailType"`},
		{"a long pattern", rule(`{"source": ["` + strings.Repeat("a", 5000) + `"]}`), "more than 4096"},
		{"a bad bus", rule(`{"source": ["shop"]}`, event.OnBus("orders!")), `event.OnBus("orders!")`},
		{"no bus", rule(`{"source": ["shop"]}`, event.OnBus("")), `event.OnBus("")`},
		{"a queue for a bus", rule(`{"source": ["shop"]}`, event.OnBus("arn:aws:sqs:eu-west-1:123456789012:orders")), "the name or the ARN of an event bus"},
		{"a nil option", rule(`{"source": ["shop"]}`, nil), "an option is nil"},
		{"a bad name", func(f *tier.Function) {
			tier.On(f, event.NewRule[order]("1", `{"source": ["a"]}`), work[event.Event[order]])
		}, `rule name "1"`},
		{"a detail without JSON", func(f *tier.Function) {
			tier.On(f, event.NewRule[chan int]("a", `{"source": ["a"]}`), work[event.Event[chan int]])
		}, "function f on rule a: "},
		{"two detail-types", both(`{"detail-type": ["A"]}`, `{"detail-type": ["B", "C"]}`), ""},
		{"one detail-type", both(`{"detail-type": ["A"], "source": ["x"]}`, `{"detail-type": ["A"], "source": ["y"]}`), `list other values for "detail-type"`},
		{"no detail-type", both(`{"detail-type": ["A"]}`, `{"source": ["y"]}`), "an event could be of function f on rule a too"},
		{"a prefix", both(`{"detail-type": ["A"]}`, `{"detail-type": [{"prefix": "B"}]}`), "an event could be of"},
		{"null", both(`{"detail-type": ["A"]}`, `{"detail-type": [null]}`), "an event could be of"},
		{"a rule of objects", func(f *tier.Function) {
			tier.On(f, blob.New(datastore.New(nil, nil), "files").Created(), work[blob.Event])
			tier.On(f, event.NewRule[order]("a", `{"source": ["aws.s3"]}`), work[event.Event[order]])
		}, "an event could be of"},
		{"a rule beside objects", func(f *tier.Function) {
			tier.On(f, blob.New(datastore.New(nil, nil), "files").Created(), work[blob.Event])
			tier.On(f, event.NewRule[order]("a", `{"detail-type": ["Object Tags Added"]}`), work[event.Event[order]])
		}, ""},
		{"retries", func(f *tier.Function) {
			tier.On(f, event.NewRule[order]("a", `{"source": ["a"]}`), work[event.Event[order]], tier.Retries(1), tier.MaxAge(time.Hour))
		}, ""},
		{"a batch", func(f *tier.Function) {
			tier.On(f, event.NewRule[order]("a", `{"source": ["a"]}`), work[event.Event[order]], tier.BatchSize(2))
		}, "come one by one"},
		{"a schedule", schedule("cron(0 3 * * ? *)", event.TimeZone("Europe/Berlin"), event.Within(15*time.Minute), event.Off()), ""},
		{"no schedule", schedule("daily"), "write rate(5 minutes)"},
		{"a bad zone", schedule("rate(1 day)", event.TimeZone("CEST/Nowhere")), "event.TimeZone"},
		{"a bad window", schedule("rate(1 day)", event.Within(time.Second)), "event.Within(1s): write whole minutes"},
		{"a nil schedule option", schedule("rate(1 day)", nil), "an option is nil"},
		{"an input without JSON", func(f *tier.Function) {
			tier.On(f, event.NewSchedule("a", "rate(1 day)", func() {}), work[func()])
		}, "the input: "},
		{"a large input", func(f *tier.Function) {
			tier.On(f, event.NewSchedule("a", "rate(1 day)", strings.Repeat("a", 256<<10)), work[string])
		}, "more than 261120"},
		{"logs", func(f *tier.Function) {
			tier.On(f, event.NewLogs("errors", "/ecs/shop", "ERROR"), work[event.LogBatch])
		}, ""},
		{"no log group", func(f *tier.Function) { tier.On(f, event.NewLogs("errors", "", ""), work[event.LogBatch]) }, `the log group ""`},
		{"a log group by its ARN", func(f *tier.Function) {
			tier.On(f, event.NewLogs("errors", "arn:aws:logs:eu-west-1:123456789012:log-group:a", ""), work[event.LogBatch])
		}, "write its name"},
		{"a long filter pattern", func(f *tier.Function) {
			tier.On(f, event.NewLogs("errors", "a", strings.Repeat("a", 1025)), work[event.LogBatch])
		}, "up to 1024 characters"},
		{"a log group twice", func(f *tier.Function) {
			tier.On(f, event.NewLogs("a", "group", "a"), work[event.LogBatch])
			tier.On(f, event.NewLogs("b", "group", "b"), work[event.LogBatch])
		}, "is declared at"},
		{"a delivery stream", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[order]("orders", event.Newlines(), event.FromStream("orders-to-s3")), work[*event.Transformation[order]], tier.Parallel(5))
		}, ""},
		{"a delivery stream by its ARN", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[order]("orders", event.FromStream("arn:aws:firehose:eu-west-1:123456789012:deliverystream/a")), work[*event.Transformation[order]])
		}, "write its name, not its ARN"},
		{"a delivery stream without a name", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[order]("orders", event.FromStream("")), work[*event.Transformation[order]])
		}, "write the name of the delivery stream"},
		{"a nil option of a delivery stream", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[order]("orders", nil), work[*event.Transformation[order]])
		}, "an option is nil"},
		{"two delivery streams", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[order]("a", event.FromStream("a")), work[*event.Transformation[order]])
			tier.On(f, event.NewFirehose[string]("b", event.FromStream("b")), work[*event.Transformation[string]])
		}, ""},
		{"two delivery streams, one unnamed", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[order]("a", event.FromStream("a")), work[*event.Transformation[order]])
			tier.On(f, event.NewFirehose[string]("b"), work[*event.Transformation[string]])
		}, "is declared at"},
		{"a batch of a delivery stream", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[order]("a"), work[*event.Transformation[order]], tier.BatchSize(5))
		}, "the buffer of the delivery stream"},
		{"a window of a delivery stream", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[order]("a"), work[*event.Transformation[order]], tier.BatchWindow(time.Second))
		}, "the buffer of the delivery stream"},
		{"retries of a delivery stream", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[order]("a"), work[*event.Transformation[order]], tier.Retries(1))
		}, "leave tier.Retries out; the configuration of the delivery stream"},
		{"a filter of a delivery stream", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[order]("a"), work[*event.Transformation[order]], tier.Filter(`{"data":["1"]}`))
		}, "wants an answer to each record"},
		{"a delivery stream of channels", func(f *tier.Function) {
			tier.On(f, event.NewFirehose[chan int]("a"), work[*event.Transformation[chan int]])
		}, "function f on firehose a: "},
		{"two log groups", func(f *tier.Function) {
			tier.On(f, event.NewLogs("a", "a", ""), work[event.LogBatch])
			tier.On(f, event.NewLogs("b", "b", ""), work[event.LogBatch])
		}, ""},
		{"a schedule twice", func(f *tier.Function) {
			s := event.NewSchedule("a", "rate(1 day)", 1)
			tier.On(f, s, work[int])
			tier.On(f, s, work[int])
		}, "is declared at"},
	} {
		app := tier.New("shop")
		tt.declare(app.Function("f"))
		err := errors.Join(app.Check()...)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "event/event_test.go:")) {
			t.Errorf("%s: Check = %v, want %q and a line of this file", tt.name, err, tt.want)
		}
	}
}

// TestOrigin: what is no store is neither granted nor in the environment.
func TestOrigin(t *testing.T) {
	t.Parallel()
	f := tier.New("shop").Function("f")
	tier.On(f, event.NewRule[order]("placed", `{"source": ["a"]}`), work[event.Event[order]])
	tier.On(f, event.NewSchedule("nightly", "rate(1 day)", order{}), work[order])
	if len(f.Grants()) != 0 || len(f.Stores()) != 0 {
		t.Errorf("grants %v, stores %v; want none", f.Grants(), f.Stores())
	}
}

// ExampleNewRule has a function work off events of an event bus.
func ExampleNewRule() {
	app := tier.New("shop")
	placed := event.NewRule[order]("placed", `{"source": ["shop"], "detail-type": ["Order Placed"]}`, event.OnBus("orders"))
	tier.On(app.Function("worker"), placed, func(_ context.Context, e event.Event[order]) error {
		fmt.Println(e.Detail.ID, "was placed at", e.Time)
		return nil
	}, tier.Retries(1))
	fmt.Println(app.Check())
	// Output: []
}

// ExampleNewLogs has a function hear of the errors of a service.
func ExampleNewLogs() {
	app := tier.New("shop")
	errs := event.NewLogs("errors", "/ecs/shop", `{ $.level = "ERROR" }`)
	tier.On(app.Function("watcher"), errs, func(_ context.Context, batch event.LogBatch) error {
		for _, e := range batch.Events {
			fmt.Println(batch.LogStream, e.Time(), e.Message)
		}
		return nil
	})
	fmt.Println(app.Check())
	// Output: []
}

// ExampleNewSchedule starts a function every night.
func ExampleNewSchedule() {
	type report struct{ Days int }
	app := tier.New("shop")
	nightly := event.NewSchedule("nightly", "cron(0 3 * * ? *)", report{Days: 1}, event.TimeZone("Europe/Berlin"))
	tier.On(app.Function("reporter"), nightly, func(ctx context.Context, r report) error {
		fmt.Println("the last", r.Days, "days before", datastore.RecordFrom(ctx).SentAt)
		return nil
	})
	fmt.Println(app.Check())
	// Output: []
}

// ExampleClock_Next lists when a schedule fires.
func ExampleClock_Next() {
	clock, err := event.ParseClock("cron(0 9 L * ? *)", "Europe/Berlin")
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 2 {
		at = clock.Next(at)
		fmt.Println(at, err)
	}
	// Output:
	// 2026-01-31 09:00:00 +0100 CET <nil>
	// 2026-02-28 09:00:00 +0100 CET <nil>
}
