package template_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/tier"
	bus "github.com/seed-18e8afb5/tierkit/tier/event"
)

func work[T any](context.Context, T) error { return nil }

// events has every source whose records functions work off.
func events(data *datastore.Data) *tier.App {
	app := tier.New("factory")
	pii := key.New(data, "pii", nil)
	dead := queue.New[string](data, "dead")
	alarms := topic.New[string](data, "alarms")
	jobs := queue.New[order](data, "jobs", queue.DeadLetter(5))
	placed := topic.New[order](data, "placed")
	ledger := topic.New[order](data, "ledger", topic.FIFO(), topic.EncryptedBy(pii))
	moves := queue.New[order](data, "moves", queue.FIFO(), queue.EncryptedBy(pii))
	orders := table.New[order](data, "orders", table.EncryptedBy(pii))
	files := blob.New(data, "files")
	clicks := stream.New[order](data, "clicks", stream.EncryptedBy(pii))

	worker := app.Function("worker", tier.Timeout(time.Minute))
	tier.On(worker, jobs, work[order], tier.BatchSize(100), tier.BatchWindow(5*time.Second), tier.MaxConcurrent(20),
		tier.Filter(`{"body": {"total": [{"numeric": [">", 1e3]}], "email": [{"suffix": ".example"}, null]}}`, `{"body": ["all"]}`))
	tier.On(worker, clicks, work[order], tier.MaxConcurrent(4), tier.Retries(3), tier.MaxAge(time.Hour), tier.OnFailure(dead))
	tier.On(worker, orders.Changes(), work[table.ItemChange[order]], tier.FromNow(), tier.OnFailure(alarms),
		tier.Filter(`{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"id": {"S": [{"anything-but": "1"}]}}}}`))
	datastore.Use[queue.Sender[string]](worker, dead)

	mailer := app.Function("mailer")
	tier.On(mailer, moves, work[order], tier.BatchSize(10))
	tier.On(mailer, placed.WhereBody(`{"total": [{"numeric": [">", 1e3]}], "email": [{"exists": true}, null]}`), work[order], tier.Retries(1), tier.OnFailure(dead))
	tier.On(mailer, files.Under("in/").Created(), work[blob.Event], tier.Retries(1), tier.OnFailure(dead))
	tier.On(mailer, files.Removed(), work[blob.Event], tier.Retries(1), tier.OnFailure(dead))

	clerk := app.Function("clerk")
	tier.On(clerk, bus.NewRule[order]("shipped", `{"source": ["carrier"], "detail-type": ["Shipped"], "detail": {"weight": [{"numeric": [">", 5]}]}}`,
		bus.OnBus("carriers")), work[bus.Event[order]], tier.Retries(1), tier.OnFailure(dead))
	tier.On(clerk, bus.NewRule[struct{}]("stopped", `{"detail-type": ["EC2 Instance State-change Notification"]}`), work[bus.Event[struct{}]],
		tier.Retries(1), tier.OnFailure(dead))
	tier.On(clerk, bus.NewSchedule("nightly", "cron(0 3 ? * MON-FRI *)", map[string]string{"text": `a "<b>" & ${AWS::Region}`},
		bus.TimeZone("Europe/Berlin"), bus.Within(10*time.Minute)), work[map[string]string], tier.Retries(1), tier.OnFailure(dead))
	tier.On(clerk, bus.NewSchedule("idle", "rate(5 minutes)", struct{}{}, bus.Off()), work[struct{}], tier.Retries(1), tier.OnFailure(dead))

	tier.On(clerk, bus.NewLogs("errors", "/ecs/shop", `{ $.level = "ERROR" }`), work[bus.LogBatch], tier.Retries(1), tier.OnFailure(dead))
	tier.On(clerk, bus.LogsIn(stream.New[[]byte](data, "logs")), work[bus.LogBatch])

	type sum struct{ Orders int }
	counter := app.Function("counter")
	tier.Window(counter, stream.New[order](data, "visits"), time.Minute, func(context.Context, *sum, order) error { return nil },
		func(context.Context, datastore.Window, sum) error { return nil }, tier.Retries(3), tier.OnFailure(dead))

	tier.Forward(app, placed.Where(`{"country": ["de", "fr"]}`), jobs)
	tier.Forward(app, ledger, moves)
	return app
}

// guardedEvents is a function in the private network that works a queue off and
// sends to none.
func guardedEvents(data *datastore.Data) *tier.App {
	app := tier.New("factory")
	worker := app.Function("worker")
	tier.On(worker, queue.New[order](data, "jobs"), work[order])
	tier.On(worker, table.New[order](data, "orders").Changes(), work[table.ItemChange[order]], tier.OnFailure(topic.New[string](data, "alarms")))
	datastore.Use[cache.Getter[order]](worker, cache.New[order](data, "prices"))
	return app
}

// TestEventsNetwork: what Lambda does with the role of a function needs no way out
// of the function's network.
func TestEventsNetwork(t *testing.T) {
	t.Parallel()
	for id, r := range resourcesOf(t, guardedEvents) {
		if r.Type == "AWS::EC2::VPCEndpoint" {
			t.Errorf("%s: an endpoint for %v", id, r.Properties["ServiceName"])
		}
	}
	role, err := json.Marshal(resourcesOf(t, guardedEvents)["WorkerRole"].Properties)
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"sqs:ReceiveMessage", "dynamodb:GetRecords", "sns:Publish"} {
		if !strings.Contains(string(role), `"`+action+`"`) {
			t.Errorf("the role lacks %s: %s", action, role)
		}
	}
}

type anyResource struct {
	Type       string
	Properties map[string]any
}

func resourcesOf(t *testing.T, newApp func(*datastore.Data) *tier.App) map[string]anyResource {
	t.Helper()
	var d struct{ Resources map[string]anyResource }
	if err := json.Unmarshal(sam(t, newApp), &d); err != nil {
		t.Fatal(err)
	}
	return d.Resources
}

// TestMappingsReport: Lambda is told to read which records failed, without which it
// would delete them (SQS-02), of each queue, stream and table.
func TestMappingsReport(t *testing.T) {
	t.Parallel()
	mappings := 0
	for id, r := range resourcesOf(t, func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		f := app.Function("f")
		tier.On(f, queue.New[order](data, "jobs"), work[order])
		tier.On(f, queue.New[order](data, "moves", queue.FIFO()), work[order])
		tier.On(f, stream.New[order](data, "clicks"), work[order])
		tier.On(f, table.New[order](data, "orders").Changes(), work[table.ItemChange[order]])
		return app
	}) {
		if r.Type != "AWS::Lambda::EventSourceMapping" {
			continue
		}
		mappings++
		if diff := cmp.Diff([]any{"ReportBatchItemFailures"}, r.Properties["FunctionResponseTypes"]); diff != "" {
			t.Errorf("%s: FunctionResponseTypes (-want +got):\n%s", id, diff)
		}
	}
	if mappings != 4 {
		t.Errorf("%d mappings, want 4", mappings)
	}
}

// TestVisibility: a message stays hidden for six times as long as the slowest
// function may take.
func TestVisibility(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		declare func(app *tier.App, data *datastore.Data)
		want    float64
	}{
		{"nobody", func(app *tier.App, data *datastore.Data) {
			f := app.Function("f")
			tier.On(f, queue.New[string](data, "other"), work[string])
			datastore.Use[queue.Sender[string]](f, queue.New[string](data, "jobs"))
		}, 30},
		{"one", func(app *tier.App, data *datastore.Data) {
			tier.On(app.Function("f", tier.Timeout(20*time.Second)), queue.New[string](data, "jobs"), work[string], tier.BatchWindow(3*time.Second))
		}, 123},
		{"two", func(app *tier.App, data *datastore.Data) {
			jobs := queue.New[string](data, "jobs")
			tier.On(app.Function("f"), jobs, work[string])
			tier.On(app.Function("g", tier.Timeout(15*time.Minute)), jobs, work[string])
		}, 5400},
		{"fast", func(app *tier.App, data *datastore.Data) {
			tier.On(app.Function("f", tier.Timeout(time.Second)), queue.New[string](data, "jobs"), work[string])
		}, 30},
		{"declared", func(app *tier.App, data *datastore.Data) {
			tier.On(app.Function("f"), queue.New[string](data, "jobs", queue.Visibility(11*time.Second)), work[string])
		}, 11},
	} {
		got := resourcesOf(t, func(data *datastore.Data) *tier.App {
			app := tier.New("shop")
			c.declare(app, data)
			return app
		})["JobsQueue"].Properties["VisibilityTimeout"]
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: VisibilityTimeout (-want +got):\n%s", c.name, diff)
		}
	}
}
