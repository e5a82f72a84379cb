package jwt

import (
	"crypto/sha256"
	"testing"
)

// TestRememberedRoom: the latest are there, and no more than there is room for.
func TestRememberedRoom(t *testing.T) {
	t.Parallel()
	r := newRemembered(3)
	sum := func(i int) [sha256.Size]byte { return sha256.Sum256([]byte{byte(i)}) }
	for i := range 10 {
		r.put(sum(i), verified{})
		r.put(sum(i), verified{}) // once again, by two at once
		for j := range 10 {
			if _, ok := r.get(sum(j)); ok != (j <= i && j > i-3) {
				t.Errorf("after %d: token %d is there: %v", i, j, ok)
			}
		}
		if len(r.tokens) > 3 || len(r.turns) > 3 {
			t.Fatalf("%d tokens, %d turns", len(r.tokens), len(r.turns))
		}
	}
}
