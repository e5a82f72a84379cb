//go:build !lambda.norpc

package run

import "github.com/seed-18e8afb5/tierkit/datastore"

// Local is a driver that stands in on localhost for one that reaches AWS, and that
// is too heavy for every program to link: package sqlitedb is one. in makes it for
// the folder of the embedded data. A program names it in a file of its own,
//
//	//go:build !lambda.norpc
//
//	var local = []datastore.Driver{run.Local(func(dir string) datastore.Driver { return sqlitedb.In(dir) })}
//
// and has an empty variable of that name in a file for lambda.norpc, where there is
// no Local:
//
//	func main() { run.Main(newApp, append(local, rdspostgres.Driver)...) }
func Local(in func(dir string) datastore.Driver) datastore.Driver {
	sample := in("")
	return &localDriver{kind: sample.Kind(), name: sample.Name(), in: in}
}

// localDriver is a driver that has no folder yet, and opens nothing.
type localDriver struct {
	kind, name string
	in         func(dir string) datastore.Driver
}

// Kind is that of the driver.
func (d *localDriver) Kind() string { return d.kind }

// Name is that of the driver.
func (d *localDriver) Name() string { return d.name }
