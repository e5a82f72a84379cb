package cache

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// FuzzEntry: whatever is stored is read or is corrupt, and whatever is kept comes
// back.
func FuzzEntry(f *testing.F) {
	for _, seed := range []string{"", "x", mark, mark + "\x00", mark + "\x01", mark + "\x02", mark + "\x01\x00\x00\x01\x02\x03\x04\x05\x06\x00\x00\x00\x07{}"} {
		f.Add([]byte(seed), int64(1_900_000_000_123), uint32(70))
	}
	f.Fuzz(func(t *testing.T, b []byte, until int64, cost uint32) {
		read, err := entryOf(b)
		if err != nil && !errors.Is(err, datastore.ErrCorrupt) {
			t.Errorf("entryOf(%q): error = %v, want ErrCorrupt", b, err)
		}
		if err == nil && !read.until.IsZero() && !bytes.Equal(read.bytes(), b) {
			t.Errorf("entryOf(%q) is stored as %q", b, read.bytes())
		}
		if until == time.Time.UnixMilli(time.Time{}) {
			return
		}
		for _, want := range []entry{
			{payload: b},
			{payload: b, until: time.UnixMilli(until), cost: time.Duration(cost) * time.Millisecond},
		} {
			got, err := entryOf(want.bytes())
			if err != nil || !bytes.Equal(got.payload, b) || !got.until.Equal(want.until) || got.cost != want.cost {
				t.Errorf("%+v comes back as %+v, %v", want, got, err)
			}
		}
	})
}
