package retry

import (
	"context"
	"sync"
	"time"
)

// deadline is a context that ends at a time, as that of [context.WithDeadline] does,
// but sets a timer only when somebody waits for its end. Clients that set the deadline
// on their connection never do.
type deadline struct {
	context.Context // the one above
	until           time.Time

	mu    sync.Mutex
	timed context.Context // with the timer; nil as long as nobody waits
	stop  context.CancelFunc
	over  bool // it was ended before that
}

// withDeadline is a deadline, at until or where ctx ends if that is before.
func withDeadline(ctx context.Context, until time.Time) *deadline {
	if d, ok := ctx.Deadline(); ok && d.Before(until) {
		until = d
	}
	return &deadline{Context: ctx, until: until}
}

// Deadline implements [context.Context].
func (d *deadline) Deadline() (time.Time, bool) { return d.until, true }

// Done implements [context.Context].
func (d *deadline) Done() <-chan struct{} { return d.wait().Done() }

func (d *deadline) wait() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed == nil {
		d.timed, d.stop = context.WithDeadline(d.Context, d.until)
		if d.over {
			d.stop()
		}
	}
	return d.timed
}

// Err implements [context.Context].
func (d *deadline) Err() error {
	d.mu.Lock()
	timed, over := d.timed, d.over
	d.mu.Unlock()
	if timed == nil && !over && time.Now().Before(d.until) {
		return d.Context.Err()
	}
	return d.wait().Err()
}

// Value implements [context.Context]. The contexts below ask for Done first, and find
// the one with the timer here, so that they need no goroutine to hear of its end.
func (d *deadline) Value(key any) any {
	d.mu.Lock()
	from := d.timed
	d.mu.Unlock()
	if from == nil {
		from = d.Context
	}
	return from.Value(key)
}

// end ends it, as the cancel function of [context.WithDeadline] does.
func (d *deadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.timed != nil {
		d.stop()
	}
}
