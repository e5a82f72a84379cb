package middleware_test

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Order is made by requests.
type Order struct {
	ID    string `json:"id"`
	Total int    `json:"total"`
}

// A request that is sent twice with one Idempotency-Key is carried out once.
func ExampleOnce() {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	api := tier.New("shop").API("orders")
	marks := datastore.Use[middleware.Marks](api, table.New[middleware.Mark](data, "marks"))

	orders := 0
	place := handler.New(func(_ context.Context, in Order) (Order, error) {
		orders++
		in.ID = fmt.Sprint("order-", orders)
		return in, nil
	}, handler.Status(201))
	once := middleware.Once(marks, &middleware.OnceOptions{Key: middleware.RequireKey})
	api.Handle("POST /orders", place, tier.With(once))

	send := func(key string, total int) {
		req := handlertest.Request("POST", "/orders", handlertest.JSON(map[string]int{"total": total}))
		if key != "" {
			req = req.WithHeader("Idempotency-Key", key)
		}
		h, err := api.Handler()
		if err != nil {
			fmt.Println(err)
		}
		a, _ := handlertest.Do(context.Background(), h, req)
		if a.Status != 201 {
			fmt.Println(a.Status)
			return
		}
		fmt.Printf("%d %s replayed: %q\n", a.Status, a.Body, a.Header.Get("Idempotent-Replayed"))
	}
	send("8e03978e", 5)
	send("8e03978e", 5)
	send("8e03978e", 6)
	send("", 5)
	// Output:
	// 201 {"id":"order-1","total":5} replayed: ""
	// 201 {"id":"order-1","total":5} replayed: "true"
	// 422
	// 400
}

// Payment is a message, and Account what it changes.
type Payment struct {
	Account string `json:"account"`
	Cents   int    `json:"cents"`
}

type Account struct {
	ID    string `table:"id,pk"`
	Cents int
}

// An effect that is written in the same transaction as the mark is there once, whatever
// dies in between.
func ExampleMarkOp() {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	app := tier.New("bank")
	worker := app.Function("worker")
	marks := datastore.Use[middleware.Marks](worker, table.New[middleware.Mark](data, "marks"))
	accounts := datastore.Use[interface {
		table.Updater[Account]
		table.Getter[Account]
		table.Transactor
	}](worker, table.New[Account](data, "accounts"))

	book := func(ctx context.Context, p Payment) error {
		err := accounts.Transact(ctx,
			table.UpdateOp(accounts, table.PK(p.Account), table.Changes(table.Add("Cents", p.Cents)).OrCreate()),
			middleware.MarkOp(ctx))
		if err == nil && datastore.RecordFrom(ctx).Attempt == 1 {
			return fmt.Errorf("the network is gone")
		}
		return err
	}
	payments := queue.New[Payment](data, "payments")
	tier.On(worker, payments, book, tier.With(middleware.Once(marks, nil)))

	h, err := worker.Triggers()[0].Handler()
	if err != nil {
		fmt.Println(err)
	}
	record := handlertest.RecordsOf(payments, Payment{Account: "ada", Cents: 500})[0]
	for ; record.Attempt <= 2; record.Attempt++ {
		fmt.Println(handlertest.DoRecord(context.Background(), h, record))
	}
	account, err := accounts.Get(datastore.WithFunction(context.Background(), "worker"), table.PK("ada"))
	fmt.Println(account.Cents, err)
	// Output:
	// the network is gone
	// <nil>
	// 500 <nil>
}
