package local

import (
	"sync"
	"time"

	"github.com/seed-18e8afb5/tierkit/tier"
)

// bucket holds tokens, of which each request takes one. It starts full and
// fills continuously, by fractions of a token.
type bucket struct {
	limit tier.Throttling

	mu     sync.Mutex
	tokens float64
	at     time.Time // of the last look; zero before the first
}

func newBucket(limit tier.Throttling) *bucket {
	return &bucket{limit: limit, tokens: float64(limit.Burst)}
}

// take takes a token, or reports that there is none. Times need not be in order:
// an earlier one than the last adds nothing. With times of [time.Now] the clock
// is the monotonic one.
func (b *bucket) take(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at.IsZero() {
		b.at = now
	}
	if passed := now.Sub(b.at); passed > 0 {
		b.tokens = min(float64(b.limit.Burst), b.tokens+passed.Seconds()*b.limit.Rate)
		b.at = now
	}
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
