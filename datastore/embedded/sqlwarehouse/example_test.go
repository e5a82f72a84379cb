package sqlwarehouse_test

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/sqlwarehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

func ExampleOver() {
	driver := sqlwarehouse.Over(func(context.Context, warehouse.Spec, warehouse.Access) (*sql.DB, error) {
		return sql.Open("sqlite", ":memory:")
	})
	defer driver.Close()
	data := datastore.New([]datastore.Driver{driver}, nil)
	sales := datastore.Use[all](function{}, warehouse.New(data, "sales", warehouse.Serverless))
	ctx := context.Background()
	result, err := sales.Query(ctx, warehouse.Statement{
		SQL: "SELECT :price * 2 AS total", Params: []warehouse.Param{warehouse.Bind("price", 21)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for total, err := range warehouse.Scan[int](sales.Rows(ctx, result.ID)) {
		fmt.Println(total, err)
	}
	// Output: 42 <nil>
}
