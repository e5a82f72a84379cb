package tier_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type click struct {
	Page string `json:"page" validate:"required"`
}

type visits struct {
	Pages map[string]int `json:"pages"`
}

func count(_ context.Context, sum *visits, c click) error {
	if sum.Pages == nil {
		sum.Pages = map[string]int{}
	}
	sum.Pages[c.Page]++
	return nil
}

func over[S any](context.Context, datastore.Window, S) error { return nil }

// TestWindowMistakes: what Lambda would not take of windows is refused with the line of
// the Window.
func TestWindowMistakes(t *testing.T) {
	t.Parallel()
	clicks := func(length time.Duration, opts ...tier.TriggerOption) func(*datastore.Data, *tier.Function) {
		return func(data *datastore.Data, f *tier.Function) {
			tier.Window(f, stream.New[click](data, "clicks"), length, count, over, opts...)
		}
	}
	for _, c := range []struct {
		name    string
		declare func(*datastore.Data, *tier.Function)
		want    string // "" for none
	}{
		{"a stream", clicks(time.Second), ""},
		{"a table", func(data *datastore.Data, f *tier.Function) {
			tier.Window(f, table.New[job](data, "items").Changes(), 15*time.Minute, func(context.Context, *map[string]int, table.ItemChange[job]) error { return nil }, over)
		}, ""},
		{"its options", clicks(time.Minute, tier.BatchSize(500), tier.BatchWindow(time.Second), tier.Retries(3), tier.MaxAge(time.Hour), tier.Parallel(1),
			tier.MaxConcurrent(1), tier.FromNow(), tier.Filter(`{"data":{"page":["a"]}}`)), ""},
		{"a queue", func(data *datastore.Data, f *tier.Function) {
			tier.Window(f, queue.New[click](data, "jobs"), time.Minute, count, over)
		}, "streams and the changes of tables alone have windows; write tier.On"},
		{"no length", clicks(0), "windows of 0s; write whole seconds from 1s to 15m0s"},
		{"a part of a second", clicks(1500 * time.Millisecond), "windows of 1.5s"},
		{"too long", clicks(16 * time.Minute), "windows of 16m0s"},
		{"at once", clicks(time.Minute, tier.Parallel(2)), "leave tier.Parallel out"},
		{"invocations at once", clicks(time.Minute, tier.MaxConcurrent(2)), "leave tier.MaxConcurrent out"},
		{"a number", func(data *datastore.Data, f *tier.Function) {
			tier.Window(f, stream.New[click](data, "clicks"), time.Minute, func(context.Context, *int, click) error { return nil }, over)
		}, "the state of a window is of type int; Lambda keeps objects alone"},
		{"no JSON", func(data *datastore.Data, f *tier.Function) {
			tier.Window(f, stream.New[click](data, "clicks"), time.Minute, func(context.Context, *struct{ C chan int }, click) error { return nil }, over)
		}, "the state of a window: "},
		{"no source", func(_ *datastore.Data, f *tier.Function) {
			tier.Window[click](f, nil, time.Minute, count, over)
		}, "tier.Window: the source is nil"},
		{"no functions", func(data *datastore.Data, f *tier.Function) {
			tier.Window[click, visits](f, stream.New[click](data, "clicks"), time.Minute, nil, nil)
		}, "tier.Window: a function is nil"},
		{"twice", func(data *datastore.Data, f *tier.Function) {
			tier.Window(f, stream.New[click](data, "clicks"), time.Minute, count, over)
			tier.On(f, stream.New[click](data, "clicks"), work[click])
		}, "a function works a record off once"},
	} {
		data := datastore.New(nil, nil)
		app := tier.New("shop")
		c.declare(data, app.Function("f"))
		err := errors.Join(app.Check()...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "tier/window_test.go:")) {
			t.Errorf("%s: Check = %v, want %q and a line of this file", c.name, err, c.want)
		}
	}
}

// TestWindowState: a record is decoded and validated, changes the state in its context,
// and the end gets what it has come to.
func TestWindowState(t *testing.T) {
	t.Parallel()
	data, app := datatest.New(t), tier.New("shop")
	counter := app.Function("counter")
	var heard []string
	tier.Window(counter, stream.New[click](data, "clicks"), time.Minute, count, func(ctx context.Context, w datastore.Window, sum visits) error {
		name, _ := datastore.FunctionFrom(ctx)
		heard = append(heard, fmt.Sprint(name, " ", w.Shard, " ", sum.Pages))
		return nil
	})
	trigger := counter.Triggers()[0]
	h, err := trigger.Handler()
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{`[]`, `"a"`, `{"pages":1}`, ``} {
		if _, err := trigger.OpenWindow([]byte(bad)); err == nil || !strings.Contains(err.Error(), "visits") {
			t.Errorf("OpenWindow(%s): error = %v, want one that names the type", bad, err)
		}
	}
	state, err := trigger.OpenWindow([]byte(`{"pages":{"/":2},"older":true}`))
	if err != nil {
		t.Fatal(err)
	}
	ctx := datastore.WithWindow(state.Into(t.Context()), &datastore.Window{Shard: "7"})
	record := func(ctx context.Context, data string) error {
		return handlertest.DoRecord(ctx, h, datastore.Record{Service: "kinesis", Data: []byte(data)})
	}
	if err := record(ctx, `{}`); err == nil || state.Touched() {
		t.Errorf("a record without a page: error = %v, touched", err)
	}
	if err := record(ctx, `{"page":"/"}`); err != nil || !state.Touched() || state.Touched() {
		t.Errorf("a record: error = %v, or it has not touched the state once", err)
	}
	if text, err := state.JSON(); err != nil || string(text) != `{"pages":{"/":3}}` {
		t.Errorf("JSON = %s, %v", text, err)
	}
	req := handlertest.Request("WINDOW", "/stream/clicks")
	if _, err := trigger.WindowEnd().Handle(ctx, req); err != nil || len(heard) != 1 || heard[0] != "counter 7 map[/:3]" {
		t.Errorf("the end: error = %v, heard %q", err, heard)
	}
	if err := record(t.Context(), `{"page":"/"}`); err == nil || !strings.Contains(err.Error(), "without the state of one") {
		t.Errorf("a record of no window: error = %v", err)
	}
	for name, ctx := range map[string]context.Context{"no state": datastore.WithWindow(t.Context(), &datastore.Window{}), "no window": state.Into(t.Context())} {
		if _, err := trigger.WindowEnd().Handle(ctx, req); err == nil {
			t.Errorf("the end with %s succeeds", name)
		}
	}
}

// ExampleWindow counts the visits of each page, minute by minute.
func ExampleWindow() {
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	counter := app.Function("counter")
	clicks := stream.New[click](data, "clicks")

	tier.Window(counter, clicks, time.Minute,
		func(_ context.Context, sum *visits, c click) error {
			if sum.Pages == nil {
				sum.Pages = map[string]int{}
			}
			sum.Pages[c.Page]++
			return nil
		},
		func(_ context.Context, w datastore.Window, sum visits) error {
			fmt.Println("from", w.Start, "on", w.Shard, sum.Pages)
			return nil
		})

	fmt.Println(counter.Triggers()[0], "in windows of", counter.Triggers()[0].Settings().Tumbling)
	fmt.Println(app.Check())
	// Output:
	// function counter on stream clicks in windows of 1m0s
	// []
}
