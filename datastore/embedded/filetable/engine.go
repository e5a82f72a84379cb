package filetable

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// pageSize is how many bytes of items a page holds, before the filter.
const pageSize = 1 << 20

// engine is one table: its items by partition, in the order of the sort key.
type engine struct {
	spec table.Spec

	mu         sync.RWMutex
	partitions map[string][]row
	live       int64    // bytes of the journal that hold the items
	journal    *journal // nil in memory
	closed     bool
}

// row is an item and how long its line in the journal is.
type row struct {
	item table.Item
	size int64
}

var _ table.Conn = (*engine)(nil)

func newEngine(spec table.Spec) *engine {
	return &engine{spec: spec, partitions: map[string][]row{}}
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
	return nil
}

// Get implements [table.Conn].
func (e *engine) Get(ctx context.Context, key table.Item, _ table.Read) (table.Item, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	return e.find(key), nil
}

// GetMany implements [table.Conn].
func (e *engine) GetMany(ctx context.Context, keys []table.Item, _ table.Read) ([]table.Item, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	var items []table.Item
	for _, key := range keys {
		if item := e.find(key); item != nil {
			items = append(items, item)
		}
	}
	return items, nil
}

// Write implements [table.Conn].
func (e *engine) Write(ctx context.Context, w table.Write) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return err
	}
	stored := e.find(w.Key)
	if !w.If.Match(stored) {
		return &datastore.Error{Kind: datastore.ErrConflict, Code: "ConditionalCheckFailedException"}
	}
	if w.Item == nil && stored == nil {
		return nil
	}
	var size int64
	if e.journal != nil {
		var err error
		if size, err = e.journal.append(record{Put: w.Item, Delete: deleted(w)}); err != nil {
			return unavailable(err)
		}
	}
	e.apply(w.Key, row{w.Item, size})
	if e.journal != nil {
		e.journal.tidy(e)
	}
	return nil
}

func deleted(w table.Write) table.Item {
	if w.Item == nil {
		return w.Key
	}
	return nil
}

// Query implements [table.Conn].
func (e *engine) Query(ctx context.Context, q table.PageQuery) (table.PageResult, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var page table.PageResult
	if err := e.usable(ctx); err != nil {
		return page, err
	}
	read, size := 0, 0
	next := e.walk(e.partitions[q.PK.Text()], q)
	for item := next(); item != nil; item = next() {
		if !q.Range.Match(item) {
			continue
		}
		if q.Filter.Match(item) {
			page.Items = append(page.Items, item)
		}
		read++
		if size += item.Size(); read == q.Limit || size >= pageSize {
			page.Last = e.spec.KeyOf(item)
			break
		}
	}
	return page, nil
}

// walk gives the items of a partition one after the other, from the start of the
// page in its direction, then nil.
func (e *engine) walk(rows []row, q table.PageQuery) func() table.Item {
	at, step := 0, 1
	if q.Desc {
		at, step = len(rows)-1, -1
	}
	if q.After != nil {
		i, found := e.position(rows, q.After)
		switch {
		case q.Desc:
			at = i - 1
		case found:
			at = i + 1
		default:
			at = i
		}
	}
	return func() table.Item {
		if at < 0 || at >= len(rows) {
			return nil
		}
		item := rows[at].item
		at += step
		return item
	}
}

// find is the stored item, nil if there is none.
func (e *engine) find(key table.Item) table.Item {
	rows := e.partitions[key[e.spec.PK.Name].Text()]
	if i, ok := e.position(rows, key); ok {
		return rows[i].item
	}
	return nil
}

// position is where the key is, or would be, among the rows of its partition.
func (e *engine) position(rows []row, key table.Item) (int, bool) {
	sk := e.spec.SK.Name
	return slices.BinarySearchFunc(rows, key, func(r row, key table.Item) int {
		return r.item[sk].Compare(key[sk])
	})
}

// apply puts the row, or deletes the key if the row has no item.
func (e *engine) apply(key table.Item, r row) {
	pk := key[e.spec.PK.Name].Text()
	rows := e.partitions[pk]
	i, found := e.position(rows, key)
	if found {
		e.live -= rows[i].size
	}
	switch {
	case r.item == nil && found:
		rows = slices.Delete(rows, i, i+1)
	case r.item == nil:
	case found:
		rows[i] = r
	default:
		rows = slices.Insert(rows, i, r)
	}
	if r.item != nil {
		e.live += r.size
	}
	if len(rows) == 0 {
		delete(e.partitions, pk)
		return
	}
	e.partitions[pk] = rows
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
