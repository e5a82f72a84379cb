package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// OnceOptions changes what [Once] does. The zero value of each field is its default.
type OnceOptions struct {
	// Key by which a delivery is known, of any length; "" for one that Once is to
	// leave alone, which for a record is an error. It is always looked for among the
	// marks of the function, of the route or the source, of the tenant and of the caller
	// alone; that of a message among those of its queue, whichever function works it off.
	// Default: the id of a record; of a request the header Idempotency-Key, if there
	// is one. [RequireKey] refuses requests without.
	Key func(ctx context.Context, req *handler.Request) (string, error)
	// Payload is what a second delivery with the same key must have in common with the
	// first, for payloads of which a part changes when they are sent again. Default:
	// method, path, query, version of the API, content type and body of a request; the
	// data of a record, if there is a Key, and otherwise nothing.
	Payload func(ctx context.Context, req *handler.Request) ([]byte, error)
	// Lease is how long a delivery at least keeps others away unless it ends. Default:
	// until the deadline of the invocation, at which Lambda ends it, and two seconds
	// more, because it does so late; 15 minutes where there is no deadline. It must be
	// longer than the handler works.
	Lease time.Duration
	// Keep is how long it is known that a key is done. Default: 24 hours for requests,
	// 14 days for records, which is as long as a queue keeps them. A stream that keeps
	// records longer delivers them again for as long.
	Keep time.Duration
	// Final reports whether the answer of a status is the last word, and is stored and
	// given again. Default: those below 400. A handler that fails, or answers another
	// status, is run again by the next request. It is not asked for records.
	Final func(status int) bool
	// Execution names what is worked on by several invocations in turn, such as a
	// durable execution by its ARN: it takes up its own lease again. "" for none, which
	// is the default.
	Execution func(ctx context.Context) string
	// Now is the clock of leases. Default: that of the table, see [table.Clock]; it
	// should be no other.
	Now func() time.Time
	// Log is told of marks that could not be put after the handler had run. Default
	// slog.Default().
	Log *slog.Logger
}

// Once has the same request, or the same record, take effect once. It notes in a
// table, before the handler runs, that a delivery works on the key, and afterwards
// that it is done, with the answer:
//
//	                          a record                      a request
//	the key is new            the handler runs              the handler runs
//	another works on it       fails, and so comes again     409, Retry-After
//	it is done                skipped                       the stored answer, Idempotent-Replayed: true
//	it failed                 the handler runs              the handler runs
//	its function died         runs when the lease is over   likewise
//	another payload           fails                         422
//	the table fails           fails, and so comes again     503 or 500, and the handler does not run
//
// A record that another delivery works on is not skipped, because a queue would
// delete the message that is not done yet: it fails with [ErrInFlight], comes again
// when its visibility timeout ends, and counts as an attempt: package tier refuses Once
// with queue.DeadLetter(1) and tier.Retries(0). Requests of the methods
// GET, HEAD, OPTIONS and TRACE, and those without a key, pass. Triggers of user pools and
// transformations of Firehose want an answer, which is not kept of records: they fail.
//
// # What once means
//
// Where nothing dies, the handler takes effect once. A function that dies between its
// effect and the mark leaves a key that looks unfinished, and the handler runs again
// when the lease is over: effects are at least once, as [Mark].Runs counts. Only what
// is written in one transaction with the mark, by [MarkOp], is exactly once.
//
// Keys are for retries by the one who sent them, and are no secrets: another caller
// with the same key has another mark, and so has the caller for another tenant
// ([Tenant]). But callers that no authorizer let in are all one, so that whoever knows a
// key of theirs, and the very payload, gets the answer.
//
// # Answers
//
// Status, headers and body are stored before they are sent; cookies and what belongs
// to a connection are not (see [Mark]). Streams are stored after their last byte. An
// answer of more than 384 KB, headers included, is not stored, and neither is that of
// a function that died after a [MarkOp]: a request with the key is then answered 409
// with the code "answer_not_stored", and the handler does not run again. To store it
// costs a write unit for each KB.
//
// A mark that could not be put after the handler has run is logged, and the answer is
// given all the same.
//
// # Order
//
// A middleware that answers early while the handler still works, such as a timeout,
// belongs outside of Once; so do authorizers, and what adds cookies or CORS headers.
// opts may be nil.
//
// See https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
func Once(marks Marks, opts *OnceOptions) handler.Middleware {
	o := &once{marks: marks}
	if opts != nil {
		o.OnceOptions = *opts
	}
	if o.Final == nil {
		o.Final = func(status int) bool { return status < http.StatusBadRequest }
	}
	if o.Now == nil && marks != nil {
		o.Now = table.Clock[Mark](marks)
	}
	return func(next handler.Handler) handler.Handler { return &onced{o, next} }
}

// The errors of deliveries that Once keeps from the handler. They are causes of a
// [*handler.Error] of status 409, 422 and 409.
var (
	// ErrInFlight: another delivery works on the key, or has died with its lease.
	ErrInFlight = errors.New("once: another delivery with this key is being worked on")
	// ErrOtherPayload: the key was used for another payload.
	ErrOtherPayload = errors.New("once: the key was used with another payload")
	// ErrNoAnswer: it is done, and its answer was not stored.
	ErrNoAnswer = errors.New("once: done before, and the answer was not stored")
)

var errNoMarks = errors.New("once: there is no table of marks; give it datastore.Use[middleware.Marks](function, table)")

type once struct {
	marks Marks
	OnceOptions
}

func (o *once) handle(ctx context.Context, req *handler.Request, next handler.Handler) (*handler.Response, error) {
	if o.marks == nil {
		return nil, errNoMarks
	}
	d, err := o.delivery(ctx, req)
	if err != nil {
		return nil, err
	}
	if d.key == "" || claimed(ctx, d.key) {
		return next.Handle(ctx, req)
	}
	c, old, err := o.claim(ctx, d)
	switch {
	case err != nil:
		return nil, err
	case c == nil:
		return o.again(d, old)
	}
	return c.run(ctx, req, next)
}

// again answers a delivery of what is done.
func (o *once) again(d delivery, old Mark) (*handler.Response, error) {
	switch {
	case d.record != nil:
		return &handler.Response{Status: http.StatusNoContent}, nil
	case !old.Answered:
		return nil, answerNotStored()
	}
	return old.answer(), nil
}

// claim takes the key for this delivery. c is nil if it is done, as old says.
func (o *once) claim(ctx context.Context, d delivery) (c *claim, old Mark, err error) {
	const rounds = 3 // of which each but the last found that another delivery was faster
	for range rounds {
		c = o.newClaim(ctx, d)
		if err = c.put(ctx, unmarked(o.Now())); !errors.Is(err, datastore.ErrConflict) {
			return c, old, c.orGiveUp(ctx, err)
		}
		old, err = o.marks.Get(ctx, markKey(d.key), consistent)
		switch {
		case errors.Is(err, datastore.ErrNotFound): // it has expired since
			continue
		case err != nil:
			return nil, old, err
		}
		if err := o.admit(ctx, d, old); err != nil {
			return nil, old, err
		}
		if old.State == MarkDone {
			return nil, old, nil
		}
		c.mark.Runs = old.Runs + 1
		if err = c.put(ctx, unchanged(old)); !errors.Is(err, datastore.ErrConflict) {
			return c, old, c.orGiveUp(ctx, err)
		}
	}
	return nil, old, inFlight()
}

// admit refuses a delivery because of the mark that there is.
func (o *once) admit(ctx context.Context, d delivery, old Mark) error {
	if old.State == MarkFailed { // what it was for had no effect
		return nil
	}
	if !d.samePayload(old) {
		return keyReused()
	}
	if old.State == MarkRunning && o.Now().UnixMilli() < old.Until && (o.Execution == nil || o.Execution(ctx) != old.Owner) {
		return inFlight()
	}
	return nil
}

func answerNotStored() error {
	return (&handler.Error{Status: http.StatusConflict, Code: "answer_not_stored",
		Message: "this request has been carried out before, and its answer was not kept; read what it has made"}).Wrap(ErrNoAnswer)
}

func keyReused() error {
	return (&handler.Error{Status: http.StatusUnprocessableEntity, Code: "key_reused",
		Message: "this idempotency key was used with another request; use a new one"}).Wrap(ErrOtherPayload)
}

func inFlight() error {
	return (&handler.Error{Status: http.StatusConflict, Code: "in_flight", Header: http.Header{"Retry-After": {"1"}},
		Message: "a request with this idempotency key is being carried out; try again"}).Wrap(ErrInFlight)
}
