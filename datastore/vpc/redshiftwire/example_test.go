package redshiftwire_test

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/redshiftwire"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

// Nothing is connected before the first statement.
func Example() {
	data := datastore.New([]datastore.Driver{redshiftwire.Driver}, nil) // run.Main does this
	login := secret.NewLogin(data, "sales-writer", nil)
	sales := warehouse.New(data, "sales", warehouse.Serverless, warehouse.Wire(),
		warehouse.Secret(login, secret.NewLogin(data, "sales-reader", nil)))
	_, err := datastore.Use[warehouse.Querier](function{}, sales).Query(context.Background(), warehouse.Statement{SQL: "SELECT 1"})
	fmt.Println(err)
	// Output: warehouse sales: query: unavailable: TIERKIT_WAREHOUSE_SALES is not set; it holds the address redshift://HOST:PORT/NAME (the generated template sets it)
}
