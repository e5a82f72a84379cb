package table

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

func (s *state) get(ctx context.Context, g *datastore.Grant, key Key, read Read, into reflect.Value) error {
	if err := g.Check(ctx, bitGet, "Get"); err != nil {
		return err
	}
	k, err := s.key(key)
	if err != nil {
		return s.wrap("Get", err, datastore.ErrInvalid)
	}
	ctx, done := s.data.Observe(ctx, s.shape.spec, "Get")
	err = s.wrap("Get", s.getItem(ctx, k, read, into), datastore.ErrUnavailable)
	done(err)
	return err
}

func (s *state) getItem(ctx context.Context, key Item, read Read, into reflect.Value) error {
	conn, err := s.open(ctx)
	if err != nil {
		return err
	}
	item, err := conn.Get(ctx, key, read)
	if err != nil {
		return err
	}
	if item == nil {
		return &datastore.Error{Kind: datastore.ErrNotFound}
	}
	return s.decode(item, into)
}

func (s *state) key(key Key) (Item, error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	return key.item(s.shape.spec)
}

func (s *state) decode(item Item, into reflect.Value) error {
	if err := s.plan().decode(item, into); err != nil {
		return &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("stored item does not fit %v: %w", s.typ, err)}
	}
	return nil
}

func (s *state) getMany(ctx context.Context, g *datastore.Grant, keys []Key, read Read, into reflect.Value) error {
	if err := g.Check(ctx, bitGetMany, "GetMany"); err != nil {
		return err
	}
	items := make([]Item, len(keys))
	for i, key := range keys {
		k, err := s.key(key)
		if err != nil {
			return s.wrap("GetMany", inKey(i, err), datastore.ErrInvalid)
		}
		items[i] = k
	}
	ctx, done := s.data.Observe(ctx, s.shape.spec, "GetMany")
	err := s.wrap("GetMany", s.getBatches(ctx, items, read, into), datastore.ErrUnavailable)
	done(err)
	return err
}

// inKey says which key was refused.
func inKey(i int, err error) error {
	e, ok := errors.AsType[*datastore.Error](err)
	if !ok {
		return err
	}
	own := *e
	own.Err = fmt.Errorf("key %d: %w", i, e.Err)
	return &own
}

// getBatches reads the keys, each once, in batches, and decodes what was found
// in the order of the keys.
func (s *state) getBatches(ctx context.Context, keys []Item, read Read, into reflect.Value) error {
	conn, err := s.open(ctx)
	if err != nil || len(keys) == 0 {
		return err
	}
	var distinct []Item
	first := make(map[string]bool, len(keys))
	for _, k := range keys {
		if text := s.shape.spec.KeyText(k); !first[text] {
			first[text] = true
			distinct = append(distinct, k)
		}
	}
	found := make(map[string]Item, len(distinct))
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
		if ok {
			out := reflect.New(s.typ).Elem()
			if err = s.wrap("GetMany", s.decode(item, out), datastore.ErrCorrupt); err == nil {
				into.Set(reflect.Append(into, out))
			}
		}
		if err != nil {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: err})
		}
	}
	return partialError(&partial)
}

// partialError is the error of a batch or page, nil if none of its items failed.
func partialError(partial *datastore.PartialError) error {
	if len(partial.Failed) == 0 {
		return nil
	}
	cause := partial.Failed[0].Err
	return &datastore.Error{Kind: kindOf(cause, datastore.ErrUnavailable), Code: codeOf(cause), Attempts: attemptsOf(cause), Err: partial}
}

// getBatch reads one batch and notes what was found and what failed, by key.
func (s *state) getBatch(ctx context.Context, conn Conn, keys []Item, read Read, found map[string]Item, failed map[string]error) {
	items, err := conn.GetMany(ctx, keys, read)
	for _, item := range items {
		found[s.shape.spec.KeyText(item)] = item
	}
	var partial *datastore.PartialError
	switch {
	case err == nil:
	case errors.As(err, &partial):
		for _, f := range partial.Failed {
			failed[s.shape.spec.KeyText(keys[f.Index])] = s.wrap("GetMany", f.Err, datastore.ErrUnavailable)
		}
	default:
		for _, k := range keys {
			failed[s.shape.spec.KeyText(k)] = s.wrap("GetMany", err, datastore.ErrUnavailable)
		}
	}
}

func codeOf(err error) string {
	if e, ok := errors.AsType[*datastore.Error](err); ok {
		return e.Code
	}
	return ""
}

func attemptsOf(err error) int {
	if e, ok := errors.AsType[*datastore.Error](err); ok {
		return e.Attempts
	}
	return 0
}

func (s *state) query(ctx context.Context, g *datastore.Grant, q Query, into reflect.Value) (datastore.Token, error) {
	if err := g.Check(ctx, bitQuery, "Query"); err != nil {
		return "", err
	}
	err := s.usable()
	var page PageQuery
	if err == nil {
		page, err = s.page(q)
	}
	if err != nil {
		return "", s.wrap("Query", err, datastore.ErrInvalid)
	}
	ctx, done := s.data.Observe(ctx, s.shape.spec, "Query")
	next, err := s.queryPage(ctx, page, into)
	err = s.wrap("Query", err, datastore.ErrUnavailable)
	done(err)
	return next, err
}

func (s *state) queryPage(ctx context.Context, q PageQuery, into reflect.Value) (datastore.Token, error) {
	conn, err := s.open(ctx)
	if err != nil {
		return "", err
	}
	result, err := conn.Query(ctx, q)
	if err != nil {
		return "", err
	}
	into.Set(reflect.MakeSlice(into.Type(), len(result.Items), len(result.Items)))
	var partial datastore.PartialError
	n := 0
	for i, item := range result.Items {
		if err := s.decode(item, into.Index(n)); err != nil {
			into.Index(n).SetZero()
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: s.wrap("Query", err, datastore.ErrCorrupt)})
			continue
		}
		n++
	}
	into.SetLen(n)
	return sealToken(result.Last, s.shape.spec, q), partialError(&partial)
}
