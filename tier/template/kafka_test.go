package template_test

import (
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/tier"
	bus "github.com/seed-18e8afb5/tierkit/tier/event"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// kafka reads three topics of two clusters, one in provisioned mode and one by SCRAM.
func kafka(data *datastore.Data) *tier.App {
	app := tier.New("factory")
	lost := queue.New[string](data, "lost")
	main, old := bus.NewCluster("main"), bus.NewCluster("old", bus.SCRAM())
	worker := app.Function("worker")
	tier.On(worker, bus.NewKafka[order](main, "clicks", "shop.clicks"), work[order], tier.BatchSize(500), tier.BatchWindow(2*time.Second),
		tier.Parallel(8), tier.Filter(`{"value": {"total": [{"numeric": [">", 1]}]}}`), tier.OnFailure(lost))
	tier.On(worker, bus.NewKafka[*order](main, "orders", "shop.orders", bus.ConsumerGroup("orders-of-shop")), work[*order], tier.FromNow(),
		tier.Pollers(1, 5), tier.Retries(10), tier.MaxAge(time.Hour), tier.OnFailure(lost))
	tier.On(app.Function("clerk"), bus.NewKafka[string](old, "ledger", "ledger"), work[string])
	return app
}

// TestKafkaMistakes: what the declaration of a topic alone does not show.
func TestKafkaMistakes(t *testing.T) {
	t.Parallel()
	main := bus.NewCluster("main")
	for _, c := range []struct {
		name  string
		other *bus.Kafka[order]
		want  string
	}{
		{"another cluster", bus.NewKafka[order](bus.NewCluster("other"), "b", "b"), ""},
		{"another login", bus.NewKafka[order](bus.NewCluster("main", bus.SCRAM()), "b", "b"), "its cluster main is declared with another login than that of kafka a"},
		{"the same group", bus.NewKafka[order](main, "b", "b", bus.ConsumerGroup("g")), "its consumer group g is that of kafka a"},
	} {
		app := tier.New("factory")
		tier.On(app.Function("f"), bus.NewKafka[order](main, "a", "a", bus.ConsumerGroup("g")), work[order])
		tier.On(app.Function("g"), c.other, work[order])
		_, err := template.New(app)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "template/kafka_test.go:")) {
			t.Errorf("%s: SAM = %v, want %q and a line of this file", c.name, err, c.want)
		}
	}
}
