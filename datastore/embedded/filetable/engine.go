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
	partitions map[string][]table.Item
	count      int
	journal    *journal // nil in memory
	closed     bool
}

var _ table.Conn = (*engine)(nil)

func newEngine(spec table.Spec) *engine {
	return &engine{spec: spec, partitions: map[string][]table.Item{}}
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
	if e.journal != nil {
		if err := e.journal.append(record{Put: w.Item, Delete: deleted(w)}); err != nil {
			return unavailable(err)
		}
	}
	e.apply(w.Key, w.Item)
	if e.journal != nil && e.journal.stale(e.count) {
		if err := e.journal.compact(e); err != nil {
			// The write itself is kept; the old journal is still whole.
			e.journal.opts.Log.Warn("tierkit: journal not compacted", "table", e.spec.Logical, "error", err)
		}
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
	items := e.partitions[q.PK.Text()]
	next := e.walk(items, q)
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
func (e *engine) walk(items []table.Item, q table.PageQuery) func() table.Item {
	at, step := 0, 1
	if q.Desc {
		at, step = len(items)-1, -1
	}
	if q.After != nil {
		i, found := e.position(items, q.After)
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
		if at < 0 || at >= len(items) {
			return nil
		}
		item := items[at]
		at += step
		return item
	}
}

// find is the stored item, nil if there is none.
func (e *engine) find(key table.Item) table.Item {
	items := e.partitions[key[e.spec.PK.Name].Text()]
	if i, ok := e.position(items, key); ok {
		return items[i]
	}
	return nil
}

// position is where the key is, or would be, among the items of its partition.
func (e *engine) position(items []table.Item, key table.Item) (int, bool) {
	sk := e.spec.SK.Name
	return slices.BinarySearchFunc(items, key, func(a, b table.Item) int {
		return a[sk].Compare(b[sk])
	})
}

// apply puts the item, or deletes the key if it is nil.
func (e *engine) apply(key, item table.Item) {
	pk := key[e.spec.PK.Name].Text()
	items := e.partitions[pk]
	i, found := e.position(items, key)
	switch {
	case item == nil && found:
		items = slices.Delete(items, i, i+1)
		e.count--
	case item == nil:
	case found:
		items[i] = item
	default:
		items = slices.Insert(items, i, item)
		e.count++
	}
	if len(items) == 0 {
		delete(e.partitions, pk)
		return
	}
	e.partitions[pk] = items
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
