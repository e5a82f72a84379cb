// Package datastore is the data tier: what every kind of store has in common.
//
// A store is declared once, as a value, on the [Data] an application is built
// with. Nobody uses a store directly: a function is granted a handle whose type
// says what the function may do to it, and that type is the permission.
//
//	type store interface {              // what this service may do to the table
//		table.Getter[Order]
//		table.Creator[Order]
//	}
//
//	func newApp(data *datastore.Data) *tier.App {
//		app := tier.New("shop")
//		api := app.API("orders")
//		orders := datastore.Use[store](api, table.New[Order](data, "orders"))
//		...
//	}
//
// [Use] records the [Grant] on the function, with the file and line. From the
// grants of a function follow its IAM statements, its environment variables and
// its network. The handle refuses at run time, with [ErrDenied], whatever was
// not granted, so that what AWS would refuse fails on localhost and in tests.
//
// The kinds live below this package (datastore/table, ...), each a contract of
// one-method capability interfaces with a conformance suite beside it. Drivers
// live in datastore/iam (reached by an IAM role), datastore/vpc (reached only
// in the private network) and datastore/embedded (no server at all).
//
// Everything here is safe for concurrent use after declaration has ended.
package datastore
