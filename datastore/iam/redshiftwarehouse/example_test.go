package redshiftwarehouse_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/redshiftwarehouse"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

func ExampleWith() {
	cfg := config("http://scripted.invalid", &http.Client{Transport: &script{answer: ends("FINISHED", "")}}) // in place of AWS
	data := datastore.New([]datastore.Driver{redshiftwarehouse.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { return "sales-workgroup", true }, // the variables of a function
	})
	sales := datastore.Use[warehouse.Starter](function{}, warehouse.New(data, "sales", warehouse.Serverless))
	id, err := sales.Start(context.Background(), warehouse.Statement{SQL: "CALL refresh()", Notify: true, Name: "nightly"})
	fmt.Println(id, err)
	// Output: d9b6c0c9-0747-4bf4-b142-e8883122f766 <nil>
}
