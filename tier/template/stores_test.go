package template_test

import (
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

type sealer interface {
	key.Sealer
	key.Decrypter
}

type uploads interface {
	blob.Getter
	blob.Lister
	blob.PostSigner
}

// stores has every kind of store that an IAM role reaches, outside of a network.
func stores(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	datastore.Use[queue.Sender[order]](api, queue.New[order](data, "jobs", queue.DeadLetter(5), queue.Visibility(3*time.Minute)))
	datastore.Use[queue.ManySender[order]](api, queue.New[order](data, "payments", queue.FIFO(), queue.DedupByContent(), queue.DeadLetter(3)))
	pii := key.New(data, "pii", nil)
	datastore.Use[secret.Getter[order]](api, secret.New[order](data, "stripe", secret.Manager, &secret.Options{Key: pii}))
	datastore.Use[sealer](api, pii)
	files := blob.New(data, "files", blob.Origins("https://app.example"))
	datastore.Use[uploads](api, files.Under("in/"))
	datastore.Use[blob.Deleter](api, files)
	datastore.Use[stream.Writer[order]](api, stream.New[order](data, "clicks"))
	datastore.Use[stream.ManyWriter[order]](api, stream.New[order](data, "views", stream.Shards(2)))
	datastore.Use[sqldb.Writer](api, sqldb.New(data, "global", sqldb.DSQL))
	people := api.Function("people")
	people.Handle("GET /people/{id}", handler.New(get))
	users := identity.New(data, "users", identity.Custom("plan"))
	datastore.Use[identity.Getter](people, users)
	datastore.Use[identity.Exchanger](people, identity.NewExchange(data, "visitors", users))
	datastore.Use[call.Caller[order, order]](api, call.New[order, order](data, "price"))
	datastore.Use[call.Starter[order]](api, call.New[order, order](data, "archive"))
	datastore.Use[topic.Publisher[order]](api, topic.New[order](data, "placed"))
	datastore.Use[topic.ManyPublisher[order]](api, topic.New[order](data, "ledger", topic.FIFO()))
	datastore.Use[secret.Versioner](api, secret.New[string](data, "flag-key", secret.Parameter, nil))
	api.Handle("GET /orders/{id}", handler.New(get))
	app.Function("price").Invoke(handler.New(place))
	settings := api.Function("settings")
	flags := map[string]any{"version": "1", "flags": map[string]any{}, "values": map[string]any{}}
	datastore.Use[config.Reader[map[string]any]](settings, config.New(data, "flags", config.FeatureFlags, flags, nil))
	datastore.Use[config.Reader[order]](settings, config.New(data, "limits", config.AppConfig, order{ID: "1"}, nil))
	datastore.Use[config.Reader[int]](settings, config.New(data, "rate", config.Parameter, 60, nil))
	datastore.Use[config.Reader[int]](settings, config.New(data, "shared", config.AppConfig, 1, &config.Options{Existing: true}))
	datastore.Use[config.Reader[int]](settings, config.New(data, "level", config.Parameter, 1, &config.Options{Existing: true}))
	settings.Handle("GET /settings/{id}", handler.New(get))
	own := api.Function("own")
	datastore.Use[table.Getter[order]](own, table.New[order](data, "orders").PerCaller())
	datastore.Use[table.Querier[document]](own, table.New[document](data, "documents").Via("byOwner").PerCaller())
	datastore.Use[table.Scanner[order]](own, table.New[order](data, "all"))
	own.Handle("GET /own/{id}", handler.New(get))
	return app
}

// document is found by its owner, who is not its key.
type document struct {
	ID    int    `table:"id,pk"`
	Owner string `table:"owner,index=byOwner.pk"`
}

// services has web services in a network that somebody else made.
func services(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	datastore.Use[service.Caller](api, service.New(data, "billing", nil))
	signed := service.New(data, "catalog", &service.Policy{Network: service.Network{Signed: true}})
	datastore.Use[service.Caller](api, signed.Route("GET /items/{id}"))
	datastore.Use[cache.Getter[order]](api, cache.New[order](data, "profiles"))
	datastore.Use[reader](api, table.New[order](data, "orders"))
	api.Handle("GET /orders/{id}", handler.New(get))
	return app
}

// reports has stores that are in the private network, and functions that are not.
func reports(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("reports")
	login := secret.NewLogin(data, "api-login", nil)
	datastore.Use[sqldb.Transactor](api, sqldb.New(data, "main", sqldb.AuroraPostgres, sqldb.DataAPI(), sqldb.Secret(login, login)))
	datastore.Use[warehouse.Querier](api, warehouse.New(data, "sales", warehouse.Serverless))
	datastore.Use[warehouse.BatchRunner](api, warehouse.New(data, "old_sales", warehouse.Provisioned))
	datastore.Use[search.Searcher[product]](api, search.New[product](data, "products", search.Domain))
	datastore.Use[search.Bulker[product]](api, search.New[product](data, "drafts", search.Serverless))
	api.Handle("GET /reports/{id}", handler.New(get))
	return app
}

// wired has warehouses that are reached in the private network.
func wired(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("reports")
	writer, reader := secret.NewLogin(data, "sales-writer", nil), secret.NewLogin(data, "sales-reader", nil)
	datastore.Use[warehouse.Querier](api, warehouse.New(data, "sales", warehouse.Serverless, warehouse.Wire(), warehouse.Secret(writer, reader)))
	datastore.Use[warehouse.BatchRunner](api, warehouse.New(data, "old-sales", warehouse.Provisioned, warehouse.Database("shop"), warehouse.Wire(), warehouse.Secret(writer, reader)))
	api.Handle("GET /reports/{id}", handler.New(get))
	return app
}

type product struct {
	Title string `json:"title" search:"text"`
}

// network has stores of the private network, and functions in and outside of it.
func network(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	orders := table.New[order](data, "orders")
	reads, worker := api.Function("reads"), api.Function("worker")
	profiles := cache.New[order](data, "profiles")
	datastore.Use[cache.Getter[order]](reads, profiles.Under("p/"))
	datastore.Use[reader](reads, orders)
	datastore.Use[cache.Setter[order]](worker, profiles)
	hits := cache.New[int](data, "hit_counts", cache.Serverless())
	datastore.Use[cache.Counter](worker, hits.Under("pages/"))
	datastore.Use[cache.Getter[int]](worker, hits.Under("ads/"))
	login := secret.NewLogin(data, "shared-login", nil)
	datastore.Use[cache.Locker](worker, cache.New[string](data, "shared", cache.WithLogin(login)))
	datastore.Use[cache.Locker](worker, cache.New[string](data, "open", cache.Anonymous()))
	datastore.Use[sqldb.Reader](reads, sqldb.New(data, "main", sqldb.AuroraPostgres))
	accounts := sqldb.New(data, "accounts", sqldb.MySQL, sqldb.Secret(secret.NewLogin(data, "accounts-writer", nil), secret.NewLogin(data, "accounts-reader", nil)))
	datastore.Use[sqldb.Transactor](worker, accounts)
	datastore.Use[queue.Sender[order]](worker, queue.New[order](data, "jobs"))
	datastore.Use[config.Reader[order]](worker, config.New(data, "limits", config.AppConfig, order{ID: "1"}, nil))
	datastore.Use[config.Reader[int]](worker, config.New(data, "rate", config.Parameter, 60, nil))
	datastore.Use[writer](api, orders)
	reads.Handle("GET /orders/{id}", handler.New(get))
	worker.Handle("POST /orders", handler.New(place))
	api.Handle("GET /orders", handler.New(list))
	return app
}
