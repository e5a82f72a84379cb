package filetable

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// change is what a write does to a table: it puts an item, or deletes the key if
// it has none. One that does nothing has no key.
type change struct {
	engine *engine
	key    table.Item
	item   table.Item
	size   int64 // of its line in the journal
}

// plan checks the condition of a write and says what it does.
func (e *engine) plan(w table.Write) (change, error) {
	key := e.spec.KeyOf(w.Keyed())
	stored := e.find(key)
	if !w.If.Match(stored) {
		return change{}, &datastore.Error{Kind: w.Refused(stored), Code: "ConditionalCheckFailedException"}
	}
	c := change{engine: e, key: key, item: table.ItemOf(w.Item)}
	switch w.Op {
	case "Update":
		var err error
		c.item, err = w.Apply(stored)
		return c, err
	case "Check":
		return change{engine: e}, nil
	case "Delete":
		if stored == nil {
			return change{engine: e}, nil
		}
	}
	return c, nil
}

// record is the line of the journal for the change.
func (c change) record() record {
	if c.item == nil {
		return record{Delete: c.key}
	}
	return record{Put: c.item}
}

// append writes the change to the journal, if there is one.
func (c *change) append() (err error) {
	if c.key == nil || c.engine.journal == nil {
		return nil
	}
	c.size, err = c.engine.journal.append(c.record())
	return err
}

// apply makes the change in memory.
func (c change) apply() {
	if c.key != nil {
		c.engine.tell(c.key, c.item, false)
		c.engine.apply(c.key, row{c.item, c.size})
	}
}

// do makes one write. The engine is locked.
func (e *engine) do(w table.Write) (table.Item, error) {
	c, err := e.plan(w)
	if err != nil {
		return nil, err
	}
	if err := c.append(); err != nil {
		return nil, unavailable(err)
	}
	c.apply()
	if e.journal != nil {
		e.journal.tidy(e)
	}
	return c.item, nil
}

// Write implements [table.WriteConn].
func (e *engine) Write(ctx context.Context, w table.Write) error {
	_, err := e.Update(ctx, w)
	return err
}

// Update implements [table.WriteConn].
func (e *engine) Update(ctx context.Context, w table.Write) (table.Attributes, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return nil, err
	}
	item, err := e.do(w)
	if errors.Is(err, datastore.ErrConflict) {
		item = e.find(table.ItemOf(w.Keyed()))
	}
	return orNone(item), err
}

// orNone is the item as drivers answer it: nil if there is none.
func orNone(item table.Item) table.Attributes {
	if item == nil {
		return nil
	}
	return item
}

// WriteMany implements [table.WriteConn].
func (e *engine) WriteMany(ctx context.Context, writes []table.Write) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.usable(ctx); err != nil {
		return err
	}
	var partial datastore.PartialError
	for i, w := range writes {
		if _, err := e.do(w); err != nil {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: err})
		}
	}
	if len(partial.Failed) > 0 {
		return &partial
	}
	return nil
}

var errOtherDriver = errors.New("the tables of a transaction have different drivers or namespaces")

// Transact implements [table.WriteConn].
func (e *engine) Transact(ctx context.Context, tx table.Transaction) error {
	engines := []*engine{e}
	for _, w := range tx.Writes {
		other, ok := w.Conn.(*engine)
		if !ok || other.driver != e.driver || filepath.Dir(other.name) != filepath.Dir(e.name) { // a folder has its own file of transactions
			return &datastore.Error{Kind: datastore.ErrDeclaration, Err: errOtherDriver}
		}
		engines = append(engines, other)
	}
	// Always in the same order, so that no two transactions wait for each other.
	slices.SortFunc(engines, func(a, b *engine) int { return cmp.Compare(a.name, b.name) })
	for _, e := range slices.Compact(engines) {
		e.mu.Lock()
		defer e.mu.Unlock()
		if err := e.usable(ctx); err != nil {
			return err
		}
	}
	changes := make([]change, len(tx.Writes))
	var refused datastore.PartialError
	for i, w := range tx.Writes {
		var err error
		own := w.Conn.(*engine)
		if changes[i], err = own.plan(w.Write); err != nil {
			if w.Op == "Update" {
				tx.Writes[i].Stored = orNone(own.find(table.ItemOf(w.Key)))
			}
			refused.Failed = append(refused.Failed, datastore.ItemError{Index: i, Err: err})
		}
	}
	if len(refused.Failed) > 0 {
		return &refused
	}
	return e.driver.commit(changes)
}
