package table

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

func (a *access) get(ctx context.Context, key Key, read Read, into reflect.Value) error {
	var k Item
	return a.run(ctx, opGet, datastore.ErrUnavailable, func() (err error) {
		if k, err = key.item(a.shape.spec); err != nil {
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

func (a *access) getMany(ctx context.Context, keys []Key, read Read, into reflect.Value) error {
	var items []Item
	return a.run(ctx, opGetMany, datastore.ErrUnavailable, func() (err error) {
		if items, err = a.keys(keys); err != nil {
			return err
		}
		return a.mineAll(ctx, items...)
	}, func(ctx context.Context, conn Conn) error {
		return a.getBatches(ctx, conn, items, read, into)
	})
}

func (s *state) keys(keys []Key) ([]Item, error) {
	items := make([]Item, len(keys))
	for i, key := range keys {
		k, err := key.item(s.shape.spec)
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
func (s *state) getBatches(ctx context.Context, conn Conn, keys []Item, read Read, into reflect.Value) error {
	var distinct []Item
	first := make(map[string]bool, len(keys))
	for _, k := range keys {
		if text := s.shape.spec.KeyText(k); !first[text] {
			first[text] = true
			distinct = append(distinct, k)
		}
	}
	found := make(map[string]Attributes, len(distinct))
	failed := map[string]error{}
	for len(distinct) > 0 {
		n := min(len(distinct), maxBatchGet)
		s.getBatch(ctx, conn, distinct[:n], read, found, failed)
		distinct = distinct[n:]
	}
	var partial datastore.PartialError
	for i, k := range keys {
		text := s.shape.spec.KeyText(k)
		item, ok := found[text]
		err := failed[text]
		if ok && !s.expired(item) {
			out := reflect.New(s.typ).Elem()
			if err = s.decode(item, out); err == nil {
				into.Set(reflect.Append(into, out))
			}
		}
		if err != nil {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: err})
		}
	}
	return partialError(&partial)
}

// partialError is the partial error, nil if nothing failed.
func partialError(partial *datastore.PartialError) error {
	if len(partial.Failed) == 0 {
		return nil
	}
	return partial
}

// getBatch reads one batch and notes what was found and what failed, by key.
func (s *state) getBatch(ctx context.Context, conn Conn, keys []Item, read Read, found map[string]Attributes, failed map[string]error) {
	items, err := conn.GetMany(ctx, keys, read)
	for _, item := range items {
		found[s.shape.spec.KeyText(item)] = item
	}
	var partial *datastore.PartialError
	switch {
	case err == nil:
	case errors.As(err, &partial):
		for _, f := range partial.Failed {
			failed[s.shape.spec.KeyText(keys[f.Index])] = f.Err
		}
	default:
		for _, k := range keys {
			failed[s.shape.spec.KeyText(k)] = err
		}
	}
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
		if a.index.Name != "" || a.index.HasSK() { // else there is one item, and no more
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
		next = a.scanListing(page).seal(result.Last)
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
