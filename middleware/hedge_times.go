package middleware

import (
	"slices"
	"time"
)

const (
	// keptTimes is from how many attempts a quantile is taken.
	keptTimes = 100
	// leastTimes are needed for one.
	leastTimes = 20
	// timesStep is after how many attempts it is taken anew.
	timesStep = 10
)

// times are how long the last attempts took.
type times struct {
	ring   [keptTimes]time.Duration
	added  int
	sorted []time.Duration // as they were some attempts ago
}

func (t *times) add(took time.Duration) {
	t.ring[t.added%keptTimes] = took
	t.added++
	if t.added >= leastTimes && t.added%timesStep == 0 {
		t.sorted = append(t.sorted[:0], t.ring[:min(t.added, keptTimes)]...)
		slices.Sort(t.sorted)
	}
}

// quantile is the time that so many of the attempts did not exceed; ok is false while
// there were too few.
func (t *times) quantile(q float64) (d time.Duration, ok bool) {
	if len(t.sorted) == 0 {
		return 0, false
	}
	return t.sorted[min(int(q*float64(len(t.sorted))), len(t.sorted)-1)], true
}
