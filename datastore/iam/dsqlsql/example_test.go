package dsqlsql_test

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dsqlsql"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

func ExampleWith() {
	data := datastore.New([]datastore.Driver{dsqlsql.With(config())}, &datastore.Options{
		Lookup: func(string) (string, bool) { return "iaabtwxkfqn5crhdplktxyrwke", true }, // the variables of a function
	})
	db := sqldb.New(data, "main", sqldb.DSQL)
	datastore.Use[sqldb.Transactor](function{}, db)
	for _, need := range db.Spec().Needs([]string{"Tx"}) {
		fmt.Println(need.Service, need.Actions, need.Resource)
	}
	// Output: dsql [DbConnect] cluster/{name}
}
