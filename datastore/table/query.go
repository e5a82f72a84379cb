package table

import (
	"context"
	"errors"
	"iter"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Query asks for the items of one partition, in the order of their sort keys.
type Query struct {
	// Key is the partition: [PK].
	Key Key
	// Range is a condition on the sort key, by its attribute name: [Eq], [Lt],
	// [Le], [Gt], [Ge], [Between] or [BeginsWith]. The zero Cond means all.
	Range Cond
	// Filter is a condition on attributes that are no keys. What it leaves out
	// is read, and paid for, nevertheless.
	Filter Cond
	// Desc begins with the greatest sort key.
	Desc bool
	// Limit is how many items are read for a page, before Filter: a page may
	// hold fewer, even none, and not be the last. 0 means as many as 1 MB holds.
	Limit int
	// After is the Next of the page before. It holds the sort key of that page's
	// last item, in plain form, and cannot be used for another partition.
	After datastore.Token
	// Consistent reads see all writes that were answered before; others, which
	// cost half, may be a moment behind.
	Consistent bool
}

// All are the items of q, page by page; q.After is where it begins. It ends
// after the first error, except a [*datastore.PartialError] (items that do not fit
// T): that comes after the other items of its page, and the next page follows.
//
//	for order, err := range table.All(ctx, orders, q) {
//		if err != nil {
//			return err
//		}
//		...
//	}
func All[T any](ctx context.Context, querier Querier[T], q Query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for {
			page, err := querier.Query(ctx, q)
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if err != nil {
				var none T
				_, partial := errors.AsType[*datastore.PartialError](err)
				if !yield(none, err) || !partial {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.After = page.Next
		}
	}
}

// page turns a query into what drivers take.
func (s *state) page(q Query) (PageQuery, error) {
	spec := s.shape.spec
	if q.Key.err != nil {
		return PageQuery{}, invalid("key: %w", q.Key.err)
	}
	if !q.Key.sk.IsZero() {
		return PageQuery{}, invalid("query: the key has a sort key; write table.PK, and table.Eq as the range")
	}
	if err := checkKeyValue("partition key", spec.PK, q.Key.pk, MaxPartitionKeySize); err != nil {
		return PageQuery{}, err
	}
	if q.Limit < 0 {
		return PageQuery{}, invalid("query: the limit %d is negative", q.Limit)
	}
	if err := s.checkRange(q.Range); err != nil {
		return PageQuery{}, err
	}
	if err := s.checkCond(q.Filter, true); err != nil {
		return PageQuery{}, err
	}
	page := PageQuery{
		PK: q.Key.pk, Range: q.Range, Filter: q.Filter, Desc: q.Desc, Limit: q.Limit,
		Read: Read{Consistent: q.Consistent},
	}
	var err error
	page.After, err = openToken(q.After, spec, page)
	return page, err
}

func (s *state) checkRange(c Cond) error {
	if c.IsZero() {
		return nil
	}
	if c.err != nil {
		return invalid("range: %w", c.err)
	}
	sk := s.shape.spec.SK
	switch {
	case sk.Name == "":
		return invalid("range: the table has no sort key")
	case c.attr != sk.Name:
		return invalid("range: is on %q; a range is one condition on the sort key %q, others are a Filter", c.attr, sk.Name)
	case c.op != OpEq && (c.op < OpLt || c.op > OpBeginsWith) || c.op == OpBeginsWith && sk.Type == N:
		return invalid("range: DynamoDB does not take this operator on the sort key %q", sk.Name)
	}
	for _, v := range c.values {
		if v.text == "" && c.op == OpBeginsWith {
			return invalid("range: the prefix is empty; leave the range out")
		}
		if err := checkKeyValue("range on sort key", sk, v, MaxSortKeySize); err != nil {
			return err
		}
	}
	return nil
}

// checkCond checks the names of a condition. A filter cannot name keys.
func (s *state) checkCond(c Cond, filter bool) error {
	err := c.walk(func(c Cond) error {
		if !s.has(c.attr) {
			return invalid("condition on %q: the item type has no such attribute; it has %s", c.attr, s.names())
		}
		if spec := s.shape.spec; filter && (c.attr == spec.PK.Name || c.attr == spec.SK.Name) {
			return invalid("filter on %q: a filter cannot name a key; use Key and Range", c.attr)
		}
		return nil
	})
	if err == nil {
		return checkOperators(c)
	}
	if _, ours := err.(*datastore.Error); ours {
		return err
	}
	return invalid("%w", err)
}

func checkOperators(c Cond) error {
	if n := c.operators(); n > maxOperators {
		return invalid("condition: has %d operators and functions, of which there can be %d", n, maxOperators)
	}
	return nil
}
