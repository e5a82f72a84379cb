package middleware

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync"
)

// Note adds facts to what is told about the invocation, or the record, that ctx belongs
// to: to the lines of its log from then on, to its metrics and to its trace.
//
//	middleware.Note(ctx, slog.String("order", order.ID))
//
// A fact of the same key takes the place of the one before. Where no middleware tells
// anything about the invocation, nothing is noted. It is safe for concurrent use.
func Note(ctx context.Context, facts ...slog.Attr) {
	n, _ := ctx.Value(notesKey{}).(*notes)
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

// Notes are the facts of [Note], in the order in which they came.
func Notes(ctx context.Context) iter.Seq[slog.Attr] {
	return func(yield func(slog.Attr) bool) {
		n, _ := ctx.Value(notesKey{}).(*notes)
		if n == nil {
			return
		}
		for i := 0; ; i++ {
			n.mu.Lock()
			if i >= len(n.list) {
				n.mu.Unlock()
				return
			}
			fact := n.list[i]
			n.mu.Unlock()
			if !yield(fact) {
				return
			}
		}
	}
}

// WithNotes is a context with room for the notes about one invocation: ctx itself if it
// has one. Whoever tells about an invocation, and whoever has something to note, calls
// it first, so that their order does not matter.
func WithNotes(ctx context.Context) context.Context {
	if ctx.Value(notesKey{}) != nil {
		return ctx
	}
	return context.WithValue(ctx, notesKey{}, newNotes())
}

// room is for how many notes there is memory from the beginning.
const room = 8

type notesKey struct{}

// notes are those of one invocation.
type notes struct {
	mu    sync.Mutex
	list  []slog.Attr
	first [room]slog.Attr
}

func newNotes() *notes {
	n := &notes{}
	n.list = n.first[:0]
	return n
}

func (n *notes) find(key string) int {
	return slices.IndexFunc(n.list, func(a slog.Attr) bool { return a.Key == key })
}
