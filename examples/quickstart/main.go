package main

import (
	"context"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type Order struct {
	ID    string `json:"id" table:"id,pk" validate:"required,uuid4"`
	Email string `json:"email" validate:"required,email"`
	Total int    `json:"total" validate:"gte=0"`
}

// store is all this service may do to the table: its IAM policy, and its seam for tests.
type store interface {
	table.Getter[Order]
	table.Creator[Order]
}

type orders struct{ table store }

type byID struct {
	ID string `path:"id" validate:"uuid4"`
}

func (o orders) get(ctx context.Context, in byID) (Order, error) {
	return o.table.Get(ctx, table.PK(in.ID))
}

func (o orders) place(ctx context.Context, in Order) (Order, error) {
	return o.table.Create(ctx, in)
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	svc := orders{datastore.Use[store](api, table.New[Order](data, "orders"))}
	api.Handle("GET /orders/{id}", handler.New(svc.get))
	api.Handle("POST /orders", handler.New(svc.place, handler.Status(201)))
	return app
}

func main() { run.Main(newApp, dynamotable.Driver) }
