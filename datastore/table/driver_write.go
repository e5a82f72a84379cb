package table

import (
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Write is one write, or, in a transaction, one check.
type Write struct {
	// Op is the operation: "Create", "Put", "Update", "Delete" or "Check".
	Op string
	// Key of the item; nil if there is an Item, which has it.
	Key Attributes
	// Item to put, with its key; nil of the other operations.
	Item Attributes
	// Changes that an Update makes, each of another attribute.
	Changes []Change
	// If is the condition on the stored item. If it does not hold, nothing is
	// written, and the answer is what [Write.Refused] says.
	If Cond
	// ID is the write id of a conditional put or an update, which is stored in
	// the attribute [Write.Own] looks at; "" without one. A driver that repeats a
	// write whose answer was lost asks Own of the item that failed the condition.
	ID string

	missing bool // a failed condition means that the item to update is not there
	spec    Spec // whose TTL tells it, with now
	now     time.Time
	size    int // of the item
}

// Keyed are attributes among which the key is: the Item or the Key.
func (w Write) Keyed() Attributes {
	if w.Item != nil {
		return w.Item
	}
	return w.Key
}

// Own reports whether the stored item is what this very write left behind.
func (w Write) Own(stored Attributes) bool {
	if w.ID == "" || stored == nil {
		return false
	}
	id, _ := stored.Find(writeID)
	return id.typ == B && id.text == w.ID
}

// Refused is the error of a write whose condition did not hold of the stored
// item, nil if there is none: [datastore.ErrNotFound] of an update of an item that
// is not there, else [datastore.ErrConflict].
func (w Write) Refused(stored Attributes) error {
	if w.missing && (none(stored) || w.spec.Expired(stored, w.now)) {
		return datastore.ErrNotFound
	}
	return datastore.ErrConflict
}

// none reports whether there is no item: a stored one has its key.
func none(stored Attributes) bool { return stored == nil || stored.Len() == 0 }

// Repeatable reports whether the write may be sent again when its answer was
// lost: what replaces, deletes or sets unconditionally, and what recognises itself,
// but not an update that adds to what is there.
func (w Write) Repeatable() bool {
	for _, c := range w.Changes {
		if !c.Repeatable() {
			return false
		}
	}
	return w.If.IsZero() || w.ID != ""
}

// Transaction is a set of writes, at most 100 of different items.
type Transaction struct {
	// Token tells the transaction from all others, so that it can be sent again
	// when its answer was lost: at most 36 characters.
	Token  string
	Writes []TxWrite
}

// TxWrite is one write of a transaction.
type TxWrite struct {
	Conn Conn // of its table
	Write
	// Stored is where the driver puts the item on which the condition of an Update
	// failed; nil where it does not know it.
	Stored Attributes
}
