// Command pantry uses a store of every kind that is kept on localhost, for the
// tests of package run.
package main

import (
	"embed"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/s3blob"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/smsecret"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/snstopic"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/sqsqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/service"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/webservice"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

//go:embed migrations
var migrations embed.FS

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("pantry")
	weigher := app.Function("weigh")
	weigher.Invoke(handler.New(weigh))

	shelf := app.API("shelf")
	all := stores{
		notes:  datastore.Use[notes](shelf, table.New[note](data, "notes")),
		photos: datastore.Use[photos](shelf, blob.New(data, "photos", blob.Origins("*"))),
		stripe: datastore.Use[secret.Getter[secret.Text]](shelf, secret.New[secret.Text](data, "stripe", secret.Manager, nil)),
		pii:    datastore.Use[seals](shelf, key.New(data, "pii", nil)),
		users:  datastore.Use[users](shelf, identity.New(data, "users")),
		jars: datastore.Use[jars](shelf, sqldb.New(data, "jars", sqldb.AuroraPostgres, sqldb.Portable(),
			sqldb.Migrations(migrations), sqldb.OwnerSecret(secret.NewLogin(data, "jars-owner", nil)))),
		jobs: datastore.Use[queue.Sender[note]](shelf, queue.New[note](data, "jobs")),
		news: datastore.Use[topic.Publisher[note]](shelf, topic.New[note](data, "news")),
	}
	shelf.Handle("PUT /notes/{id}", handler.New(all.putNote))
	shelf.Handle("GET /notes/{id}", handler.New(all.getNote))
	shelf.Handle("PUT /photos/{id}", handler.New(all.putPhoto))
	shelf.Handle("GET /photos/{id}", handler.New(all.getPhoto))
	shelf.Handle("POST /photos/{id}/{way}", handler.New(all.sign))
	shelf.Handle("GET /secret", handler.New(all.getSecret))
	shelf.Handle("PUT /users/{id}", handler.New(all.putUser))
	shelf.Handle("GET /users/{id}", handler.New(all.getUser))
	shelf.Handle("PUT /jars/{id}", handler.New(all.putJar))
	shelf.Handle("GET /jars/{id}", handler.New(all.getJar))
	shelf.Handle("POST /jobs/{id}", handler.New(all.send))
	shelf.Handle("POST /news/{id}", handler.New(all.publish))

	scale := app.API("scale")
	work := calls{
		weigh: datastore.Use[weighing](scale, call.New[load, weight](data, "weigh")),
		ghost: datastore.Use[call.Caller[load, weight]](scale, call.New[load, weight](data, "ghost")),
		bills: datastore.Use[service.Caller](scale, service.New(data, "billing", nil).Route("GET /bills/{id}")),
	}
	scale.Handle("POST /weigh", handler.New(work.now))
	scale.Handle("POST /weigh/later", handler.New(work.later))
	scale.Handle("POST /ghost", handler.New(work.nobody))
	scale.Handle("GET /bills/{id}", handler.New(work.bill))
	scale.Handle("GET /weighed", handler.HandlerFunc(weighed))
	return app
}

func main() {
	run.Main(newApp, append(local, dynamotable.Driver, s3blob.Driver, smsecret.Driver, sqsqueue.Driver, snstopic.Driver, webservice.Driver)...)
}
