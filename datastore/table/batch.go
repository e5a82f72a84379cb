package table

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// writeMany puts and deletes in batches. put is a slice of items.
func (a *access) writeMany(ctx context.Context, put reflect.Value, del []Key) error {
	var writes []Write
	return a.run(ctx, opWriteMany, datastore.ErrUnknown, func() (err error) {
		if writes, err = a.prepareMany(put, del); err != nil {
			return err
		}
		for _, w := range writes {
			if err := a.mineAll(ctx, w.Keyed()); err != nil {
				return err
			}
		}
		return nil
	}, func(ctx context.Context, conn Conn) error {
		return writeBatches(ctx, conn, writes)
	})
}

// prepareMany makes the writes: the puts, then the deletions.
func (s *state) prepareMany(put reflect.Value, del []Key) ([]Write, error) {
	if s.shape.version != nil {
		return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: s.versionInBatch()}
	}
	writes := make([]Write, 0, put.Len()+len(del))
	at := make(map[string]int, put.Len()+len(del))
	var text []byte
	add := func(w Write, what string, i int, err error) error {
		if err != nil {
			return inPart(what, i, err)
		}
		text = s.shape.spec.appendKey(text[:0], w.Keyed())
		if first, twice := at[string(text)]; twice {
			return invalid("%s %d: has the key of position %d; a batch, which has no order, takes one write of an item", what, i, first)
		}
		at[string(text)] = len(writes)
		writes = append(writes, w)
		return nil
	}
	for i := range put.Len() {
		w := Write{Op: "Put"}
		_, err := s.encode(&w, put.Index(i))
		if err == nil {
			err = checkItemSize(w.size)
		}
		if err := add(w, "item", i, err); err != nil {
			return nil, err
		}
	}
	for i, key := range del {
		k, err := key.item(s.shape.spec, s.form())
		if err := add(Write{Op: "Delete", Key: k}, "key", i, err); err != nil {
			return nil, err
		}
	}
	return writes, nil
}

// versionInBatch is the mistake of granting WriteMany on a type with a version.
func (s *state) versionInBatch() error {
	return fmt.Errorf("table %s: WriteMany is granted, but %v has the version %q, which a batch cannot check: it would undo what others wrote since; use Put, or a type without a version",
		s.shape.spec.Logical, s.typ, s.shape.version.name)
}

// writeBatches writes as many at a time as a batch takes, and goes on after one
// that failed.
func writeBatches(ctx context.Context, conn Conn, writes []Write) error {
	var failed datastore.PartialError
	for from := 0; from < len(writes); {
		n := batchSize(writes[from:])
		err := conn.WriteMany(ctx, writes[from:from+n])
		var partial *datastore.PartialError
		switch {
		case err == nil:
		case errors.As(err, &partial):
			for _, f := range partial.Failed {
				failed.Failed = append(failed.Failed, datastore.ItemError{Index: from + f.Index, Err: f.Err})
			}
		default:
			for i := range n {
				failed.Failed = append(failed.Failed, datastore.ItemError{Index: from + i, Err: err})
			}
		}
		from += n
	}
	return partialError(&failed)
}

// batchSize is how many of the writes, at least one, make a batch.
func batchSize(writes []Write) int {
	writes = writes[:min(len(writes), maxBatchWrite)]
	size := 0
	for _, w := range writes {
		size += w.size + 100
	}
	if size <= maxBatchBytes/mostJSON {
		return len(writes)
	}
	size = 0
	for i, w := range writes {
		if size += ItemOf(w.Keyed()).jsonSize() + 100; size > maxBatchBytes && i > 0 {
			return i
		}
	}
	return len(writes)
}

// mostJSON is more than JSON can make of a byte of an item: of a number with one
// digit and 37 zeros, in 2 bytes, it makes 40.
const mostJSON = 32
