package middleware

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
)

const (
	// margin is how much later than at its deadline an invocation may end: Lambda
	// was seen to do so after two thirds of a second, and clocks differ.
	margin = 2 * time.Second
	// noDeadline is the lease where there is no deadline: the longest an invocation
	// can take.
	noDeadline = 15 * time.Minute
	// toFinish is how long it is at least tried to put a mark at the end.
	toFinish = 2 * time.Second

	keepRequests = 24 * time.Hour
	keepRecords  = 14 * 24 * time.Hour
)

var consistent = table.Consistent()

func markKey(key string) table.Key { return table.PK(key) }

// claim is a delivery that has taken a key.
type claim struct {
	*once
	mark   Mark
	record bool
	keep   time.Duration
}

func (o *once) newClaim(ctx context.Context, d delivery) *claim {
	c := &claim{once: o, record: d.record != nil, keep: o.Keep}
	if c.keep <= 0 {
		c.keep = keepRequests
		if c.record {
			c.keep = keepRecords
		}
	}
	now := o.Now()
	until := now.Add(o.lease(ctx))
	c.mark = Mark{Key: d.key, For: d.what, State: MarkRunning, Until: until.UnixMilli(), Runs: 1, Payload: d.payload}
	if c.mark.Expires = c.expiry(now); c.mark.Expires.Before(until) {
		c.mark.Expires = until.Add(time.Second) // never during the lease, to the second
	}
	if o.Execution != nil {
		c.mark.Owner = o.Execution(ctx)
	}
	if c.mark.Owner == "" {
		c.mark.Owner = rand.Text()
	}
	return c
}

// lease is how long the delivery may work from now on. It is never zero, also where
// the deadline is over and Lambda has not ended the invocation yet.
func (o *once) lease(ctx context.Context) time.Duration {
	left := noDeadline
	if deadline, ok := ctx.Deadline(); ok {
		left = max(time.Until(deadline), 0) + margin
	} else if o.Lease > 0 {
		left = 0
	}
	return max(left, o.Lease)
}

// expiry is when the mark is forgotten: the table knows whole seconds.
func (c *claim) expiry(now time.Time) time.Time { return now.Add(c.keep + time.Second) }

func (c *claim) put(ctx context.Context, cond table.Cond) error {
	_, err := c.marks.Put(ctx, c.mark, cond)
	return err
}

// orGiveUp gives the key free if nobody knows whether it was taken.
func (c *claim) orGiveUp(ctx context.Context, err error) error {
	if errors.Is(err, datastore.ErrUnknown) {
		c.fail(ctx)
	}
	return err
}

// run runs the handler, and marks what became of it: also where it panics or ends its
// goroutine, as durable executions do that are suspended.
func (c *claim) run(ctx context.Context, req *handler.Request, next handler.Handler) (resp *handler.Response, err error) {
	ended := false
	defer func() {
		if !ended {
			c.fail(ctx)
		}
	}()
	resp, err = next.Handle(context.WithValue(answersAll(ctx, req), claimKey{}, c), req)
	ended = true
	switch {
	case err == nil && resp != nil && resp.Stream != nil && c.final(resp):
		c.follow(ctx, resp)
	case err == nil && resp != nil && c.final(resp):
		c.done(ctx, resp, resp.Body)
	case err != nil && !c.record && c.Final(handler.AsError(err).StatusCode()):
		problem := handler.Respond(req, err)
		c.done(ctx, problem, problem.Body)
	default:
		c.fail(ctx)
	}
	return resp, err
}

// final reports whether a response is the last word on the delivery.
func (c *claim) final(resp *handler.Response) bool {
	if c.record {
		return resp.Err == nil && resp.StatusCode() < http.StatusBadRequest
	}
	return c.Final(resp.StatusCode())
}

// done marks the key as done, with the answer.
func (c *claim) done(ctx context.Context, resp *handler.Response, body []byte) {
	m := &c.mark
	m.State, m.Until, m.Expires = MarkDone, 0, c.expiry(c.Now())
	if !c.record && resp != nil {
		m.keep(resp, body)
	}
	ctx, cancel := unhurried(ctx)
	defer cancel()
	err := c.put(ctx, owned(*m))
	if errors.Is(err, datastore.ErrTooLarge) && m.Answered { // by what the table counts
		m.forget()
		err = c.put(ctx, owned(*m))
	}
	if err != nil {
		c.warn(ctx, "the handler has run, and its mark could not be put: it may run again", err)
	}
}

// fail gives the key free, unless the handler has marked it as done itself.
func (c *claim) fail(ctx context.Context) {
	cond := table.And(owned(c.mark), table.Eq("state", MarkRunning))
	c.mark.State, c.mark.Until = MarkFailed, 0
	ctx, cancel := unhurried(ctx)
	defer cancel()
	if err := c.put(ctx, cond); err != nil && !errors.Is(err, datastore.ErrConflict) {
		c.warn(ctx, "the handler has failed, and its mark could not be put: it runs again when the lease is over", err)
	}
}

func (c *claim) warn(ctx context.Context, message string, err error) {
	logTo(c.Log).LogAttrs(ctx, slog.LevelWarn, "once: "+message, slog.String("for", c.mark.For), slog.String("mark", c.mark.Key), slog.Any("error", err))
}

// unhurried is ctx for what is to be done although the client has gone, or a timeout
// is over: Lambda ends an invocation itself, and a little later.
func unhurried(ctx context.Context) (context.Context, context.CancelFunc) {
	least := time.Now().Add(toFinish)
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && deadline.After(least) {
		least = deadline
	}
	return context.WithDeadline(context.WithoutCancel(ctx), least)
}
