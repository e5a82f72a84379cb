package middleware

import (
	"context"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Follower follows invocations for a middleware outside of this package that tells about
// them, such as that of middleware/otel. Most code should not read on.
type Follower struct{ sandbox }

// NewFollower is a Follower of a sandbox that is being made.
func NewFollower() *Follower {
	f := &Follower{}
	f.sandbox.begin()
	return f
}

// Cold reports whether an invocation is the first of a sandbox that was not made
// beforehand. It is asked once for each.
func (f *Follower) Cold() bool { return f.first() }

// Ended is how an invocation ended, or the work on a record.
type Ended struct {
	// Status that was answered.
	Status int
	// Err was answered, or has cut the answer off; nil for none.
	Err error
	// Cut says that the answer was cut off, or could not be sent.
	Cut bool
	// Failed says that the service is to blame: a status of 500 or more, or an answer
	// that was cut off by no client; of a record also that it comes again.
	Failed bool
	// Route as the metrics have it: "GET /orders/{id}", "RECORD /queue/jobs", "invoke",
	// "" where there is none.
	Route string
}

// Follow calls next with what is noted of the invocation in its context ([Note]), and
// tells done once how it ended: after the last byte of the answer. A panic is an error
// for both. A handler that aborts its answer is told as an error of status 500.
func (f *Follower) Follow(ctx context.Context, req *handler.Request, next handler.Handler, done func(context.Context, Ended)) (*handler.Response, error) {
	inv := &invocation{req: req}
	ctx = inv.begin(ctx, false)
	returned := false
	defer func() {
		if !returned { // it was aborted
			done(ctx, inv.ended(http.ErrAbortHandler))
		}
	}()
	resp, err := guarded(ctx, req, next)
	returned = true
	if err != nil {
		done(ctx, inv.ended(err))
		return nil, err
	}
	inv.resp = resp
	resp.OnDone(func(err error) { done(ctx, inv.ended(err)) })
	return resp, nil
}

// ended is how an invocation ended with err, which is that of its response if it has one.
func (inv *invocation) ended(err error) Ended {
	out := inv.outcome(err)
	failed := out.failed() || IsRecord(inv.req) && (out.err != nil || out.status >= http.StatusBadRequest)
	return Ended{out.status, out.err, out.cut, failed, inv.notes.route()}
}

// IsRecord reports whether a request is a record of an event source, or the end of a
// window of them, and not something that a client has made look like one.
func IsRecord(req *handler.Request) bool { return isRecord(req) }
