package rdsmysql_test

import (
	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/rdsmysql"
)

func ExampleWith() {
	data := datastore.New([]datastore.Driver{rdsmysql.With(aws.Config{Region: "eu-central-1"})}, &datastore.Options{
		Lookup: func(string) (string, bool) {
			return "mysql://main.cluster-abc.eu-central-1.rds.amazonaws.com/main", true
		},
	})
	db := datastore.Use[sqldb.Reader](function{}, sqldb.New(data, "main", sqldb.AuroraMySQL))
	_ = db.Read() // nothing is connected before the first statement
	// Output:
}
