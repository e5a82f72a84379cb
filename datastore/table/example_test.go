package table_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type Order struct {
	Customer string    `table:"customer,pk"`
	Placed   time.Time `table:"placed,sk"`
	Total    int       `json:"total"`
	Version  int       `table:"version,version"`
}

type orderStore interface {
	table.Getter[Order]
	table.Creator[Order]
	table.Putter[Order]
	table.Querier[Order]
}

// openOrders is what newApp does; api stands for a tier.API.
func openOrders() orderStore {
	api := &function{}
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	return datastore.Use[orderStore](api, table.New[Order](data, "orders"))
}

func ExampleNew() {
	ctx, orders := context.Background(), openOrders()
	day := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	for i := range 3 {
		if _, err := orders.Create(ctx, Order{Customer: "c1", Placed: day.AddDate(0, 0, i), Total: i * 10}); err != nil {
			fmt.Println(err)
		}
	}
	_, err := orders.Create(ctx, Order{Customer: "c1", Placed: day})
	fmt.Println(err)

	page, err := orders.Query(ctx, table.Query{Key: table.PK("c1"), Desc: true, Limit: 2})
	for _, order := range page.Items {
		fmt.Println(order.Placed.Format(time.DateOnly), order.Total)
	}
	fmt.Println(page.Next != "", err)
	// Output:
	// table orders: create: conflict: ConditionalCheckFailedException
	// 2024-05-03 20
	// 2024-05-02 10
	// true <nil>
}

func ExamplePutter() {
	ctx, orders := context.Background(), openOrders()
	order, err := orders.Create(ctx, Order{Customer: "c1", Total: 10})
	fmt.Println(order.Version, err)

	order.Total = 20
	_, err = orders.Put(ctx, order) // reads version 1, stores version 2
	fmt.Println(err)
	_, err = orders.Put(ctx, order) // still reads version 1
	fmt.Println(errors.Is(err, datastore.ErrConflict))
	// Output:
	// 1 <nil>
	// <nil>
	// true
}

func ExampleAll() {
	ctx, orders := context.Background(), openOrders()
	for i := range 5 {
		if _, err := orders.Create(ctx, Order{Customer: "c1", Placed: time.Unix(int64(i), 0), Total: i}); err != nil {
			fmt.Println(err)
		}
	}
	q := table.Query{Key: table.PK("c1"), Filter: table.Ge("total", 3), Limit: 2}
	for order, err := range table.All(ctx, orders, q) {
		fmt.Println(order.Total, err)
	}
	// Output:
	// 3 <nil>
	// 4 <nil>
}

func ExampleNewCodec() {
	codec, err := table.NewCodec[Order]()
	if err != nil {
		fmt.Println(err)
	}
	item, err := codec.Encode(Order{Customer: "c1", Total: 5})
	fmt.Println(item["customer"].Text(), item["total"].Type(), err)
	// Output: c1 N <nil>
}
