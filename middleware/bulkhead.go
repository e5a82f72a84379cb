package middleware

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// BulkheadOptions changes what a [Bulkhead] does. The zero value of each field is its
// default.
type BulkheadOptions struct {
	// Waiting is how much work waits for room at most. Default: as much as has room;
	// below zero none.
	Waiting int
	// Wait is how long work waits for room at most. Default: 1 second. It never waits
	// longer than its context.
	Wait time.Duration
}

// Bulkhead limits how much work of a kind is under way at once in a process, so that one
// slow thing does not take all there is. Further work waits, in the order in which it
// came, in bounded number and time; what does not get room fails with
// [ErrBulkheadFull], which answers 503 with Retry-After.
//
// It is for sandboxes that run several invocations at once, for handlers that do several
// things at once, and for containers: what limits a whole function is its reserved
// concurrency. A stream keeps its room until its last byte.
//
// See https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
type Bulkhead struct {
	name    string
	opts    BulkheadOptions
	room    chan struct{}
	waiting atomic.Int64
}

// NewBulkhead makes a [Bulkhead] with room for limit pieces of work. name is what its
// errors call it. opts may be nil. Panics with a [*datastore.DeclarationError] if name
// is empty, limit is not positive or Wait is negative.
func NewBulkhead(name string, limit int, opts *BulkheadOptions) *Bulkhead {
	if name == "" {
		misdeclared("NewBulkhead: the name is empty; say what it is for")
	}
	if limit < 1 {
		misdeclared("NewBulkhead %s: room for %d; write 1 or more", name, limit)
	}
	b := &Bulkhead{name: name, room: make(chan struct{}, limit)}
	if opts != nil {
		b.opts = *opts
	}
	switch {
	case b.opts.Wait < 0:
		misdeclared("NewBulkhead %s: it waits for %v; write how long, or Waiting: -1 for not at all", name, b.opts.Wait)
	case b.opts.Wait == 0:
		b.opts.Wait = time.Second
	}
	if b.opts.Waiting == 0 {
		b.opts.Waiting = limit
	}
	return b
}

// Middleware limits how many requests or records a handler works on. It belongs inside
// of what answers by itself, such as a cache.
func (b *Bulkhead) Middleware() handler.Middleware { return guarding(b) }

func (b *Bulkhead) guard(ctx context.Context, w work) (any, error) {
	if err := b.enter(ctx); err != nil {
		return nil, err
	}
	stays := false
	defer func() { // also if it panics
		if !stays {
			b.leave()
		}
	}()
	result, err := w.run(ctx)
	if err == nil && w.begun(result) {
		stays = true
		w.whenDone(result, func(error) { b.leave() })
	}
	return result, err
}

func (b *Bulkhead) leave() { <-b.room }

// enter takes room, or waits for it.
func (b *Bulkhead) enter(ctx context.Context) error {
	select {
	case b.room <- struct{}{}:
		return nil
	default:
	}
	defer b.waiting.Add(-1)
	if b.waiting.Add(1) > int64(b.opts.Waiting) {
		return b.refusal()
	}
	timer := time.NewTimer(b.opts.Wait)
	defer timer.Stop()
	select {
	case b.room <- struct{}{}:
		return nil
	case <-timer.C:
	case <-ctx.Done():
	}
	return b.refusal()
}

func (b *Bulkhead) refusal() error {
	return notNow("busy", "too much of this is under way; try again", b.opts.Wait, &notBegun{b.name, ErrBulkheadFull})
}
