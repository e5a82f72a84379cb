package migrate_test

import (
	"fmt"
	"testing/fstest"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb"
	"github.com/seed-18e8afb5/tierkit/datastore/sqldb/migrate"
)

// Files that each deployment applies which changes them. A program embeds its files.
func ExampleOnDeploy() {
	files := fstest.MapFS{"0001_orders.sql": {Data: []byte("CREATE TABLE orders (id UUID PRIMARY KEY)")}}
	data := datastore.New(nil, nil)
	db := sqldb.New(data, "main", sqldb.DSQL, sqldb.Migrations(migrate.OnDeploy(files)))

	d := db.Spec().(sqldb.Spec).Deployment()
	fmt.Println(d.Name, d.Version[:8], d.Err)
	// Output: migrate 9dd1b941 <nil>
}
