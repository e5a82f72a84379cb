package middleware

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
)

// AuditEntry says who did what to what, and what came of it. It has no part of a body,
// a query or a header.
type AuditEntry struct {
	// ID of the entry, unique.
	ID string `json:"id" table:"id,pk"`
	// At is when the entry was made.
	At time.Time `json:"at" table:"at"`
	// State is "began" or "ended"; of what began and has no entry of its end, the outcome
	// is unknown.
	State AuditState `json:"state" table:"state"`
	// Request is the request id, which both entries of a request have, or that of a
	// record.
	Request string `json:"request" table:"request"`
	// Function that did it, as it is declared.
	Function string `json:"function,omitempty" table:"function"`
	// Caller is the id of who asked for it, and Kind the authorizer that let them in;
	// "" for nobody, as for records.
	Caller string             `json:"caller,omitempty" table:"caller"`
	Kind   handler.CallerKind `json:"callerKind,omitempty" table:"callerKind"`
	// Tenant of the caller, if there are some.
	Tenant string `json:"tenant,omitempty" table:"tenant"`
	// Remote is the IP address of the client.
	Remote string `json:"remote,omitempty" table:"remote"`
	// Action is the route: "DELETE /orders/{id}", "RECORD /queue/jobs"; method and path
	// as long as the route is not known.
	Action string `json:"action" table:"action"`
	// Resource is what it was done to: the path as sent, or what
	// [AuditOptions].Resource says, of at most 1,024 bytes.
	Resource string `json:"resource" table:"resource"`
	// Version of the API, if it has some.
	Version string `json:"version,omitempty" table:"version"`
	// Outcome, and the status and the error code of the answer, of what ended.
	Outcome AuditOutcome `json:"outcome,omitempty" table:"outcome"`
	Status  int          `json:"status,omitempty" table:"status"`
	Code    string       `json:"code,omitempty" table:"code"`
	// DurationMs is how long it took, in milliseconds, of what ended.
	DurationMs int64 `json:"durationMs,omitempty" table:"durationMs"`
	// Details are the notes that [AuditOptions].Notes names.
	Details map[string]string `json:"details,omitempty" table:"details"`
}

// AuditState is the state of what an entry tells.
type AuditState string

// The states.
const (
	AuditBegan AuditState = "began"
	AuditEnded AuditState = "ended"
)

// AuditOutcome is what came of it.
type AuditOutcome string

// The outcomes.
const (
	AuditSucceeded AuditOutcome = "succeeded" // a status below 400
	AuditRefused   AuditOutcome = "refused"   // 400 to 499: denied, not found, not valid
	AuditFailed    AuditOutcome = "failed"    // 500 and more, a panic, an answer that was cut off; it may have had effects
)

// AuditOptions changes what [Audit] does. The zero value of each field is its default.
type AuditOptions struct {
	// FailClosed has an entry written before the handler runs, and refuses with 503 what
	// that cannot be written for: nothing is done that is not in the log. Default: one
	// entry, at the end, and what cannot be written is logged as an error.
	FailClosed bool
	// Which reports whether a request or a record is audited. Default: records, and
	// requests of all methods but GET, HEAD, OPTIONS and TRACE.
	Which func(*handler.Request) bool
	// Resource names what it is done to. Default: the path.
	Resource func(context.Context, *handler.Request) string
	// Notes are the keys of notes ([Note]) that become Details, such as "order".
	Notes []string
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log is told of entries that could not be written, by their ID. Default
	// slog.Default().
	Log *slog.Logger
}

// Audit keeps a log of who did what to what with which outcome, in a sink to which it
// only adds:
//
//	entries := stream.New[middleware.AuditEntry](data, "audit")
//	sink := middleware.AuditToStream(datastore.Use[stream.Writer[middleware.AuditEntry]](api, entries))
//	api.Use(middleware.Audit(sink, nil))
//
// The function may add to the log and neither read nor change it, as its role says.
//
// The caller is the one that is known at the end, and in the entry before the handler
// runs the one that is known then. So Audit belongs outside of what verifies the
// caller, to have in its log who was refused; with FailClosed inside of it, where
// nobody is told apart who was not verified.
//
// A panic inside becomes an error, as [Recover] makes it one. opts may be nil. Panics
// with a [*datastore.DeclarationError] if there is no sink.
func Audit(sink AuditSink, opts *AuditOptions) handler.Middleware {
	if sink == nil {
		misdeclared("Audit: there is no sink; give it one of AuditToStream, AuditToQueue, AuditToTable and AuditToLog, or a function")
	}
	a := &audit{sink: sink}
	if opts != nil {
		a.AuditOptions = *opts
	}
	if a.Which == nil {
		a.Which = changesSomething
	}
	if a.Resource == nil {
		a.Resource = func(_ context.Context, req *handler.Request) string { return req.Path() }
	}
	if a.Now == nil {
		a.Now = time.Now
	}
	return func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			if !a.Which(req) {
				return next.Handle(ctx, req)
			}
			return a.handle(ctx, req, next)
		})
	}
}

func changesSomething(req *handler.Request) bool {
	switch req.Method() {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return false
	}
	return true
}

type audit struct {
	AuditOptions
	sink AuditSink
}

// audited is an invocation that is audited.
type audited struct {
	*audit
	invocation
	ctx context.Context
}

func (a *audit) handle(ctx context.Context, req *handler.Request, next handler.Handler) (*handler.Response, error) {
	inv := &audited{audit: a, invocation: invocation{req: req, began: a.Now()}}
	inv.ctx = inv.begin(ctx, false)
	if a.FailClosed {
		if err := a.sink(inv.ctx, inv.entry(AuditBegan)); err != nil {
			return nil, &handler.Error{Status: http.StatusServiceUnavailable, Code: "not_audited",
				Message: "this cannot be done now; try again", Header: http.Header{"Retry-After": {"1"}}, Err: err}
		}
	}
	ended := false
	defer func() {
		if !ended { // it was aborted
			inv.done(errAborted)
		}
	}()
	resp, err := guarded(inv.ctx, req, next)
	ended = true
	if err != nil {
		inv.done(err)
		return nil, err
	}
	inv.resp = resp
	resp.OnDone(inv.done)
	return resp, nil
}

var errAborted = errors.New("the handler aborted its answer")

// done writes how it ended, for which there is time even if the invocation has none.
func (inv *audited) done(err error) {
	e, out := inv.entry(AuditEnded), inv.outcome(err)
	e.Status = out.status
	switch {
	case out.failed():
		e.Outcome = AuditFailed
	case out.status >= http.StatusBadRequest:
		e.Outcome = AuditRefused
	default:
		e.Outcome = AuditSucceeded
	}
	var told *handler.Error
	if out.err != nil && e.Outcome != AuditSucceeded && asError(out.err, &told) {
		e.Code = cut(told.Code, maxNote)
	}
	e.DurationMs = e.At.Sub(inv.began).Milliseconds()
	ctx, cancel := unhurried(inv.ctx)
	defer cancel()
	if err := inv.sink(ctx, e); err != nil {
		logTo(inv.Log).LogAttrs(inv.ctx, slog.LevelError, "an audit entry was lost", slog.Any("entry", e), slog.String("error", errorText(err)))
	}
}

// asError is errors.As for errors that may not bear to be looked at.
func asError(err error, target **handler.Error) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	return errors.As(err, target) && *target != nil
}

// entry is an entry with what is known by now.
func (inv *audited) entry(state AuditState) AuditEntry {
	caller, facts := inv.req.Caller(), inv.req.Facts()
	e := AuditEntry{
		ID: rand.Text(), At: inv.Now().UTC(), State: state,
		Request: inv.notes.value(noteRequest), Caller: inv.notes.value(noteCaller), Tenant: inv.notes.value(noteTenant),
		Action: inv.notes.route(), Resource: cut(inv.Resource(inv.ctx, inv.req), maxPath), Version: inv.req.Version(),
	}
	if e.Caller == cut(caller.ID, maxNote) {
		e.Kind = caller.Kind
	}
	e.Function, _ = datastore.FunctionFrom(inv.ctx)
	if i := strings.LastIndexByte(facts.Remote, ':'); i > 0 {
		e.Remote = strings.Trim(facts.Remote[:i], "[]")
	}
	if e.Action == "" {
		e.Action = cut(inv.req.Method(), maxNote) + " " + cut(inv.req.Path(), maxPath)
	}
	for _, key := range inv.Notes {
		if value := inv.notes.value(noteKey(key)); value != "" {
			if e.Details == nil {
				e.Details = map[string]string{}
			}
			e.Details[key] = cut(value, maxPath)
		}
	}
	return e
}
