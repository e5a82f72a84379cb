package table

import (
	"context"
	"errors"
	"iter"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Query asks for the items of one partition, in the order of their sort keys: of
// the table, or of the index that the store is narrowed to by [Table.Via].
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
	// last item, and in an index its primary key, in plain form, and cannot be
	// used for another partition.
	After datastore.Token
	// Consistent reads see all writes that were answered before; others, which
	// cost half, may be a moment behind. A global index has no consistent reads:
	// they answer [datastore.ErrInvalid].
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
	return pages(q.After, func(after datastore.Token) (datastore.Page[T], error) {
		q := q
		q.After = after
		return querier.Query(ctx, q)
	})
}

// pages are the items of all pages from after on.
func pages[T any](after datastore.Token, read func(datastore.Token) (datastore.Page[T], error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for after := after; ; {
			page, err := read(after)
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
			after = page.Next
		}
	}
}

// page turns a query into what drivers take.
func (a *access) page(q Query) (PageQuery, error) {
	if q.Key.err != nil {
		return PageQuery{}, invalid("key: %w", q.Key.err)
	}
	if !q.Key.sk.IsZero() {
		return PageQuery{}, invalid("query: the key has a sort key; write table.PK, and table.Eq as the range")
	}
	page := PageQuery{
		Index: a.index, PK: q.Key.pk, Range: q.Range, Filter: a.shape.adapt(q.Filter), Desc: q.Desc, Limit: q.Limit,
		Read: Read{Consistent: q.Consistent},
	}
	if a.index.SK.Name == a.shape.spec.TTL {
		page.Range = a.shape.adapt(q.Range)
	}
	if err := checkKeyValue("partition key", a.index.PK, page.PK, MaxPartitionKeySize); err != nil {
		return page, err
	}
	if err := a.checkRange(page.Range); err != nil {
		return page, err
	}
	if err := a.checkCond(page.Filter, &a.index); err != nil {
		return page, err
	}
	if err := page.check(); err != nil {
		return page, err
	}
	if err := a.checkListing(q.Limit, q.Consistent); err != nil {
		return page, err
	}
	var err error
	if q.After != "" {
		page.After, err = a.listing(page).open(q.After)
	}
	return page, err
}

// checkListing checks what a query and a scan have in common.
func (a *access) checkListing(limit int, consistent bool) error {
	if limit < 0 {
		return invalid("the limit %d is negative", limit)
	}
	if consistent && a.index.Name != "" && !a.index.Local {
		return invalid("index %s is global: it cannot be read consistently; read it without, or the table", a.index.Name)
	}
	return nil
}

func (a *access) checkRange(c Cond) error {
	if c.IsZero() {
		return nil
	}
	if c.err != nil {
		return invalid("range: %w", c.err)
	}
	sk := a.index.SK
	switch {
	case sk.Name == "" && a.index.Name != "":
		return invalid("range: the index %s has no sort key", a.index.Name)
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

// checkCond checks the names of a condition. The filter of a query cannot name the
// keys that the query is by.
func (s *state) checkCond(c Cond, queried *Index) error {
	err := c.walk(func(c Cond) error {
		if s.shape.field(c.attr) == nil {
			return invalid("condition on %q: the item type has no such attribute; it has %s", c.attr, s.shape.names())
		}
		if queried != nil && (c.attr == queried.PK.Name || c.attr == queried.SK.Name) {
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
