package filesearch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// index is one index.
type index struct {
	mu      sync.RWMutex
	spec    search.Spec
	fields  map[string]search.Field
	docs    map[string]*document
	deleted map[string]int64 // versions of documents that were deleted
	journal *journal         // nil in memory
	closed  bool
}

var _ search.Conn = (*index)(nil)

// adopt has the index find documents by the fields of spec.
func (x *index) adopt(spec search.Spec) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.spec == spec {
		return
	}
	x.spec, x.fields = spec, map[string]search.Field{}
	for _, f := range spec.Fields() {
		x.fields[f.Name] = f
	}
	for _, d := range x.docs {
		d.read(x.fields)
	}
}

var errClosed = unavailable(errors.New("the driver is closed"))

// Get implements [search.Conn].
func (x *index) Get(_ context.Context, id string) ([]byte, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return nil, errClosed
	}
	if d := x.docs[id]; d != nil {
		return d.source, nil
	}
	return nil, nil
}

// Write implements [search.Conn].
func (x *index) Write(_ context.Context, w search.Write) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.write(w)
}

// Bulk implements [search.Conn].
func (x *index) Bulk(_ context.Context, ws []search.Write, _ bool) error {
	x.mu.Lock()
	defer x.mu.Unlock()
	var partial datastore.PartialError
	for i, w := range ws {
		if err := x.write(w); err != nil {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: err})
		}
	}
	if len(partial.Failed) > 0 {
		return &partial
	}
	return nil
}

// Ensure implements [search.Conn].
func (x *index) Ensure(context.Context) error {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.closed {
		return errClosed
	}
	return nil
}

func (x *index) write(w search.Write) error {
	if x.closed {
		return errClosed
	}
	stored := x.version(w.ID)
	if w.Version == 0 {
		w.Version = stored + 1
	} else if w.Version < stored {
		return &datastore.Error{Kind: datastore.ErrConflict, Err: fmt.Errorf("version %d is stored, and %d is lower", stored, w.Version)}
	}
	w.Doc = bytes.Clone(w.Doc)
	d, err := newDocument(w, x.fields)
	if err != nil {
		return &datastore.Error{Kind: datastore.ErrInvalid, Err: err}
	}
	if x.journal != nil {
		if err := x.journal.append(w); err != nil {
			return unavailable(err)
		}
	}
	x.put(w, d)
	return nil
}

// put has the index hold d, nil for a document that was deleted.
func (x *index) put(w search.Write, d *document) {
	if d == nil {
		delete(x.docs, w.ID)
		x.deleted[w.ID] = w.Version
		return
	}
	x.docs[w.ID] = d
	delete(x.deleted, w.ID)
}

// load takes what a journal has.
func (x *index) load(w search.Write) error {
	d, err := newDocument(w, nil)
	if err == nil {
		x.put(w, d)
	}
	return err
}

func (x *index) version(id string) int64 {
	if d := x.docs[id]; d != nil {
		return d.version
	}
	return x.deleted[id]
}

func (x *index) close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
	if x.journal == nil {
		return nil
	}
	return x.journal.file.Close()
}

// ids are those of all documents, in order.
func (x *index) ids() []string {
	ids := make([]string, 0, len(x.docs))
	for id := range x.docs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
