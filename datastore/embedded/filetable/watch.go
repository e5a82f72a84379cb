package filetable

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
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
// as in DynamoDB. Any number may watch. The function that it returns ends it.
func (d *Driver) Watch(f func(Change)) (stop func()) { return d.watchers.add(f) }

// watchers are who is told of changes, read without a lock by each write.
type watchers struct {
	mu  sync.Mutex // of those who change all
	all atomic.Pointer[[]*func(Change)]
}

func (w *watchers) add(f func(Change)) (remove func()) {
	own := &f
	w.change(func(all []*func(Change)) []*func(Change) { return append(all, own) })
	return func() {
		w.change(func(all []*func(Change)) []*func(Change) {
			return slices.DeleteFunc(all, func(f *func(Change)) bool { return f == own })
		})
	}
}

// change puts what do makes of a copy in the place of all.
func (w *watchers) change(do func([]*func(Change)) []*func(Change)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := do(slices.Clone(w.load()))
	w.all.Store(&all)
}

func (w *watchers) load() []*func(Change) {
	if all := w.all.Load(); all != nil {
		return *all
	}
	return nil
}

// tell tells those who watch of a change that is about to be made in memory. The
// engine is locked.
func (e *engine) tell(key, item table.Item, expired bool) {
	watching := e.driver.watchers.load()
	if len(watching) == 0 {
		return
	}
	old := e.find(key)
	if old == nil && item == nil || old != nil && item != nil && maps.EqualFunc(old, item, table.Value.Equal) {
		return
	}
	change := Change{Namespace: e.namespace, Spec: e.spec, Old: old, New: item, Expired: expired, Time: e.now()}
	for _, f := range watching {
		(*f)(change)
	}
}
