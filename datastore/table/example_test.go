package table_test

import (
	"context"
	"encoding/json"
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

// Counter is counted by many at once.
type Counter struct {
	Page string   `table:"page,pk"`
	Hits int      `table:"hits,index=byHits.sk"`
	Tags []string `table:"tags,set"`
	Site string   `table:"site,index=byHits.pk"`
}

type counterStore interface {
	table.Updater[Counter]
	table.Transactor
}

func openCounters() (*table.Table[Counter], counterStore) {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	counters := table.New[Counter](data, "counters")
	return counters, datastore.Use[counterStore](&function{}, counters)
}

func ExampleUpdater() {
	ctx := context.Background()
	_, counters := openCounters()
	hit := table.Changes(table.Add("hits", 1), table.Include("tags", "new")).OrCreate()
	for range 2 {
		c, err := counters.Update(ctx, table.PK("/"), hit)
		fmt.Println(c.Hits, c.Tags, err)
	}
	_, err := counters.Update(ctx, table.PK("/none"), table.Changes(table.Remove("tags")))
	fmt.Println(errors.Is(err, datastore.ErrNotFound))
	// Output:
	// 1 [new] <nil>
	// 2 [new] <nil>
	// true
}

func ExamplePatchOf() {
	type change struct {
		Page string                 `path:"page" table:"-"`
		Hits *int                   `json:"hits"`
		Site table.Optional[string] `json:"site"`
	}
	var in change
	if err := json.Unmarshal([]byte(`{"site":null}`), &in); err != nil {
		fmt.Println(err)
	}
	fmt.Println(table.PatchOf(in).Attrs())
	// Output: [site]
}

func ExampleTable_Via() {
	ctx := context.Background()
	store, counters := openCounters()
	for page, hits := range map[string]int{"/a": 5, "/b": 50, "/c": 500} {
		patch := table.Changes(table.SetTo("site", "s"), table.SetTo("hits", hits)).OrCreate()
		if _, err := counters.Update(ctx, table.PK(page), patch); err != nil {
			fmt.Println(err)
		}
	}
	byHits := datastore.Use[table.Querier[Counter]](&function{}, store.Via("byHits"))
	page, err := byHits.Query(ctx, table.Query{Key: table.PK("s"), Range: table.Ge("hits", 50), Desc: true})
	for _, c := range page.Items {
		fmt.Println(c.Page, c.Hits)
	}
	fmt.Println(err)
	// Output:
	// /c 500
	// /b 50
	// <nil>
}

func ExampleTransactor() {
	ctx := context.Background()
	_, counters := openCounters()
	move := func(n int) error {
		return counters.Transact(ctx,
			table.UpdateOp(counters, table.PK("/to"), table.Changes(table.Add("hits", n)).OrCreate()),
			table.UpdateOp(counters, table.PK("/from"), table.Changes(table.Add("hits", -n)), table.Ge("hits", n)),
		)
	}
	fmt.Println(move(1))
	_, err := counters.Update(ctx, table.PK("/from"), table.Changes(table.SetTo("hits", 5)).OrCreate())
	fmt.Println(err, move(5))
	// Output:
	// table counters: transact: 1 of the items failed, first item 1: not found: ConditionalCheckFailedException
	// <nil> <nil>
}

func ExampleTable_PerCaller() {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	own := datastore.Use[table.Updater[Counter]](&function{}, table.New[Counter](data, "counters").PerCaller())
	ctx := datastore.WithCallerID(context.Background(), "ann")
	hit := table.Changes(table.Add("hits", 1)).OrCreate()
	_, err := own.Update(ctx, table.PK("ann"), hit)
	fmt.Println(err)
	_, err = own.Update(ctx, table.PK("bob"), hit)
	fmt.Println(err)
	// Output:
	// <nil>
	// table counters: update: denied: the key is not of this caller or tenant
}
