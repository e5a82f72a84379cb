package tier_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type job struct {
	ID string `json:"id" validate:"required,uuid4" table:"id,pk"`
}

func work[T any](context.Context, T) error { return nil }

// TestTriggerMistakes: what a source cannot do is refused with the line of the On, such
// as the batches that it does not have (SQS-04).
func TestTriggerMistakes(t *testing.T) {
	t.Parallel()
	type tagged struct {
		ID string `query:"id"`
	}
	on := func(opts ...tier.TriggerOption) func(*datastore.Data, *tier.Function) {
		return func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[job](data, "jobs"), work[job], opts...)
		}
	}
	fifo := func(opts ...tier.TriggerOption) func(*datastore.Data, *tier.Function) {
		return func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[job](data, "jobs", queue.FIFO()), work[job], opts...)
		}
	}
	events := func(opts ...tier.TriggerOption) func(*datastore.Data, *tier.Function) {
		return func(data *datastore.Data, f *tier.Function) {
			tier.On(f, blob.New(data, "files").Created(), work[blob.Event], opts...)
		}
	}
	changes := func(opts ...tier.TriggerOption) func(*datastore.Data, *tier.Function) {
		return func(data *datastore.Data, f *tier.Function) {
			tier.On(f, table.New[job](data, "items").Changes(), work[table.ItemChange[job]], opts...)
		}
	}
	for _, c := range []struct {
		name    string
		declare func(*datastore.Data, *tier.Function)
		want    string // "" for none
	}{
		{"a queue", on(), ""},
		{"all of a queue", on(tier.BatchSize(10_000), tier.BatchWindow(5*time.Minute), tier.Parallel(1000), tier.MaxConcurrent(2)), ""},
		{"all of a table", changes(tier.BatchSize(1), tier.BatchWindow(time.Second), tier.Parallel(8), tier.MaxConcurrent(10), tier.Retries(0), tier.MaxAge(24*time.Hour), tier.FromNow()), ""},
		{"all of a bucket", events(tier.Retries(0), tier.MaxAge(time.Minute)), ""},
		{"no source", func(_ *datastore.Data, f *tier.Function) { tier.On[job](f, nil, work[job]) }, "the source is nil"},
		{"a nil queue", func(_ *datastore.Data, f *tier.Function) { tier.On(f, (*queue.Queue[job])(nil), work[job]) }, "the source is nil"},
		{"no work", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[job](data, "jobs"), nil)
		}, "that works records off is nil"},
		{"a nil option", on(nil), "function f on queue jobs: an option is nil"},
		{"a message with a parameter", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[tagged](data, "jobs"), work[tagged])
		}, `a field from the query, "id"`},
		{"a message with a part of the path", func(data *datastore.Data, f *tier.Function) {
			type placed struct {
				ID string `path:"id"`
			}
			tier.On(f, queue.New[placed](data, "jobs"), work[placed])
		}, `a record has nothing but its data: the input has a field from the path, "id"`},
		{"a message without JSON", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[chan int](data, "jobs"), work[chan int])
		}, "function f on queue jobs: "},
		{"no batch", on(tier.BatchSize(0)), "tier.BatchSize(0); write 1 to 10000"},
		{"a huge batch", on(tier.BatchSize(10_001)), "write 1 to 10000"},
		{"a batch that is not waited for", on(tier.BatchSize(11)), "add tier.BatchWindow(time.Second)"},
		{"a batch of a FIFO queue", fifo(tier.BatchSize(11)), "write tier.BatchSize(10)"},
		{"a window of a FIFO queue", fifo(tier.BatchWindow(time.Second)), "leave tier.BatchWindow out"},
		{"a batch of a bucket", events(tier.BatchSize(2)), "come one by one; leave tier.BatchSize out"},
		{"a window of a bucket", events(tier.BatchWindow(time.Second)), "come one by one; leave tier.BatchWindow out"},
		{"parallel events of a bucket", events(tier.Parallel(2)), "come one by one; leave tier.Parallel out"},
		{"half a second", on(tier.BatchWindow(1500 * time.Millisecond)), "write whole seconds up to 5m0s"},
		{"a long window", on(tier.BatchWindow(301 * time.Second)), "write whole seconds up to 5m0s"},
		{"nothing parallel", on(tier.Parallel(0)), "tier.Parallel(0); write 1 to 1000"},
		{"one invocation of a queue", on(tier.MaxConcurrent(1)), "write 2 to 1000"},
		{"invocations of a shard", changes(tier.MaxConcurrent(11)), "write 1 to 10"},
		{"invocations of a bucket", events(tier.MaxConcurrent(5)), "leave tier.MaxConcurrent out"},
		{"retries of a queue", on(tier.Retries(1)), "leave tier.Retries out; write queue.DeadLetter"},
		{"age of a queue", on(tier.MaxAge(time.Hour)), "leave tier.MaxAge out; write queue.DeadLetter"},
		{"failures of a queue", on(tier.OnFailure(nil)), "leave tier.OnFailure out; write queue.DeadLetter"},
		{"retries of a bucket", events(tier.Retries(3)), "tier.Retries(3); write 0 to 2"},
		{"age of a bucket", events(tier.MaxAge(7 * time.Hour)), "whole seconds from 1m0s to 6h0m0s"},
		{"failures go nowhere", events(tier.OnFailure(nil)), "give it a queue or a topic"},
		{"failures go to a table", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, blob.New(data, "files").Created(), work[blob.Event], tier.OnFailure(table.New[job](data, "items")))
		}, "give it a queue or a topic"},
		{"failures go to a topic", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, blob.New(data, "files").Created(), work[blob.Event], tier.OnFailure(topic.New[string](data, "lost")))
		}, ""},
		{"a queue from now on", on(tier.FromNow()), "leave tier.FromNow out"},
		{"a FIFO topic", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, topic.New[job](data, "placed", topic.FIFO()), work[job])
		}, "tier.Forward"},
		{"hidden too short", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, queue.New[job](data, "jobs", queue.Visibility(9*time.Second)), work[job])
		}, "hidden for 9s, less than the 10s that the function may take, so that others would get it while it is worked on; declare queue.Visibility(1m0s) or more"},
		{"a queue twice", func(data *datastore.Data, f *tier.Function) {
			jobs := queue.New[job](data, "jobs")
			tier.On(f, jobs, work[job])
			tier.On(f, jobs, work[job])
		}, "is declared at tier/trigger_test.go"},
		{"two filters of a topic", func(data *datastore.Data, f *tier.Function) {
			placed := topic.New[job](data, "placed")
			tier.On(f, placed.Where(`{"a": ["b"]}`), work[job])
			tier.On(f, placed.Where(`{"a": ["c"]}`), work[job])
		}, `put both filter policies into one, with "$or"`},
		{"a bucket twice", func(data *datastore.Data, f *tier.Function) {
			files := blob.New(data, "files")
			tier.On(f, files.Created(), work[blob.Event])
			tier.On(f, files.Under("in/").Changed(), work[blob.Event])
		}, "a function works a record off once"},
		{"a bucket in parts", func(data *datastore.Data, f *tier.Function) {
			files := blob.New(data, "files")
			tier.On(f, files.Under("in/").Created(), work[blob.Event])
			tier.On(f, files.Under("out/").Created(), work[blob.Event])
			tier.On(f, files.Under("in/").Removed(), work[blob.Event])
		}, ""},
		{"two ways to give up", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, blob.New(data, "files").Created(), work[blob.Event], tier.Retries(1))
			tier.On(f, topic.New[job](data, "placed"), work[job])
		}, "function f on blob files differs"},
		{"rows of the caller", func(data *datastore.Data, f *tier.Function) {
			datastore.Use[table.Getter[job]](f, table.New[job](data, "items").PerCaller())
			tier.On(f, queue.New[job](data, "jobs"), work[job])
		}, "records have no caller"},
		{"patterns of a queue", on(tier.Filter(`{"body": {"id": ["a"]}}`, `{"body": ["b"]}`), tier.Filter(`{"body": ["c"]}`)), ""},
		{"patterns of a table", changes(tier.Filter(`{"eventName": ["INSERT"], "dynamodb": {"Keys": {"id": {"S": [{"prefix": "a"}]}}}}`)), ""},
		{"patterns of a stream", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, stream.New[job](data, "clicks"), work[job], tier.Filter(`{"data": {"id": ["a"]}}`))
		}, ""},
		{"no patterns", on(tier.Filter()), "tier.Filter without a pattern"},
		{"six patterns", on(tier.Filter(`{"body":["1"]}`, `{"body":["2"]}`, `{"body":["3"]}`), tier.Filter(`{"body":["4"]}`, `{"body":["5"]}`, `{"body":["6"]}`)), "6 patterns in all; write up to 5"},
		{"a wrong pattern", on(tier.Filter(`{"body":["1"]}`, `{"data":["2"]}`)), `tier.Filter: pattern 2: the property "data"; Lambda chooses these records by body`},
		{"patterns of a bucket", events(tier.Filter(`{"body":["1"]}`)), "choose objects by Under"},
		{"patterns of a topic", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, topic.New[job](data, "placed"), work[job], tier.Filter(`{"body":["1"]}`))
		}, "write Where or WhereBody on the topic"},
		{"a bad policy", func(data *datastore.Data, f *tier.Function) {
			tier.On(f, topic.New[job](data, "placed").Where(`{"a": 1}`), work[job])
		}, "topic placed: Where: "},
	} {
		data := datastore.New(nil, nil)
		app := tier.New("shop")
		c.declare(data, app.Function("f"))
		err := errors.Join(append(app.Check(), data.Errs()...)...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "tier/trigger_test.go:")) {
			t.Errorf("%s: Check = %v, want %q and a line of this file", c.name, err, c.want)
		}
	}
}

// TestFilterRivals: what one function leaves out of a queue is lost to another one.
func TestFilterRivals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		first, second []tier.TriggerOption
		want          string
	}{
		{"no patterns", nil, nil, ""},
		{"one has patterns", []tier.TriggerOption{tier.Filter(`{"body":["1"]}`)}, nil, "function a on queue jobs: function b on queue jobs ("},
		{"the other has", nil, []tier.TriggerOption{tier.Filter(`{"body":["1"]}`)}, "function b on queue jobs: function a on queue jobs ("},
	} {
		data, app := datastore.New(nil, nil), tier.New("shop")
		jobs := queue.New[job](data, "jobs")
		tier.On(app.Function("a"), jobs, work[job], c.first...)
		tier.On(app.Function("b"), jobs, work[job], c.second...)
		err := errors.Join(app.Check()...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: Check = %v, want %q", c.name, err, c.want)
		}
	}
}

// TestOnAuthorizer: an authorizer decides, and does nothing else.
func TestOnAuthorizer(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	tier.On(app.Authorizer("gate", tier.AuthorizerSettings{}).Function(), queue.New[job](datatest.New(t), "jobs"), work[job])
	checkMistake(t, errors.Join(app.Check()...), "function gate is a Lambda authorizer, which works nothing off")
}

// TestOnPanics: without a function there is nowhere to report a mistake.
func TestOnPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if _, ok := recover().(*datastore.DeclarationError); !ok {
			t.Error("On of a nil function: no *datastore.DeclarationError")
		}
	}()
	tier.On((*tier.Function)(nil), queue.New[job](datatest.New(t), "jobs"), work[job])
}

func TestForwardMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		declare func(*datastore.Data, *tier.App)
		want    string
	}{
		{"a filter", func(data *datastore.Data, app *tier.App) {
			tier.Forward(app, topic.New[job](data, "placed").Where(`{"a": ["b"]}`), queue.New[job](data, "jobs"))
		}, ""},
		{"FIFO", func(data *datastore.Data, app *tier.App) {
			tier.Forward(app, topic.New[job](data, "placed", topic.FIFO()), queue.New[job](data, "jobs", queue.FIFO()))
		}, ""},
		{"nil", func(data *datastore.Data, app *tier.App) {
			tier.Forward(app, topic.New[job](data, "placed"), nil)
		}, "the topic or the queue is nil"},
		{"a stream", func(data *datastore.Data, app *tier.App) {
			tier.Forward(app, stream.New[job](data, "clicks"), queue.New[job](data, "jobs"))
		}, "from stream clicks to queue jobs; only a topic"},
		{"to a topic", func(data *datastore.Data, app *tier.App) {
			tier.Forward(app, topic.New[job](data, "placed"), topic.New[job](data, "other"))
		}, "to topic other; only a topic forwards its messages, and to a queue"},
		{"no groups", func(data *datastore.Data, app *tier.App) {
			tier.Forward(app, topic.New[job](data, "placed"), queue.New[job](data, "jobs", queue.FIFO()))
		}, "has no groups, which FIFO queue jobs needs"},
		{"of one version", func(data *datastore.Data, app *tier.App) {
			tier.Forward(app, topic.New[job](data, "placed", topic.Version(2)), queue.New[job](data, "jobs", queue.Version(2)))
		}, ""},
		{"of two versions", func(data *datastore.Data, app *tier.App) {
			tier.Forward(app, topic.New[job](data, "placed"), queue.New[job](data, "jobs", queue.Version(2)))
		}, "the messages of topic placed are of no version, and those of queue jobs of version 2"},
		{"twice", func(data *datastore.Data, app *tier.App) {
			placed, jobs := topic.New[job](data, "placed"), queue.New[job](data, "jobs")
			tier.Forward(app, placed, jobs)
			tier.Forward(app, placed.Where(`{"a": ["b"]}`), jobs)
		}, "is declared at tier/trigger_test.go"},
	} {
		data := datatest.New(t)
		app := tier.New("shop")
		app.API("orders").Handle("GET /", handler.New(ok))
		c.declare(data, app)
		err := errors.Join(app.Check()...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: Check = %v, want %q", c.name, err, c.want)
		}
	}
}

// TestTriggerHandler: a record is decoded and validated as a body is, and runs as
// its function.
func TestTriggerHandler(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	app := tier.New("shop")
	worker, other := app.Function("worker"), app.Function("other")
	done := queue.New[string](data, "done")
	own, foreign := datastore.Use[queue.Sender[string]](worker, done), datastore.Use[queue.Sender[string]](other, done)
	var heard []string
	hear := func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			resp, err := next.Handle(ctx, req)
			heard = append(heard, fmt.Sprint(err))
			return resp, err
		})
	}
	tier.On(worker, queue.New[job](data, "jobs"), func(ctx context.Context, j job) error {
		if _, err := foreign.Send(ctx, j.ID); !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("the handle of another function: error = %v, want %v", err, datastore.ErrDenied)
		}
		_, err := own.Send(ctx, j.ID)
		return err
	}, tier.With(hear))
	tier.On(other, queue.New[string](data, "texts"), func(ctx context.Context, text string) error {
		if r := datastore.RecordFrom(ctx); text != "plain" || r.ID != "1" || r.Attribute("a") != "b" || r.Attribute("c") != "" {
			t.Errorf("text %q, record %+v", text, r)
		}
		return nil
	})
	handle := func(f *tier.Function, data string) error {
		h, err := f.Triggers()[0].Handler()
		if err != nil {
			t.Fatal(err)
		}
		r := &datastore.Record{ID: "1", Data: []byte(data), Attributes: []datastore.Attribute{{Name: "a", Type: datastore.AttributeString, Value: "b"}}}
		_, err = h.Handle(datastore.WithRecord(t.Context(), r), handlertest.Request("RECORD", "/", handlertest.Body("", r.Data)))
		return err
	}
	if err := handle(worker, `{"id":"7c0e3c5a-7d8e-4a53-9b56-0d3b3c7b1a11"}`); err != nil {
		t.Errorf("a good record: error = %v", err)
	}
	var refused *handler.Error
	if err := handle(worker, `{"id":"7"}`); !errors.As(err, &refused) || len(refused.Fields) != 1 || refused.Fields[0].Location != "body.id" {
		t.Errorf("a record that is not valid: error = %v, want the field body.id", err)
	}
	if err := handle(other, "plain"); err != nil {
		t.Errorf("a text: error = %v", err)
	}
	if len(heard) != 2 || heard[0] != "<nil>" {
		t.Errorf("middleware heard %q", heard)
	}
}

// ExampleOn has one function work off a queue and the uploads of a bucket.
func ExampleOn() {
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	worker := app.Function("worker", tier.Timeout(time.Minute))

	jobs := queue.New[job](data, "jobs", queue.DeadLetter(5))
	tier.On(worker, jobs, func(ctx context.Context, j job) error {
		fmt.Println("attempt", datastore.RecordFrom(ctx).Attempt, "of", j.ID)
		return nil
	}, tier.BatchSize(100), tier.BatchWindow(time.Second), tier.Parallel(10))

	photos := blob.New(data, "photos")
	tier.On(worker, photos.Under("in/").Created(), func(ctx context.Context, e blob.Event) error {
		fmt.Println("resize", e.Key)
		return nil
	}, tier.Retries(1))

	for _, trigger := range worker.Triggers() {
		fmt.Println(trigger)
	}
	fmt.Println(app.Check())
	// Output:
	// function worker on queue jobs
	// function worker on blob photos
	// []
}

// ExampleForward puts the messages of a topic into a queue, where they wait until
// they are worked off.
func ExampleForward() {
	data := datastore.New(nil, nil)
	app := tier.New("shop")
	placed := topic.New[job](data, "placed")
	parcels := queue.New[job](data, "parcels")
	tier.Forward(app, placed.Where(`{"country": ["de", "fr"]}`), parcels)
	tier.On(app.Function("packer"), parcels, func(context.Context, job) error { return nil })
	fmt.Println(app.Check())
	// Output: []
}
