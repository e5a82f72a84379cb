package middleware_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
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

// TestNoteReserved: a note with a key of the line itself is told beside it, in the line of
// an invocation and in one of the program, whoever writes them.
func TestNoteReserved(t *testing.T) {
	for _, lambda := range []bool{false, true} {
		t.Run(fmt.Sprint("lambda=", lambda), func(t *testing.T) {
			book := &logbook{}
			opts := &slog.HandlerOptions{AddSource: true}
			if lambda {
				opts.ReplaceAttr = lambdacontext.ReplaceAttr
			}
			logs := middleware.NewLogs(&middleware.LogOptions{Handler: slog.NewJSONHandler(book, opts)})
			var noted []string
			h := logs.Middleware()(handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				for _, key := range []string{"time", "timestamp", "level", "msg", "message", "source", "requestId", "functionArn", "tenantId",
					"method", "path", "status", "durationMs", "bytes", "cut", "attempt", "error", "errorTypes", "store", "stack", "audit"} {
					middleware.Note(ctx, slog.String(key, "noted"))
				}
				_ = middleware.AuditToLog(logs.Logger())(ctx, middleware.AuditEntry{})
				for fact := range middleware.Notes(ctx) {
					noted = append(noted, fact.Key)
				}
				if req.Method() == "GET" {
					panic("boom")
				}
				return nil, &datastore.Error{Store: "orders", Op: "get", Kind: datastore.ErrThrottled}
			}))
			_, _ = handlertest.Do(t.Context(), h, handlertest.Request("GET", "/"))
			_ = handlertest.DoRecord(t.Context(), h, message("m-1"))
			lines := 0
			for line := range strings.Lines(book.String()) {
				lines++
				if twice := membersTwice(t, line); twice != nil {
					t.Errorf("%v stand twice in %s", twice, line)
				}
				if !strings.Contains(line, `"note.status":"noted"`) {
					t.Errorf("what was noted is not in %s", line)
				}
			}
			if lines != 4 || !strings.Contains(book.String(), `"store":{`) || !strings.Contains(book.String(), `"stack":`) || !slices.Contains(noted, "note.status") || slices.Contains(noted, "status") {
				t.Errorf("%d lines, notes %q", lines, noted)
			}
		})
	}
}

// membersTwice are the members that an object in JSON has more than once.
func membersTwice(t *testing.T, text string) (twice []string) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(text))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		if seen[name.(string)] {
			twice = append(twice, name.(string))
		}
		seen[name.(string)] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			t.Fatal(err)
		}
	}
	return twice
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
