package middleware

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Follower knows the sandbox, for a middleware outside of this package that tells about
// invocations, such as that of middleware/otel, and follows each by a [Followed]. Most
// code should not read on.
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

// Followed is an invocation that is followed. Who follows it has one in a struct of its
// own, so that one piece of memory is enough:
//
//	s := &served{span: span} // has a Followed, and an End
//	return s.Follow(ctx, req, next, s)
type Followed struct {
	invocation
	ctx context.Context
	end Ending
}

// Ending is told how an invocation ended.
type Ending interface {
	// End is called once, after the last byte of the answer, with the context in which
	// the invocation was handled.
	End(ctx context.Context, e Ended)
}

// Follow calls next with what is noted of the invocation in its context ([Note]), and
// tells end how it ended. A panic is an error for both. A handler that aborts its answer
// is told as an error of status 500.
func (f *Followed) Follow(ctx context.Context, req *handler.Request, next handler.Handler, end Ending) (*handler.Response, error) {
	f.req, f.end = req, end
	f.ctx = f.begin(ctx, false)
	returned := false
	defer func() {
		if !returned { // it was aborted
			f.Finish(http.ErrAbortHandler)
		}
	}()
	resp, err := guarded(f.ctx, req, next)
	returned = true
	if err != nil {
		f.Finish(err)
		return nil, err
	}
	f.resp = resp
	resp.WhenDone(f)
	return resp, nil
}

// Finish is for [handler.Response.WhenDone].
func (f *Followed) Finish(err error) { f.end.End(f.ctx, f.ended(err)) }

// Request that is followed.
func (f *Followed) Request() *handler.Request { return f.req }

// AppendNotes appends the facts that were noted of the invocation ([Notes]).
func (f *Followed) AppendNotes(facts []slog.Attr) []slog.Attr { return f.notes.appendTo(facts) }

// ended is how an invocation ended with err, which is that of its response if it has one.
func (inv *invocation) ended(err error) Ended {
	out := inv.outcome(err)
	failed := out.failed() || IsRecord(inv.req) && (out.err != nil || out.status >= http.StatusBadRequest)
	return Ended{out.status, out.err, out.cut, failed, inv.notes.route()}
}

// IsRecord reports whether a request is a record of an event source, or the end of a
// window of them, and not something that a client has made look like one.
func IsRecord(req *handler.Request) bool { return isRecord(req) }
