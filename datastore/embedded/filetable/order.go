package filetable

import (
	"cmp"
	"hash/fnv"
	"maps"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// order is one order of the items of a table, its own or that of an index: by
// partition, and in it by sort key. Items of an index that have the same sort key
// are in the order of their primary keys.
type order struct {
	spec  table.Spec
	index table.Index

	partitions map[string][]row
	keys       []string // of the partitions, in order; nil if that is to be found out
}

// row is an item and how long its line in the journal is.
type row struct {
	item table.Item
	size int64
}

func newOrder(spec table.Spec, x table.Index) *order {
	return &order{spec: spec, index: x, partitions: map[string][]row{}}
}

// compare orders two places of one partition.
func (o *order) compare(a, b table.Item) int {
	if c := compareKey(o.index.SK, a, b); c != 0 || o.index.Name == "" {
		return c
	}
	return cmp.Or(compareKey(o.spec.PK, a, b), compareKey(o.spec.SK, a, b))
}

func compareKey(k table.Attribute, a, b table.Item) int { return a[k.Name].Compare(b[k.Name]) }

// position is where the place is, or would be, among the rows of its partition.
func (o *order) position(rows []row, place table.Item) (int, bool) {
	return slices.BinarySearchFunc(rows, place, func(r row, place table.Item) int {
		return o.compare(r.item, place)
	})
}

// find is the row at the place, ok if there is one.
func (o *order) find(place table.Item) (r row, ok bool) {
	rows := o.partitions[place[o.index.PK.Name].Text()]
	i, ok := o.position(rows, place)
	if !ok {
		return r, false
	}
	return rows[i], true
}

// put puts the row, in place of the one at its place.
func (o *order) put(r row) {
	pk := r.item[o.index.PK.Name].Text()
	rows := o.partitions[pk]
	i, found := o.position(rows, r.item)
	if found {
		rows[i] = r
		return
	}
	if len(rows) == 0 {
		o.keys = nil
	}
	o.partitions[pk] = slices.Insert(rows, i, r)
}

// remove removes the row at the place, which is there.
func (o *order) remove(place table.Item) {
	pk := place[o.index.PK.Name].Text()
	rows := o.partitions[pk]
	i, found := o.position(rows, place)
	switch {
	case !found:
	case len(rows) == 1:
		delete(o.partitions, pk)
		o.keys = nil
	default:
		o.partitions[pk] = slices.Delete(rows, i, i+1)
	}
}

// walk gives the items of a partition one after the other, from behind the place
// after in its direction, then nil.
func (o *order) walk(rows []row, after table.Item, desc bool) func() table.Item {
	at, step := 0, 1
	if desc {
		at, step = len(rows)-1, -1
	}
	if after != nil {
		i, found := o.position(rows, after)
		switch {
		case desc:
			at = i - 1
		case found:
			at = i + 1
		default:
			at = i
		}
	}
	return func() table.Item {
		if at < 0 || at >= len(rows) {
			return nil
		}
		item := rows[at].item
		at += step
		return item
	}
}

// scan gives the items of a segment one after the other, from behind the place
// after, then nil.
func (o *order) scan(q table.PageScan) func() table.Item {
	if o.keys == nil {
		o.keys = slices.Sorted(maps.Keys(o.partitions))
	}
	keys, after := o.keys, q.After
	if after != nil {
		i, found := slices.BinarySearch(keys, after[o.index.PK.Name].Text())
		keys = keys[i:]
		if !found {
			after = nil
		}
	}
	next := func() table.Item { return nil }
	return func() table.Item {
		for {
			if item := next(); item != nil {
				return item
			}
			for len(keys) > 0 && segment(keys[0], q.Segments) != q.Segment {
				keys, after = keys[1:], nil
			}
			if len(keys) == 0 {
				return nil
			}
			next = o.walk(o.partitions[keys[0]], after, false)
			keys, after = keys[1:], nil
		}
	}
}

// segment is the part of so many that a partition is in.
func segment(pk string, segments int) int {
	if segments <= 1 {
		return 0
	}
	h := fnv.New32a()
	h.Write([]byte(pk))
	return int(h.Sum32() % uint32(segments))
}
