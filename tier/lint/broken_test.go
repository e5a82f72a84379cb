package lint_test

import (
	"context"
	"io"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/event"
)

type job struct {
	ID string `json:"id" table:"id,pk"`
}

type upload struct {
	Body []byte `body:""`
}

type download struct {
	Body io.Reader `body:""`
}

func work(context.Context, job) error                      { return nil }
func place(context.Context, job) (job, error)              { return job{}, nil }
func get(context.Context, struct{}) (job, error)           { return job{}, nil }
func file(context.Context, struct{}) (download, error)     { return download{}, nil }
func take(context.Context, upload) (struct{}, error)       { return struct{}{}, nil }
func created(context.Context, blob.Event) error            { return nil }
func changed(context.Context, table.ItemChange[job]) error { return nil }
func verdict(context.Context, handler.Check) (handler.Verdict, error) {
	return handler.Verdict{}, nil
}

// broken are declarations that AWS takes, each with something that will hurt, by the rule
// that finds it.
var broken = map[string]func(data *datastore.Data) *tier.App{
	"payload-in": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders", tier.HTTP)
		api.Handle("POST /orders", handler.New(place, handler.MaxBody(10<<20)))
		api.Handle("PUT /photo", handler.New(take, handler.MaxBody(6<<20)))
		return app
	},
	"payload-out": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		app.API("files").Handle("GET /catalogue", handler.New(file))
		return app
	},
	"payload-record": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		frames := stream.New[job](data, "frames", stream.MaxRecord(10<<20))
		tier.On(app.Function("worker"), frames, work, tier.Retries(2))
		return app
	},
	"timeout-call": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		datastore.Use[call.Caller[job, job]](api, call.New[job, job](data, "render"))
		api.Handle("GET /orders", handler.New(get))
		app.Function("render", tier.Timeout(time.Minute)).Invoke(handler.New(place))
		return app
	},
	"timeout-gateway": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		app.API("orders", tier.Timeout(29*time.Second)).Handle("GET /orders", handler.New(get))
		return app
	},
	"timeout-batch": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		jobs := queue.New[job](data, "jobs", queue.DeadLetter(5))
		tier.On(app.Function("worker"), jobs, work, tier.BatchSize(5000), tier.BatchWindow(time.Minute))
		return app
	},
	"schedule-overlap": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		worker := app.Function("worker", tier.Timeout(5*time.Minute))
		tier.On(worker, event.NewSchedule("often", "rate(1 minute)", job{}), work, tier.Retries(0))
		return app
	},
	"visibility": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		jobs := queue.New[job](data, "jobs", queue.DeadLetter(5), queue.Visibility(time.Minute))
		tier.On(app.Function("worker", tier.Timeout(time.Minute)), jobs, work)
		return app
	},
	"retention": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		jobs := queue.New[job](data, "jobs", queue.DeadLetter(100), queue.Retention(time.Hour))
		tier.On(app.Function("worker"), jobs, work)
		return app
	},
	"dead-letter": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		worker := app.Function("worker")
		tier.On(worker, queue.New[job](data, "jobs"), work)
		tier.On(worker, queue.New[job](data, "payments", queue.FIFO()), work)
		tier.On(worker, topic.New[job](data, "placed"), work)
		return app
	},
	"endless-retries": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		tier.On(app.Function("worker"), table.New[job](data, "jobs").Changes(), changed)
		return app
	},
	"loop": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		photos, jobs := blob.New(data, "photos"), queue.New[job](data, "jobs", queue.DeadLetter(5))
		resize := app.Function("resize")
		datastore.Use[blob.Putter](resize, photos)
		tier.On(resize, photos.Under("in/").Created(), created)
		first, second := app.Function("first"), app.Function("second")
		datastore.Use[table.Putter[job]](first, table.New[job](data, "done"))
		tier.On(first, jobs, work)
		datastore.Use[queue.Sender[job]](second, jobs)
		tier.On(second, table.New[job](data, "done").Changes(), changed)
		return app
	},
	"connections": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		main := sqldb.New(data, "main", sqldb.Postgres)
		api := app.API("orders")
		datastore.Use[sqldb.Writer](api, main)
		api.Handle("GET /orders", handler.New(get))
		worker := app.Function("worker")
		datastore.Use[sqldb.Writer](worker, main)
		tier.On(worker, queue.New[job](data, "jobs", queue.DeadLetter(5)), work, tier.MaxConcurrent(5))
		return app
	},
	"open": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		api.Handle("GET /orders", handler.New(get))
		api.Handle("POST /orders", handler.New(place))
		api.Handle("PUT /orders", handler.New(place))
		return app
	},
	"open-url": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders", tier.URL(tier.FunctionURL{Auth: tier.URLPublic}))
		api.Handle("GET /orders", handler.New(get))
		return app
	},
	"open-cache": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		datastore.Use[cache.Getter[job]](api, cache.New[job](data, "orders", cache.Anonymous()))
		api.Handle("GET /orders", handler.New(get))
		return app
	},
	"open-cors": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		api.Authorize(tier.IAM())
		api.CORS(handler.CORS{Origins: []string{"*"}})
		api.Handle("GET /orders", handler.New(get))
		return app
	},
	"throttle": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		app.API("orders").Handle("GET /orders", handler.New(get))
		return app
	},
	"access-log": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		api.Throttle(100, 200)
		api.Handle("GET /orders", handler.New(get))
		app.WebSocket("chat").Handle("$connect", handler.New(get))
		return app
	},
	"unencrypted": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		api.Cache(tier.Cache{Size: 0.5})
		api.Handle("GET /orders", handler.New(get), tier.Cached(time.Minute))
		return app
	},
	"wildcard": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		api.ResourcePolicy(tier.PolicyStatement{Effect: tier.Allow})
		datastore.Use[service.Caller](api, service.New(data, "billing", &service.Policy{Network: service.Network{Signed: true}}))
		api.Handle("GET /orders", handler.New(get))
		return app
	},
	"authorizer-cost": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
		gate.Check(verdict)
		api := app.API("orders")
		api.Authorize(gate)
		api.Handle("GET /orders", handler.New(get))
		return app
	},
	"endpoint-cost": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		datastore.Use[cache.Getter[job]](api, cache.New[job](data, "orders"))
		datastore.Use[secret.Getter[job]](api, secret.New[job](data, "stripe", secret.Manager, nil))
		datastore.Use[queue.Sender[job]](api, queue.New[job](data, "jobs", queue.DeadLetter(5)))
		api.Handle("GET /orders", handler.New(get))
		return app
	},
	"nat-cost": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		datastore.Use[service.Caller](api, service.New(data, "stock", nil))
		datastore.Use[queue.Sender[job]](api, queue.New[job](data, "jobs", queue.DeadLetter(5)))
		api.Handle("GET /orders", handler.New(get))
		return app
	},
	"idle-cost": func(data *datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		datastore.Use[sqldb.Writer](api, sqldb.New(data, "main", sqldb.AuroraPostgres, sqldb.Proxy()))
		api.Cache(tier.Cache{Size: 0.5, Encrypted: true})
		api.WAF(tier.WAF{})
		api.Handle("GET /orders", handler.New(get), tier.Cached(time.Minute))
		return app
	},
	"site-signed": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		api.Throttle(100, 200)
		api.Handle("GET /orders", handler.New(get), tier.IAM())
		api.Handle("GET /news", handler.New(get), tier.Public())
		app.Site("web", tier.SiteOptions{Folder: "web"}).API("/api", api)
		return app
	},
	"site-address": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		api := app.API("orders")
		api.Throttle(100, 200)
		api.Handle("GET /orders", handler.New(get))
		api.ResourcePolicy(tier.PolicyStatement{Effect: tier.Allow, Principals: []string{"*"},
			Conditions: []datastore.Condition{{Operator: "IpAddress", Key: "aws:SourceIp", Values: []string{"192.0.2.0/24"}}}})
		app.Site("web", tier.SiteOptions{Folder: "web"}).API("/api", api)
		return app
	},
	"site-headers": func(*datastore.Data) *tier.App {
		app := tier.New("shop")
		app.Site("web", tier.SiteOptions{Folder: "web", Headers: map[string]string{"Content-Security-Policy": ""}})
		return app
	},
	"quota-role":    fullRole,
	"quota-gateway": beyondQuotas,
	"quota-stack":   fullStack,
}
