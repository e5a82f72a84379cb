package cache

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// entry is what is stored under the key of a value. Most are the payload alone.
// What Load keeps says until when it is fresh, because it is kept for longer, and
// what filling cost.
type entry struct {
	payload []byte
	until   time.Time     // zero: as long as the store keeps it
	cost    time.Duration // of filling
}

// An entry that is not the payload alone begins with mark, which no JSON does, and
// its form. Payloads that begin with it are marked too.
const (
	mark        = "\x00k"
	formPlain   = 0 // the payload follows
	formLoaded  = 1 // milliseconds since the epoch, then those of cost, then the payload
	headerPlain = len(mark) + 1
	headerLoad  = headerPlain + 8 + 4
)

// bytes is the entry as it is stored.
func (e entry) bytes() []byte {
	switch {
	case !e.until.IsZero():
		b := make([]byte, headerLoad, headerLoad+len(e.payload))
		copy(b, mark)
		b[len(mark)] = formLoaded
		binary.BigEndian.PutUint64(b[headerPlain:], uint64(e.until.UnixMilli()))
		binary.BigEndian.PutUint32(b[headerPlain+8:], uint32(min(max(e.cost.Milliseconds(), 0), 1<<32-1)))
		return append(b, e.payload...)
	case marked(e.payload):
		b := make([]byte, headerPlain, headerPlain+len(e.payload))
		copy(b, mark)
		return append(b, e.payload...)
	}
	return e.payload
}

func marked(b []byte) bool { return len(b) >= len(mark) && string(b[:len(mark)]) == mark }

var errForm = errors.New("the value has the mark of this package and none of its forms")

// entryOf reads what is stored.
func entryOf(stored []byte) (entry, error) {
	switch {
	case !marked(stored):
		return entry{payload: stored}, nil
	case len(stored) >= headerPlain && stored[len(mark)] == formPlain:
		return entry{payload: stored[headerPlain:]}, nil
	case len(stored) >= headerLoad && stored[len(mark)] == formLoaded:
		return entry{
			payload: stored[headerLoad:],
			until:   time.UnixMilli(int64(binary.BigEndian.Uint64(stored[headerPlain:]))),
			cost:    time.Duration(binary.BigEndian.Uint32(stored[headerPlain+8:])) * time.Millisecond,
		}, nil
	}
	return entry{}, &datastore.Error{Kind: datastore.ErrCorrupt, Err: errForm}
}

// fresh reports whether the entry has not expired.
func (e entry) fresh(now time.Time) bool { return e.until.IsZero() || now.Before(e.until) }
