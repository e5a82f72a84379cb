package retry

import "time"

// parts is into how many parts a window is divided, so that it moves on by these.
const parts = 10

// Window counts attempts, and those of them that failed, over a time that moves on: what
// a circuit breaker concludes from. It is not safe for concurrent use.
type Window struct {
	width  time.Duration
	counts [parts]Count
	newest int64 // the number of the last part
}

// Count is how many attempts there were.
type Count struct{ All, Failed int }

// NewWindow is an empty window of a width.
func NewWindow(width time.Duration) Window { return Window{width: width} }

// Add counts an attempt that ended now, and is what the window holds with it.
func (w *Window) Add(now time.Time, failed bool) Count {
	w.move(now)
	c := &w.counts[w.newest%parts]
	c.All++
	if failed {
		c.Failed++
	}
	var sum Count
	for _, c := range w.counts {
		sum.All, sum.Failed = sum.All+c.All, sum.Failed+c.Failed
	}
	return sum
}

// Reset forgets all attempts.
func (w *Window) Reset() { w.counts = [parts]Count{} }

// Over reports whether at least calls attempts were made, and ratio of them failed.
func (c Count) Over(calls int, ratio float64) bool {
	return c.Failed > 0 && c.All >= calls && float64(c.Failed) >= ratio*float64(c.All)
}

// move forgets the parts that have left the window.
func (w *Window) move(now time.Time) {
	part := now.UnixNano() / max(int64(w.width)/parts, 1)
	if part < w.newest || part-w.newest >= parts {
		w.Reset()
	} else {
		for s := w.newest + 1; s <= part; s++ {
			w.counts[s%parts] = Count{}
		}
	}
	w.newest = part
}
