package table

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

func (a *access) get(ctx context.Context, key Key, opts []ReadOption, into reflect.Value) error {
	var k Attributes
	var read Read
	return a.run(ctx, opGet, datastore.ErrUnavailable, func() (err error) {
		if read, err = readOf(opts); err != nil {
			return err
		}
		if k, err = key.item(a.shape.spec, a.form()); err != nil {
			return err
		}
		return a.mineAll(ctx, k)
	}, func(ctx context.Context, conn Conn) error {
		item, err := conn.Get(ctx, k, read)
		switch {
		case err != nil:
			return err
		case none(item) || a.expired(item):
			return &datastore.Error{Kind: datastore.ErrNotFound}
		}
		return a.decode(item, into)
	})
}

// expired reports whether an item is only there because it was not deleted yet.
func (s *state) expired(item Attributes) bool {
	return s.shape.ttl != nil && s.shape.spec.Expired(item, s.Data.Now())
}

func (s *state) decode(item Attributes, into reflect.Value) error {
	if err := s.plan().decode(item, into); err != nil {
		return &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("stored item does not fit %v: %w", s.typ, err)}
	}
	return nil
}

func (a *access) getMany(ctx context.Context, keys []Key, opts []ReadOption, into reflect.Value) error {
	var items []Attributes
	var read Read
	return a.run(ctx, opGetMany, datastore.ErrUnavailable, func() (err error) {
		if read, err = readOf(opts); err != nil {
			return err
		}
		if items, err = a.keys(keys); err != nil {
			return err
		}
		return a.mineAll(ctx, items...)
	}, func(ctx context.Context, conn Conn) error {
		return a.getBatches(ctx, conn, items, read, into)
	})
}

func (s *state) keys(keys []Key) ([]Attributes, error) {
	items := make([]Attributes, len(keys))
	for i, key := range keys {
		k, err := key.item(s.shape.spec, s.form())
		if err != nil {
			return nil, inPart("key", i, err)
		}
		items[i] = k
	}
	return items, nil
}

// inPart says which key, item or operation of several was refused.
func inPart(what string, i int, err error) error {
	e, ok := errors.AsType[*datastore.Error](err)
	if !ok {
		return fmt.Errorf("%s %d: %w", what, i, err)
	}
	own := *e
	own.Err = fmt.Errorf("%s %d: %w", what, i, e.Err)
	return &own
}

// getBatches reads the keys, each once, in batches, and decodes what was found
// in the order of the keys.
func (s *state) getBatches(ctx context.Context, conn Conn, keys []Attributes, read Read, into reflect.Value) error {
	b := s.batchOf(keys)
	for from := 0; from < len(b.keys); from += maxBatchGet {
		b.get(ctx, conn, from, read)
	}
	into.Set(reflect.MakeSlice(into.Type(), len(keys), len(keys)))
	var partial datastore.PartialError
	n := 0
	for i, at := range b.which {
		item, err := b.found[at], b.failed[at]
		if item != nil && !s.expired(item) {
			if err = s.decode(item, into.Index(n)); err == nil {
				n++
			} else {
				into.Index(n).SetZero()
			}
		}
		if err != nil {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: err})
		}
	}
	into.SetLen(n)
	return partialError(&partial)
}

// batchRead are the keys of a GetMany, each once, with what was found and what
// failed.
type batchRead struct {
	spec   Spec
	keys   []Attributes
	which  []int          // of keys each one that was asked for is
	at     map[string]int // of the text of a key
	text   []byte
	found  []Attributes
	failed []error
}

func (s *state) batchOf(keys []Attributes) *batchRead {
	b := &batchRead{spec: s.shape.spec, which: make([]int, len(keys)), at: make(map[string]int, len(keys))}
	for i, k := range keys {
		at, twice := b.position(k)
		if !twice {
			at = len(b.keys)
			b.at[string(b.text)] = at
			b.keys = append(b.keys, k)
		}
		b.which[i] = at
	}
	b.found, b.failed = make([]Attributes, len(b.keys)), make([]error, len(b.keys))
	return b
}

// position is where the key of an item is. It leaves its text in b.
func (b *batchRead) position(item Attributes) (int, bool) {
	b.text = b.spec.appendKey(b.text[:0], item)
	at, ok := b.at[string(b.text)]
	return at, ok
}

// get reads one batch and notes what was found and what failed.
func (b *batchRead) get(ctx context.Context, conn Conn, from int, read Read) {
	keys := b.keys[from:min(from+maxBatchGet, len(b.keys))]
	items, err := conn.GetMany(ctx, keys, read)
	for _, item := range items {
		if at, ok := b.position(item); ok {
			b.found[at] = item
		}
	}
	var partial *datastore.PartialError
	switch {
	case err == nil:
	case errors.As(err, &partial):
		for _, f := range partial.Failed {
			b.failed[from+f.Index] = f.Err
		}
	default:
		for i := range keys {
			b.failed[from+i] = err
		}
	}
}

// partialError is the partial error, nil if nothing failed.
func partialError(partial *datastore.PartialError) error {
	if len(partial.Failed) == 0 {
		return nil
	}
	return partial
}

func (a *access) query(ctx context.Context, q Query, into reflect.Value) (next datastore.Token, err error) {
	var page PageQuery
	err = a.run(ctx, opQuery, datastore.ErrUnavailable, func() (err error) {
		if page, err = a.page(q); err != nil {
			return err
		}
		return a.mine(ctx, page.PK)
	}, func(ctx context.Context, conn Conn) error {
		result, err := conn.Query(ctx, page)
		if err != nil {
			return err
		}
		if result.Last != nil && (a.index.Name != "" || a.index.HasSK()) { // else there is one item, and no more
			next = a.listing(page).seal(result.Last)
		}
		return a.decodePage(result.Items, into)
	})
	return next, err
}

func (a *access) scan(ctx context.Context, q Scan, into reflect.Value) (next datastore.Token, err error) {
	var page PageScan
	err = a.run(ctx, opScan, datastore.ErrUnavailable, func() (err error) {
		page, err = a.scanPage(q)
		return err
	}, func(ctx context.Context, conn Conn) error {
		result, err := conn.Scan(ctx, page)
		if err != nil {
			return err
		}
		if result.Last != nil {
			next = a.scanListing(page).seal(result.Last)
		}
		return a.decodePage(result.Items, into)
	})
	return next, err
}

// decodePage fills a slice with the items of a page, those that fit.
func (s *state) decodePage(items []Attributes, into reflect.Value) error {
	into.Set(reflect.MakeSlice(into.Type(), len(items), len(items)))
	var partial datastore.PartialError
	n := 0
	for i, item := range items {
		if s.expired(item) {
			continue
		}
		if err := s.decode(item, into.Index(n)); err != nil {
			into.Index(n).SetZero()
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: err})
			continue
		}
		n++
	}
	into.SetLen(n)
	return partialError(&partial)
}
