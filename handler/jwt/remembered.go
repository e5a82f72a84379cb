package jwt

import (
	"crypto/sha256"
	"slices"
	"sync"
)

// defaultRemember is how many tokens a Verifier remembers.
const defaultRemember = 100

// remembered are tokens that were verified, by their hash: what was compared of one that
// somebody made up says nothing about those that are here.
type remembered struct {
	most int

	mu     sync.Mutex
	tokens map[[sha256.Size]byte]verified
	turns  [][sha256.Size]byte // in the order in which they came; the oldest is next
	next   int
}

// verified is what was found of a token, and by which key. It holds as long as the issuer
// has this very key: one that was fetched anew is another.
type verified struct {
	key    *key
	kid    string
	claims registered
}

func newRemembered(most int) *remembered {
	switch {
	case most < 0:
		return nil
	case most == 0:
		most = defaultRemember
	}
	return &remembered{most: most}
}

func (r *remembered) get(sum [sha256.Size]byte) (verified, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v, ok := r.tokens[sum]
	return v, ok
}

// put remembers a token in place of the oldest.
func (r *remembered) put(sum [sha256.Size]byte, v verified) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.tokens == nil {
		r.tokens = make(map[[sha256.Size]byte]verified)
	}
	_, known := r.tokens[sum]
	r.tokens[sum] = v
	switch {
	case known:
	case len(r.turns) < r.most:
		r.turns = append(r.turns, sum)
	default:
		delete(r.tokens, r.turns[r.next])
		r.turns[r.next] = sum
		r.next = (r.next + 1) % r.most
	}
}

// own is a copy whose lists are no other's.
func (c registered) own() registered {
	n, m := len(c.Scopes), len(c.Scopes)+len(c.Groups)
	c.lists(slices.Concat(c.Scopes, c.Groups, c.Audience), n, m)
	return c
}
