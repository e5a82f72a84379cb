package middleware

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed-18e8afb5/tierkit/handler"
)

// Note adds facts to what is told about the invocation, or the record, that ctx belongs
// to: to the lines of its log from then on, to its metrics and to its trace.
//
//	middleware.Note(ctx, slog.String("order", order.ID))
//
// A fact of the same key takes the place of the one before. One with a key that the line of
// a request or a record has itself ("status", "level", "requestId") is noted as
// "note.status", so that it is not there twice. Where no middleware tells anything about the
// invocation, nothing is noted. It is safe for concurrent use.
func Note(ctx context.Context, facts ...slog.Attr) {
	n := notesOf(ctx)
	for _, fact := range facts {
		fact.Key = noteKey(fact.Key)
		n.set(fact)
	}
}

// noteKey is the key that a fact is noted with. That of a line is left to the line.
func noteKey(key string) string {
	switch key {
	case "time", "timestamp", "level", "msg", "message", "source", // of package slog, and of that of aws-lambda-go
		"requestId", "functionArn", "tenantId",
		"method", "path", "status", "durationMs", "bytes", "cut", "attempt", // of the line of an invocation
		"error", "errorTypes", "store", "stack",
		"audit": // of AuditToLog
		return "note." + key
	}
	return key
}

// Notes are the facts of [Note], in the order in which they came.
func Notes(ctx context.Context) iter.Seq[slog.Attr] { return notesOf(ctx).all }

// WithNotes is a context with room for the notes about one invocation: ctx itself if it
// has one. Whoever tells about an invocation, and whoever has something to note, calls
// it first, so that their order does not matter.
func WithNotes(ctx context.Context) context.Context {
	ctx, _ = withNotes(ctx)
	return ctx
}

func withNotes(ctx context.Context) (context.Context, *notes) {
	if n := notesOf(ctx); n != nil {
		return ctx, n
	}
	n := newNotes(ctx)
	return n, n
}

// room is for how many notes there is memory from the beginning: those of package
// middleware itself (the request, the caller, the tenant, the version, the trace) and one
// more.
const room = 6

// notes are those of one invocation. They are the context that they are in.
type notes struct {
	context.Context
	req atomic.Pointer[handler.Request] // of the invocation, nil before it is introduced

	mu    sync.Mutex
	list  []slog.Attr
	first [room]slog.Attr
}

type notesKey struct{}

// Value finds the notes themselves.
func (n *notes) Value(key any) any {
	if key == (notesKey{}) {
		return n
	}
	return n.Context.Value(key)
}

// notesOf are the notes about the invocation of ctx, nil for none.
func notesOf(ctx context.Context) *notes {
	n, _ := ctx.Value(notesKey{}).(*notes)
	return n
}

func newNotes(ctx context.Context) *notes {
	n := &notes{Context: ctx}
	n.list = n.first[:0]
	return n
}

func (n *notes) find(key string) int {
	return slices.IndexFunc(n.list, func(a slog.Attr) bool { return a.Key == key })
}

// set notes facts, in place of those of their keys.
func (n *notes) set(facts ...slog.Attr) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, fact := range facts {
		if i := n.find(fact.Key); i >= 0 {
			n.list[i] = fact
			continue
		}
		n.list = append(n.list, fact)
	}
}

// all goes over the notes that are there as it begins: others may add to them meanwhile.
func (n *notes) all(yield func(slog.Attr) bool) {
	var some [2 * room]slog.Attr
	for _, fact := range n.appendTo(some[:0]) {
		if !yield(fact) {
			return
		}
	}
}

// appendTo appends the notes.
func (n *notes) appendTo(facts []slog.Attr) []slog.Attr {
	if n == nil {
		return facts
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return append(facts, n.list...)
}

// value is the text of a note, "" if there is none.
func (n *notes) value(key string) string {
	if n == nil {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if i := n.find(key); i >= 0 {
		return n.list[i].Value.String()
	}
	return ""
}

// The keys of what is noted of every invocation.
const (
	noteRequest = "request" // the request id
	noteCaller  = "caller"  // the caller's id
	noteVersion = "version" // of the API
	noteTenant  = "tenant"
	noteCold    = "cold"  // true for the first invocation of a sandbox that was made for it
	noteRoute   = "route" // not among the notes: it is known once the mux has run
)

// introduce is ctx with notes of what is known of the invocation of req as it begins,
// unless somebody has noted that already.
func introduce(ctx context.Context, req *handler.Request) (context.Context, *notes) {
	n := notesOf(ctx)
	if n == nil || n.isOfAnother(req) {
		n = newNotes(ctx)
		ctx = n
	}
	version := req.Version()
	if version == "" && n.request() != nil {
		return ctx, n
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.request() == nil {
		n.req.Store(req)
		n.unlessThere(noteRequest, req.ID())
		if n.find(noteCaller) < 0 { // by which a caller is not made whom nobody asks for
			if caller := req.Caller(); !caller.Anonymous() {
				n.unlessThere(noteCaller, caller.ID)
			}
		}
	}
	n.unlessThere(noteVersion, version) // which may have been told since
	return ctx, n
}

// request is that of the invocation, nil before it is introduced.
func (n *notes) request() *handler.Request {
	if n == nil {
		return nil
	}
	return n.req.Load()
}

// isOfAnother reports whether the notes are of another invocation, which calls this one
// in the same process.
func (n *notes) isOfAnother(req *handler.Request) bool {
	own := n.request()
	return own != nil && !own.Same(req)
}

// note notes a fact unless it is there.
func (n *notes) note(fact slog.Attr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.find(fact.Key) < 0 {
		n.list = append(n.list, fact)
	}
}

// unlessThere notes a text. n.mu is held.
func (n *notes) unlessThere(key, value string) {
	if value != "" && n.find(key) < 0 {
		n.list = append(n.list, slog.String(key, cut(value, maxNote)))
	}
}

// maxNote is how many bytes are kept of what somebody else chose: the id of a caller.
const maxNote = 200

// route is the route that the invocation takes, as far as it is known.
func (n *notes) route() string {
	req := n.request()
	if req == nil {
		return ""
	}
	switch pattern := req.Pattern(); {
	case pattern != "":
		return pattern
	case isRecord(req):
		return req.Method() + " " + req.Path()
	case req.FrontDoor() == directDoor:
		return directDoor
	}
	return ""
}

// isRecord reports whether a request is a record, or the end of a window of them. A
// client can send any method, so that one that came through a front door is none: its
// path would be taken for a route.
func isRecord(req *handler.Request) bool {
	switch req.Method() {
	case "RECORD", "WINDOW":
	default:
		return false
	}
	switch req.FrontDoor() {
	case "rest", "http", "url", "alb", "lattice", "websocket", "net/http", directDoor:
		return false
	}
	return true
}

// directDoor is the front door of direct invocations.
const directDoor = "invoke"
