package middleware_test

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

type key struct{}

func notesOf(ctx context.Context) []string {
	var list []string
	for a := range middleware.Notes(ctx) {
		list = append(list, a.String())
	}
	return list
}

// TestNote: notes are kept in their order, each key once, and for those who made the
// room as for those below.
func TestNote(t *testing.T) {
	t.Parallel()
	outer := middleware.WithNotes(t.Context())
	inner := middleware.WithNotes(context.WithValue(outer, key{}, "v"))
	if other := middleware.WithNotes(inner); other != inner {
		t.Error("WithNotes made a second room")
	}
	middleware.Note(inner, slog.String("a", "1"), slog.Int("b", 2))
	middleware.Note(outer, slog.String("a", "3"), slog.Bool("c", true))
	if d := cmp.Diff([]string{"a=3", "b=2", "c=true"}, notesOf(outer)); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(notesOf(outer), notesOf(inner)); d != "" {
		t.Error(d)
	}
	for range middleware.Notes(outer) {
		middleware.Note(outer, slog.String("d", "while they are read"))
		break
	}
	middleware.Note(t.Context(), slog.String("a", "1"))
	if got := notesOf(t.Context()); got != nil {
		t.Errorf("without room: %v", got)
	}
}

// TestNoteAtOnce: several goroutines of an invocation note.
func TestNoteAtOnce(t *testing.T) {
	t.Parallel()
	ctx := middleware.WithNotes(t.Context())
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			middleware.Note(ctx, slog.Int(strconv.Itoa(i), i))
			notesOf(ctx)
		})
	}
	wg.Wait()
	if n := len(notesOf(ctx)); n != 20 {
		t.Errorf("%d notes, want 20", n)
	}
}

func ExampleNote() {
	ctx := middleware.WithNotes(context.Background()) // a middleware did this
	middleware.Note(ctx, slog.String("order", "o-1"))
	for fact := range middleware.Notes(ctx) {
		fmt.Println(fact)
	}
	// Output: order=o-1
}

// TestNotesOfCalls: a function that another one calls in the same process has notes of
// its own.
func TestNotesOfCalls(t *testing.T) {
	t.Parallel()
	logs, book := newLogs(nil)
	called := logs.Middleware()(routed(t, "GET /called", answers(200, "")))
	h := logs.Middleware()(routed(t, "GET /calls", handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		middleware.Note(ctx, slog.String("tenant", "acme"))
		resp, err := called.Handle(ctx, handlertest.Request("GET", "/called", handlertest.Facts(func(f *handler.Facts) { f.ID = "r-2" })))
		if err == nil {
			resp.Done(nil)
		}
		return resp, err
	})))
	if _, err := handlertest.Do(t.Context(), h, handlertest.Request("GET", "/calls")); err != nil {
		t.Fatal(err)
	}
	inner, outer := book.lines(t)[0], book.lines(t)[1]
	if inner["request"] != "r-2" || inner["tenant"] != nil || inner["route"] != "GET /called" || outer["request"] != "test-request" || outer["tenant"] != "acme" {
		t.Errorf("inner %v\nouter %v", inner, outer)
	}
}
