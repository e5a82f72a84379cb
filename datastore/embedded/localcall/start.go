package localcall

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

var (
	errClosed = errors.New("the driver is closed")
	errFull   = errors.New("too many started functions wait")
)

// Start implements [call.Conn].
func (c conn) Start(ctx context.Context, payload []byte) error {
	if err := ctx.Err(); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	if err := c.enter(); err != nil {
		return err
	}
	payload = slices.Clone(payload)
	go func() {
		defer c.leave()
		// Lambda tells a function that is started nothing of its caller.
		c.event(datastore.WithTracing(context.WithoutCancel(ctx), nil), payload)
	}()
	return nil
}

// enter counts a started function, if there is room for it.
func (d *Driver) enter() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.closed:
		return &datastore.Error{Kind: datastore.ErrUnavailable, Err: errClosed}
	default:
	}
	if d.pending >= d.opts.Pending {
		return &datastore.Error{Kind: datastore.ErrThrottled, Code: "TooManyRequestsException", Attempts: 1, Err: errFull}
	}
	if d.pending++; d.pending == 1 {
		d.idle = make(chan struct{})
	}
	return nil
}

func (d *Driver) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pending--; d.pending == 0 {
		close(d.idle)
	}
}

// event runs a started function until it succeeds or is given up.
func (c conn) event(ctx context.Context, payload []byte) {
	for n := 1; ; n++ {
		select {
		case c.slot <- struct{}{}:
		case <-c.closed:
			return
		}
		_, err := c.once(ctx, payload)
		<-c.slot
		if err == nil {
			return
		}
		if n == attempts || !c.sleep(c.opts.Pause(n)) {
			c.opts.Log.Warn("a started function failed and is given up", "function", c.name, "attempts", n, "error", err)
			return
		}
	}
}

// sleep reports false if the driver is closed meanwhile.
func (d *Driver) sleep(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-d.closed:
		return false
	}
}
