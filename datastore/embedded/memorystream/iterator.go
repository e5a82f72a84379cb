package memorystream

import (
	"context"
	"slices"
	"sort"
	"time"
)

// Start is where an [Iterator] begins. The zero Start is the oldest record that is
// kept.
type Start struct {
	Latest bool      // behind the newest record
	At     string    // the record of this sequence number
	After  string    // behind the record of this sequence number
	Time   time.Time // the first record that arrived then or later
}

// Iterator reads a shard. It is not safe for concurrent use; a shard may have any
// number of them.
type Iterator struct {
	stream *Stream
	shard  int
	next   int // the number of the record
}

// Batch says which records are read together.
type Batch struct {
	// Max records; 0 means 10,000.
	Max int
	// Bytes of all bodies; 0 means no limit. The first record is read in any case.
	Bytes int
	// Take, if set, chooses records: those that it does not take are passed over, as by
	// the filter of an event source mapping. It does not use the stream.
	Take func(Record) bool
	// Window is how long [Iterator.Next] waits for more once it has one; 0 means
	// not at all.
	Window time.Duration
}

// Iterator reads the shard of that number, of those of [Stream.Shards]. Panics if
// there is none.
func (s *Stream) Iterator(shard int, from Start) *Iterator {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := &s.shards[shard]
	first := func(found func(Record) bool) int {
		return sh.dropped + sort.Search(len(sh.records), func(i int) bool { return found(sh.records[i]) })
	}
	it := &Iterator{stream: s, shard: shard, next: sh.dropped}
	switch { // sequence numbers are all of one length
	case from.Latest:
		it.next = sh.dropped + len(sh.records)
	case from.At != "":
		it.next = first(func(r Record) bool { return r.Sequence >= from.At })
	case from.After != "":
		it.next = first(func(r Record) bool { return r.Sequence > from.After })
	case !from.Time.IsZero():
		it.next = first(func(r Record) bool { return !r.ArrivedAt.Before(from.Time) })
	}
	return it
}

// Read is the records that are there now, none if there are none, and how far
// behind the newest one the iterator is then.
func (it *Iterator) Read(b Batch) (records []Record, behind time.Duration) {
	records, behind, _, _ = it.read(b, 0)
	return records, behind
}

func (it *Iterator) read(b Batch, bytes int) (records []Record, behind time.Duration, full bool, changed <-chan struct{}) {
	s := it.stream
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.Max == 0 {
		b.Max = 10_000
	}
	now := s.now()
	sh := &s.shards[it.shard]
	sh.expire(now.Add(-s.spec.Retention))
	it.next = max(it.next, sh.dropped) // what was dropped is missed
	read := 0
	for _, r := range sh.records[it.next-sh.dropped:] {
		if b.Take != nil && !b.Take(r) {
			read++
			continue
		}
		if bytes > 0 && b.Bytes > 0 && bytes+len(r.Body) > b.Bytes || len(records) == b.Max {
			full = true
			break
		}
		bytes += len(r.Body)
		records = append(records, r)
		read++
	}
	it.next += read
	if left := sh.records[it.next-sh.dropped:]; len(left) > 0 {
		behind = now.Sub(left[0].ArrivedAt)
	}
	return slices.Clip(records), behind, full, s.changed
}

// Next waits for records and reads them: those that are there, or with a window
// what comes until it ends or the batch is full. If ctx ends it answers what it
// has, and the context's error only if that is nothing.
func (it *Iterator) Next(ctx context.Context, b Batch) ([]Record, error) {
	if b.Max == 0 {
		b.Max = 10_000
	}
	var batch []Record
	var due <-chan time.Time
	bytes := 0
	for {
		more := b
		more.Max -= len(batch)
		got, _, full, changed := it.read(more, bytes)
		for _, r := range got {
			bytes += len(r.Body)
		}
		if batch = append(batch, got...); len(batch) > 0 {
			if full || len(batch) == b.Max || b.Window <= 0 {
				return batch, nil
			}
			if due == nil {
				timer := time.NewTimer(b.Window)
				defer timer.Stop()
				due = timer.C
			}
		}
		select {
		case <-changed:
		case <-due:
			return batch, nil
		case <-ctx.Done():
			if len(batch) > 0 {
				return batch, nil
			}
			return nil, ctx.Err()
		}
	}
}
