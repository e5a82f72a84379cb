package tier_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

// TestKafkaTriggers: what Lambda does not do for Kafka is refused with the line of the
// On.
func TestKafkaTriggers(t *testing.T) {
	t.Parallel()
	main := event.NewCluster("main")
	clicks := event.NewKafka[job](main, "clicks", "shop.clicks")
	on := func(opts ...tier.TriggerOption) func(*datastore.Data, *tier.App) {
		return func(_ *datastore.Data, app *tier.App) { tier.On(app.Function("f"), clicks, work[job], opts...) }
	}
	for _, c := range []struct {
		name    string
		declare func(*datastore.Data, *tier.App)
		want    string // "" for none
	}{
		{"all of it", on(tier.BatchSize(10_000), tier.BatchWindow(5*time.Minute), tier.Parallel(1000), tier.FromNow(), tier.Filter(`{"value": {"id": ["a"]}}`)), ""},
		{"all of provisioned mode", on(tier.Pollers(200, 2000), tier.Retries(0), tier.MaxAge(7*24*time.Hour)), ""},
		{"failures to a queue", func(data *datastore.Data, app *tier.App) {
			tier.On(app.Function("f"), clicks, work[job], tier.OnFailure(queue.New[string](data, "lost")))
		}, ""},
		{"a large batch", on(tier.BatchSize(10_001)), "write 1 to 10000"},
		{"invocations at once", on(tier.MaxConcurrent(2)), "leave tier.MaxConcurrent out"},
		{"retries", on(tier.Retries(3)), "in provisioned mode alone; add tier.Pollers(1, 1)"},
		{"age", on(tier.MaxAge(time.Hour)), "in provisioned mode alone; add tier.Pollers(1, 1)"},
		{"retries before pollers", on(tier.Retries(3), tier.Pollers(1, 1)), ""},
		{"too many retries", on(tier.Pollers(1, 1), tier.Retries(10_001)), "write 0 to 10000"},
		{"too young", on(tier.Pollers(1, 1), tier.MaxAge(time.Second)), "write whole seconds from 1m0s to 168h0m0s"},
		{"no pollers", on(tier.Pollers(0, 1)), "tier.Pollers(0, 1); write 1 to 200, and from that on up to 2000"},
		{"fewer pollers", on(tier.Pollers(3, 2)), "tier.Pollers(3, 2)"},
		{"many pollers", on(tier.Pollers(201, 300)), "tier.Pollers(201, 300)"},
		{"very many pollers", on(tier.Pollers(1, 2001)), "tier.Pollers(1, 2001)"},
		{"pollers of a queue", func(data *datastore.Data, app *tier.App) {
			tier.On(app.Function("f"), queue.New[job](data, "jobs"), work[job], tier.Pollers(1, 1))
		}, "leave tier.Pollers out"},
		{"a key chosen", on(tier.Filter(`{"key": ["a"]}`)), `the property "key"; Lambda chooses these records by value`},
		{"two topics", func(_ *datastore.Data, app *tier.App) {
			f := app.Function("f")
			tier.On(f, clicks, work[job])
			tier.On(f, event.NewKafka[job](main, "orders", "orders"), work[job])
		}, ""},
		{"a topic twice", func(_ *datastore.Data, app *tier.App) {
			f := app.Function("f")
			tier.On(f, clicks, work[job])
			tier.On(f, event.NewKafka[job](event.NewCluster("other"), "again", "shop.clicks"), work[job])
		}, "records say their topic alone; give one of them to another function"},
		{"two functions", func(_ *datastore.Data, app *tier.App) {
			tier.On(app.Function("f"), clicks, work[job])
			tier.On(app.Function("g"), clicks, work[job])
		}, "function g on kafka clicks: function f on kafka clicks ("},
		{"two functions, two groups", func(_ *datastore.Data, app *tier.App) {
			tier.On(app.Function("f"), clicks, work[job])
			tier.On(app.Function("g"), event.NewKafka[job](main, "again", "shop.clicks"), work[job])
		}, ""},
	} {
		data, app := datastore.New(nil, nil), tier.New("shop")
		c.declare(data, app)
		err := errors.Join(append(app.Check(), data.Errs()...)...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "tier/trigger_kafka_test.go:")) {
			t.Errorf("%s: Check = %v, want %q and a line of this file", c.name, err, c.want)
		}
		if c.want != "" && strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: more than one mistake: %v", c.name, err)
		}
	}
}
