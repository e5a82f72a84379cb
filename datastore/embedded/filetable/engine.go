package filetable

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// pageSize is how many bytes of items a page holds, before the filter.
const pageSize = 1 << 20

// engine is one table: its items in its own order and in that of its indexes.
type engine struct {
	driver *Driver
	name   string // of its file, without the ending
	// namespace of the Data that opened it
	namespace string
	spec      table.Spec
	now       func() time.Time

	mu      sync.RWMutex
	items   *order
	indexes map[string]*order
	live    int64    // bytes of the journal that hold the items
	journal *journal // nil in memory
	closed  bool
}

var _ table.Conn = (*engine)(nil)

func newEngine(d *Driver, name string, spec table.Spec, now func() time.Time) *engine {
	e := &engine{driver: d, name: name, spec: spec, now: now, items: newOrder(spec, spec.Primary()), indexes: map[string]*order{}}
	for _, x := range spec.Indexes.All() {
		e.indexes[x.Name] = newOrder(spec, x)
	}
	return e
}

// adopt makes the engine serve another declaration of the same table: it may have
// further indexes.
func (e *engine) adopt(spec table.Spec) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.spec.PK != spec.PK || e.spec.SK != spec.SK {
		return keyChanged(e.spec, spec)
	}
	for _, x := range spec.Indexes.All() {
		if o, ok := e.indexes[x.Name]; ok && o.index != x {
			return fmt.Errorf("table %s: its index %s is declared twice, with different keys", spec.Logical, x.Name)
		} else if !ok {
			e.addIndex(x)
		}
	}
	if e.spec.TTL == "" {
		e.spec.TTL = spec.TTL
	}
	return nil
}

func (e *engine) addIndex(x table.Index) {
	o := newOrder(e.spec, x)
	for _, rows := range e.items.partitions {
		for _, r := range rows {
			if x.Holds(r.item) {
				o.put(row{item: r.item})
			}
		}
	}
	e.indexes[x.Name] = o
}

var errClosed = errors.New("the driver is closed")

// usable refuses what comes too late.
func (e *engine) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	if e.closed {
		return unavailable(errClosed)
	}
	return e.driver.broken()
}

// Get implements [table.ReadConn].
func (e *engine) Get(ctx context.Context, key table.Attributes, _ table.Read) (table.Attributes, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	return orNone(e.find(table.ItemOf(key))), nil
}

// GetMany implements [table.ReadConn].
func (e *engine) GetMany(ctx context.Context, keys []table.Attributes, _ table.Read) ([]table.Attributes, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	var items []table.Attributes
	for _, key := range keys {
		if item := e.find(table.ItemOf(key)); item != nil {
			items = append(items, item)
		}
	}
	return items, nil
}

// Query implements [table.ReadConn].
func (e *engine) Query(ctx context.Context, q table.PageQuery) (table.PageResult, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return table.PageResult{}, err
	}
	o, err := e.order(q.Index)
	if err != nil {
		return table.PageResult{}, err
	}
	next := o.walk(o.partitions[q.PK.Text()], q.After, q.Desc)
	return o.page(next, q.Range, q.Filter, q.Limit), nil
}

// Scan implements [table.ReadConn]. It may find out the order of the partitions,
// and locks for that.
func (e *engine) Scan(ctx context.Context, q table.PageScan) (table.PageResult, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return table.PageResult{}, err
	}
	o, err := e.order(q.Index)
	if err != nil {
		return table.PageResult{}, err
	}
	return o.page(o.scan(q), table.Cond{}, q.Filter, q.Limit), nil
}

func (e *engine) order(x table.Index) (*order, error) {
	if x.Name == "" {
		return e.items, nil
	}
	if o, ok := e.indexes[x.Name]; ok {
		return o, nil
	}
	return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("the table was opened without the index %s", x.Name)}
}

// page collects what next gives until the page is full.
func (o *order) page(next func() table.Item, rng, filter table.Cond, limit int) (page table.PageResult) {
	read, size := 0, 0
	for item := next(); item != nil; item = next() {
		if !rng.Match(item) {
			continue
		}
		if filter.Match(item) {
			page.Items = append(page.Items, item)
		}
		read++
		if size += item.Size(); read == limit || size >= pageSize {
			page.Last = o.spec.PlaceOf(o.index, item)
			break
		}
	}
	return page
}

// find is the stored item, nil if there is none.
func (e *engine) find(key table.Item) table.Item {
	r, _ := e.items.find(key)
	return r.item
}

// apply puts the row, or deletes the key if the row has no item.
func (e *engine) apply(key table.Item, r row) {
	old, found := e.items.find(key)
	if found {
		e.live -= old.size
	}
	if r.item != nil {
		e.live += r.size
		e.items.put(r)
	} else if found {
		e.items.remove(key)
	}
	for _, o := range e.indexes {
		if found && o.index.Holds(old.item) {
			o.remove(old.item)
		}
		if r.item != nil && o.index.Holds(r.item) {
			o.put(row{item: r.item})
		}
	}
}

// purge deletes what has expired.
func (e *engine) purge() {
	if e.spec.TTL == "" {
		return
	}
	now := e.now()
	var expired []table.Item
	for _, rows := range e.items.partitions {
		for _, r := range rows {
			if e.spec.Expired(r.item, now) {
				expired = append(expired, e.spec.KeyOf(r.item))
			}
		}
	}
	for _, key := range expired {
		e.tell(key, nil, true)
		e.apply(key, row{})
	}
}

func (e *engine) close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil
	}
	e.closed = true
	if e.journal == nil {
		return nil
	}
	return e.journal.close()
}
