package table

import (
	"context"
	"iter"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Scan asks for all items of the table, or of the index that the store is narrowed
// to by [Table.Via].
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Scan.html
type Scan struct {
	// Filter is a condition on any attributes. What it leaves out is read, and
	// paid for, nevertheless.
	Filter Cond
	// Limit is how many items are read for a page, before Filter. 0 means as many
	// as 1 MB holds.
	Limit int
	// After is the Next of the page before. It holds the key of that page's last
	// item, in plain form.
	After datastore.Token
	// Consistent reads see all writes that were answered before. A global index
	// has none.
	Consistent bool
	// Segment is one of Segments disjoint parts of the table, from 0, which can
	// be scanned at the same time. Segments 0 and 1 mean the whole table; there
	// are at most 1,000,000.
	Segment, Segments int
}

// maxSegments is how many parts a parallel scan has.
const maxSegments = 1_000_000

// ScanAll are the items of s, page by page; it ends as [All] does.
func ScanAll[T any](ctx context.Context, scanner Scanner[T], s Scan) iter.Seq2[T, error] {
	return pages(s.After, func(after datastore.Token) (datastore.Page[T], error) {
		s := s
		s.After = after
		return scanner.Scan(ctx, s)
	})
}

// scanPage turns a scan into what drivers take.
func (a *access) scanPage(q Scan) (PageScan, error) {
	page := PageScan{
		Index: a.index, Filter: a.shape.adapt(q.Filter), Limit: q.Limit,
		Segment: q.Segment, Segments: max(q.Segments, 1), Read: Read{Consistent: q.Consistent},
	}
	if q.Segments < 0 || q.Segments > maxSegments || q.Segment < 0 || q.Segment >= page.Segments {
		return page, invalid("scan: there is no segment %d of %d; segments count from 0, and there are at most %d", q.Segment, q.Segments, maxSegments)
	}
	if err := a.checkCond(page.Filter, nil); err != nil {
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
		page.After, err = a.scanListing(page).open(q.After)
	}
	return page, err
}
