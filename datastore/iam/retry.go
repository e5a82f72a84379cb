package iam

import (
	"context"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/retry"
)

// MaxAttempts is how often a call is tried at most.
const MaxAttempts = retry.MaxAttempts

// Retry repeats calls to an AWS service by one set of rules: exponential pauses
// with full jitter, not shorter than the service asks for (up to 5 seconds), never
// longer than the context's deadline allows, and while the service is down not at
// all, so that a failure stays a quick one. The error is that of the last attempt.
// The SDK's own retries must be switched off ([aws.NopRetryer]).
//
// A Retry is safe for concurrent use; the calls of one client share one.
//
// [aws.NopRetryer]: https://pkg.go.dev/github.com/aws/aws-sdk-go-v2/aws#NopRetryer
type Retry struct{ rules *retry.Rules }

// NewRetry is a Retry. jitter gives the share of a pause that is waited, in
// [0, 1); nil means at random.
func NewRetry(jitter func() float64) *Retry { return &Retry{retry.New(jitter)} }

// Call is one call to a service.
type Call struct {
	// Write says that it changes something, so that an answer that was lost
	// leaves the outcome unknown.
	Write bool
	// Repeatable says that sending it twice has the effect of sending it once.
	// A write that is not is sent again only if it certainly was not carried
	// out.
	Repeatable bool
	// Whole gives one attempt all the time that is left, for calls that take as
	// long as they take. Without a deadline it has no end.
	Whole bool
	// Special are error codes that mean something else than in most services.
	Special map[string]error
	// Quiet says that messages of the service may quote what it was sent. The text
	// of an error then has none; errors.As finds it.
	Quiet bool
	// Group is the group of an item of a batch, whose items keep their order; "" is
	// none, and so is nil of all. An item that failed is then sent again only if
	// none behind it in its group was done and none before it failed for good.
	Group func(item int) string
}

// AttemptTime is how long one attempt may take that begins now, for calls that are
// Whole to the rules because they know more of their time.
func AttemptTime(ctx context.Context) time.Duration { return new(retry.Call).AttemptTime(ctx) }

// Unfinished is what send returns of a batch that was only partly done and is to
// go on with the rest after a pause. Attempts that made progress do not count as
// failed ones.
type Unfinished struct{ Progress bool }

func (*Unfinished) Error() string { return "the service left a part of the batch undone" }

// Do calls send, again where that helps, each time with a context for one
// attempt. It answers nil or a [*datastore.Error] with Kind, Code and Attempts:
// [datastore.ErrNoBudget] if it was not sent because of the time, and also if ctx
// was cancelled while it was on its way and it changes nothing;
// [datastore.ErrUnknown] for a write that failed after an attempt whose answer
// was lost; [datastore.ErrDeclaration] for a request that the service calls
// wrong, because a client of the application cannot have caused that. An error about
// an answer that cannot be read, which has a part of it, is replaced by one that has
// not.
//
// [*datastore.Error]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore#Error
func (r *Retry) Do(ctx context.Context, c Call, send func(context.Context) error) error {
	return r.rules.Do(ctx, c.rules(), func(ctx context.Context) *retry.Fault { return c.attempt(ctx, send) })
}

func (c Call) rules() retry.Call {
	return retry.Call{Write: c.Write, Repeatable: c.Repeatable, Whole: c.Whole}
}

// attempt calls send once, and says what its error means.
func (c Call) attempt(ctx context.Context, send func(context.Context) error) *retry.Fault {
	var s retry.Sending
	err := send(s.Watch(ctx))
	if err == nil {
		return nil
	}
	f := faultOf(err, c.Special, s.None(err) || !s.Asked() && outOfTimeBefore(err))
	f.Err = withoutAnswer(err)
	if c.Quiet {
		f.Err = withoutMessage(f.Err)
	}
	return &f
}
