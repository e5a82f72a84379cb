package rdsdatasql_test

import (
	"context"
	"fmt"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/rdsdatasql"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
)

func ExampleWith() {
	cfg := config("http://scripted.invalid", &http.Client{Transport: &script{answer: func(int) (*http.Response, error) { // in place of AWS
		return reply(200, `{"columnMetadata":[{"name":"total"}],"records":[[{"longValue":5}]]}`)
	}}})
	data := datastore.New([]datastore.Driver{rdsdatasql.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { // the variables of a function
			return "arn:aws:rds:eu-central-1:123456789012:cluster:main/shop", true
		},
	})
	db := datastore.Use[sqldb.Reader](function{}, sqldb.New(data, "main", sqldb.AuroraPostgres,
		sqldb.DataAPI(), sqldb.Secret(&login{"writer"}, &login{"reader"})))
	var total int
	err := db.Read().QueryRowContext(context.Background(), "SELECT total FROM orders WHERE id = $1", "1").Scan(&total)
	fmt.Println(total, err)
	// Output: 5 <nil>
}
