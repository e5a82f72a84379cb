package local

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// maxVerdicts is how many verdicts one authorizer keeps.
const maxVerdicts = 10_000

// sourcesKey tells identity sources apart without keeping them: they are secrets.
type sourcesKey [sha256.Size]byte

// keyOf is the key of some sources in order. Their lengths are part of it.
func keyOf(values []string) sourcesKey {
	h := sha256.New()
	for _, v := range values {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(v)))
		h.Write(length[:]) // a hash never fails
		h.Write([]byte(v))
	}
	return sourcesKey(h.Sum(nil))
}

// verdicts are those that an authorizer has come to, by the sources of the
// request.
type verdicts struct {
	ttl time.Duration // 0 keeps none
	now func() time.Time

	mu   sync.Mutex
	kept map[sourcesKey]keptVerdict
}

type keptVerdict struct {
	verdict *verdict
	until   time.Time
}

// get is the verdict that was kept, nil for none.
func (c *verdicts) get(key sourcesKey) *verdict {
	if c.ttl == 0 {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k, ok := c.kept[key]
	if !ok || !c.now().Before(k.until) {
		return nil
	}
	return k.verdict
}

// put keeps a verdict. When there is no room, the old ones go, and if there are
// none, any one does.
func (c *verdicts) put(key sourcesKey, v *verdict) {
	if c.ttl == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if c.kept == nil {
		c.kept = map[sourcesKey]keptVerdict{}
	}
	if len(c.kept) >= maxVerdicts {
		for other, k := range c.kept {
			if !now.Before(k.until) {
				delete(c.kept, other)
			}
		}
		for other := range c.kept {
			if len(c.kept) < maxVerdicts {
				break
			}
			delete(c.kept, other)
		}
	}
	c.kept[key] = keptVerdict{v, now.Add(c.ttl)}
}
