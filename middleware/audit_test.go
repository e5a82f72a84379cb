package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// audits is a sink that keeps entries, and may fail.
type audits struct {
	entries []middleware.AuditEntry
	fail    error
}

func (a *audits) add(ctx context.Context, e middleware.AuditEntry) error {
	if err := errors.Join(ctx.Err(), a.fail); err != nil {
		return err
	}
	a.entries = append(a.entries, e)
	return nil
}

// TestAudit: what the log says of a request, a record and what comes of them.
func TestAudit(t *testing.T) {
	t.Parallel()
	ada := handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"})
	remove := func() *handler.Request {
		return handlertest.Request("DELETE", "/orders/7?reason=secret", ada, handlertest.JSON("body"))
	}
	who := middleware.AuditEntry{
		State: middleware.AuditEnded, Request: "test-request", Function: "orders", Caller: "ada", Kind: handler.CallerJWT,
		Remote: "192.0.2.1", Action: "DELETE /orders/{id}", Resource: "/orders/7", DurationMs: 1000,
		At: time.Date(2026, 1, 2, 3, 4, 7, 0, time.UTC),
	}
	ended := func(change func(*middleware.AuditEntry)) []middleware.AuditEntry {
		e := who
		change(&e)
		return []middleware.AuditEntry{e}
	}
	for _, tt := range []struct {
		name    string
		req     *handler.Request
		opts    middleware.AuditOptions
		handler handler.Handler
		want    []middleware.AuditEntry
	}{
		{"done", remove(), middleware.AuditOptions{}, answers(204, ""), ended(func(e *middleware.AuditEntry) { e.Outcome, e.Status = middleware.AuditSucceeded, 204 })},
		{"refused", remove(), middleware.AuditOptions{}, fails(&handler.Error{Status: 403, Code: "not_yours", Message: "no"}), ended(func(e *middleware.AuditEntry) {
			e.Outcome, e.Status, e.Code = middleware.AuditRefused, 403, "not_yours"
		})},
		{"failed", remove(), middleware.AuditOptions{}, fails(errors.New("boom")), ended(func(e *middleware.AuditEntry) { e.Outcome, e.Status = middleware.AuditFailed, 500 })},
		{"a nil error", remove(), middleware.AuditOptions{}, fails((*handler.Error)(nil)), ended(func(e *middleware.AuditEntry) { e.Outcome, e.Status = middleware.AuditFailed, 500 })},
		{"panicked", remove(), middleware.AuditOptions{}, panics("boom"), ended(func(e *middleware.AuditEntry) { e.Outcome, e.Status = middleware.AuditFailed, 500 })},
		{"a stream, cut off", remove(), middleware.AuditOptions{}, streams(func(io.Writer) error { return errors.New("boom") }), ended(func(e *middleware.AuditEntry) { e.Outcome, e.Status = middleware.AuditFailed, 200 })},
		{"reads", handlertest.Request("GET", "/orders/7"), middleware.AuditOptions{}, answers(200, ""), nil},
		{"reads, asked for", handlertest.Request("GET", "/orders/7", ada), middleware.AuditOptions{Which: func(*handler.Request) bool { return true }}, answers(200, ""), ended(func(e *middleware.AuditEntry) {
			e.Action, e.Outcome, e.Status = "GET /orders/{id}", middleware.AuditSucceeded, 200
		})},
		{"no route", handlertest.Request("PUT", "/x", ada), middleware.AuditOptions{}, nil, ended(func(e *middleware.AuditEntry) {
			e.Action, e.Resource, e.Outcome, e.Status = "PUT /x", "/x", middleware.AuditRefused, 404
		})},
		{"notes, tenant and resource", remove().WithVersion("2"), middleware.AuditOptions{
			Notes: []string{"order", "status", "absent"}, Resource: func(_ context.Context, req *handler.Request) string {
				return "order " + strings.TrimPrefix(req.Path(), "/orders/")
			},
		}, handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			middleware.Note(ctx, slog.String("order", "o-7"), slog.String("status", "sent"), slog.String("secret", "s"), slog.String("tenant", "acme"))
			return &handler.Response{Status: 201}, nil
		}), ended(func(e *middleware.AuditEntry) {
			e.Version, e.Tenant, e.Resource, e.Details = "2", "acme", "order 7", map[string]string{"order": "o-7", "status": "sent"}
			e.Outcome, e.Status = middleware.AuditSucceeded, 201
		})},
		{"fails closed", remove(), middleware.AuditOptions{FailClosed: true}, answers(204, ""), append([]middleware.AuditEntry{func() middleware.AuditEntry {
			e := who
			e.State, e.DurationMs, e.Action = middleware.AuditBegan, 0, "DELETE /orders/7"
			return e
		}()}, ended(func(e *middleware.AuditEntry) {
			e.Outcome, e.Status, e.DurationMs, e.At = middleware.AuditSucceeded, 204, 2000, e.At.Add(time.Second)
		})...)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			sink := &audits{}
			tt.opts.Now = ticks(time.Second)
			mux := handler.NewMux()
			for _, method := range []string{"GET", "DELETE"} {
				if err := mux.Route(method+" /orders/{id}", tt.handler); err != nil && tt.handler != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithCancel(datastore.WithFunction(t.Context(), "orders"))
			defer cancel()
			resp, err := middleware.Audit(sink.add, &tt.opts)(mux).Handle(ctx, tt.req)
			cancel() // the entry at the end is written all the same
			if err == nil {
				if resp.Stream != nil {
					err = resp.Stream(ctx, io.Discard)
				}
				resp.Done(err)
			}
			if d := cmp.Diff(tt.want, sink.entries, cmpopts.IgnoreFields(middleware.AuditEntry{}, "ID")); d != "" {
				t.Error(d)
			}
			ids := map[string]bool{}
			for _, e := range sink.entries {
				ids[e.ID] = true
			}
			if len(ids) != len(tt.want) || ids[""] {
				t.Errorf("ids %v", ids)
			}
		})
	}
}

// TestAuditFails: what comes of a request that cannot be audited.
func TestAuditFails(t *testing.T) {
	t.Parallel()
	for _, closed := range []bool{false, true} {
		t.Run(fmt.Sprint("closed ", closed), func(t *testing.T) {
			t.Parallel()
			logs, book := newLogs(nil)
			sink := &audits{fail: errors.New("no disk")}
			ran := false
			h := middleware.Audit(sink.add, &middleware.AuditOptions{FailClosed: closed, Log: logs.Logger()})(handler.HandlerFunc(
				func(context.Context, *handler.Request) (*handler.Response, error) {
					ran = true
					return &handler.Response{Status: 201}, nil
				}))
			a, err := handlertest.Do(t.Context(), h, handlertest.Request("POST", "/orders"))
			if closed {
				if ran || a.Status != 503 || !strings.Contains(string(a.Body), "not_audited") || strings.Contains(string(a.Body), "disk") || book.String() != "" {
					t.Errorf("ran %v, answer %d %s, log %s", ran, a.Status, a.Body, book)
				}
				return
			}
			if !ran || a.Status != 201 || err != nil || !strings.Contains(book.String(), "no disk") || !strings.Contains(book.String(), `"action":"POST /orders"`) {
				t.Errorf("ran %v, answer %d, %v, log %s", ran, a.Status, err, book)
			}
		})
	}
}

// TestAuditAborted: that a handler gave up is in the log too.
func TestAuditAborted(t *testing.T) {
	t.Parallel()
	sink := &audits{}
	func() {
		defer func() {
			if v := recover(); v != http.ErrAbortHandler {
				t.Errorf("recovered %v", v)
			}
		}()
		_, _ = middleware.Audit(sink.add, nil)(panics(http.ErrAbortHandler)).Handle(t.Context(), handlertest.Request("POST", "/"))
	}()
	if len(sink.entries) != 1 || sink.entries[0].Outcome != middleware.AuditFailed {
		t.Errorf("entries %+v", sink.entries)
	}
}

// TestAuditSinks: each kind of store takes entries, by one capability.
func TestAuditSinks(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	streamed := datastore.Use[stream.Writer[middleware.AuditEntry]](function{}, stream.New[middleware.AuditEntry](data, "streamed"))
	queued := datastore.Use[queue.Sender[middleware.AuditEntry]](function{}, queue.New[middleware.AuditEntry](data, "queued"))
	tabled := datastore.Use[table.Creator[middleware.AuditEntry]](function{}, table.New[middleware.AuditEntry](data, "tabled"))
	logs, book := newLogs(nil)
	kept := &audits{}
	h := handler.Chain(answers(200, ""), middleware.Audit(middleware.AuditToStream(streamed), nil), middleware.Audit(middleware.AuditToQueue(queued), nil),
		middleware.Audit(middleware.AuditToTable(tabled), nil), middleware.Audit(middleware.AuditToLog(logs.Logger()), nil), middleware.Audit(kept.add, nil),
		middleware.Audit(func(ctx context.Context, e middleware.AuditEntry) error { // the very entry may not be added twice
			create := middleware.AuditToTable(tabled)
			if err := create(ctx, e); err != nil {
				return err
			}
			if err := create(ctx, e); !errors.Is(err, datastore.ErrConflict) {
				t.Errorf("the same entry again: %v, want %v", err, datastore.ErrConflict)
			}
			return nil
		}, &middleware.AuditOptions{Log: slog.New(slog.DiscardHandler)}))
	if err := handlertest.DoRecord(t.Context(), h, message("m-1")); err != nil {
		t.Fatal(err)
	}
	want := kept.entries[0]
	same := cmpopts.IgnoreFields(middleware.AuditEntry{}, "ID", "At", "DurationMs")
	for name, got := range map[string][]middleware.AuditEntry{
		"stream": datatest.Written[middleware.AuditEntry](t, data, "streamed"), "queue": datatest.Sent[middleware.AuditEntry](t, data, "queued"),
	} {
		if d := cmp.Diff([]middleware.AuditEntry{want}, got, same); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if want.Request != "m-1" || !strings.HasPrefix(want.Action, "RECORD /") || want.Outcome != middleware.AuditSucceeded {
		t.Errorf("entry %+v", want)
	}
	if line := book.lines(t)[0]; line["msg"] != "audit" || line["audit"].(map[string]any)["action"] != want.Action {
		t.Errorf("line %v", line)
	}
}

func ExampleAudit() {
	logs := middleware.NewLogs(&middleware.LogOptions{Handler: slog.NewTextHandler(&plain{}, nil)})
	sink := func(_ context.Context, e middleware.AuditEntry) error {
		fmt.Println(e.Caller, e.Action, e.Resource, e.Outcome)
		return nil
	}
	mux := handler.NewMux()
	err := mux.Route("DELETE /orders/{id}", handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return nil, handler.Errorf(403, "only who placed an order may delete it")
	}))
	h := middleware.Audit(sink, &middleware.AuditOptions{Log: logs.Logger()})(mux)
	ada := handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"})
	for _, method := range []string{"GET", "DELETE"} {
		_, _ = handlertest.Do(context.Background(), h, handlertest.Request(method, "/orders/o-7", ada))
	}
	fmt.Println(err)
	// Output:
	// ada DELETE /orders/{id} /orders/o-7 refused
	// <nil>
}
