package template_test

import (
	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	bus "github.com/seed-18e8afb5/tierkit/tier/event"
)

// joinedShop has one function for five that are declared, and one that stays apart.
func joinedShop(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	orders := table.New[order](data, "orders")
	api := app.API("orders")
	datastore.Use[table.Creator[order]](api, orders)
	api.Handle("POST /orders", handler.New(place))
	reads := api.Function("reads")
	datastore.Use[table.Getter[order]](reads, orders)
	reads.Handle("GET /orders/{id}", handler.New(get))
	app.WebSocket("chat").Handle("say", handler.New(list))
	worker := app.Function("worker")
	tier.On(worker, queue.New[order](data, "jobs"), work[order], tier.BatchSize(5))
	tier.On(worker, topic.New[order](data, "placed"), work[order])
	tier.On(app.Function("clerk"), bus.NewSchedule("nightly", "rate(1 day)", order{ID: "1"}), work[order])
	app.Function("price").Invoke(handler.New(place))
	app.Join()
	return app
}

// joinedNetwork has one function in the private network for three.
func joinedNetwork(data *datastore.Data) *tier.App {
	app := network(data)
	app.Join()
	return app
}

// joinedLive has one function with versions for two that roll out alike.
func joinedLive(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	rollout := tier.Rollout{Shift: tier.Linear10PercentEvery1Minute}
	orders := table.New[order](data, "orders")
	api := app.API("orders", tier.Live(rollout), tier.Provisioned(1, 4))
	datastore.Use[table.Creator[order]](api, orders)
	api.Handle("POST /orders", handler.New(place))
	worker := app.Function("worker", tier.Live(rollout), tier.Provisioned(1, 4))
	tier.On(worker, queue.New[order](data, "jobs"), work[order])
	app.Join()
	return app
}
