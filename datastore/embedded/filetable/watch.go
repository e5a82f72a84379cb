package filetable

import (
	"maps"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Change tells what a write made of an item, as a stream of DynamoDB does. The items
// are not to be changed.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.html
type Change struct {
	Namespace string     // of the Data
	Spec      table.Spec // of the table
	Old       table.Item // nil if there was none
	New       table.Item // nil if it was deleted
	Expired   bool       // it was deleted because its time had come
	Time      time.Time
}

// Watch has f called after each change of an item that this process makes, in the
// order of the changes of a table and before the writer is answered. It must be
// quick, and must not use the table. A write that leaves an item as it was is none,
// as in DynamoDB. nil ends it.
func (d *Driver) Watch(f func(Change)) {
	if f == nil {
		d.watch.Store(nil)
		return
	}
	d.watch.Store(&f)
}

// tell tells the one who watches of a change that is about to be made in memory. The
// engine is locked.
func (e *engine) tell(key, item table.Item, expired bool) {
	f := e.driver.watch.Load()
	if f == nil {
		return
	}
	old := e.find(key)
	if old == nil && item == nil || old != nil && item != nil && maps.EqualFunc(old, item, table.Value.Equal) {
		return
	}
	(*f)(Change{Namespace: e.namespace, Spec: e.spec, Old: old, New: item, Expired: expired, Time: e.now()})
}
