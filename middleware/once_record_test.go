package middleware_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

func worked(context.Context, *handler.Request) (*handler.Response, error) {
	return &handler.Response{Status: 204}, nil
}

func message(id string) datastore.Record {
	return datastore.Record{Service: "sqs", Source: "arn:aws:sqs:eu-west-1:1:jobs", ID: id, Attempt: 1, Data: []byte(`{"job":1}`)}
}

func TestOnceRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var h handler.Handler
	var fail error
	h = w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		// Skipped it would be deleted from its queue, and lost if this one fails.
		if err := handlertest.DoRecord(t.Context(), h, message("1")); !errors.Is(err, middleware.ErrInFlight) {
			t.Errorf("the record a second time at once: %v", err)
		}
		if fail != nil {
			return nil, fail
		}
		return worked(ctx, req)
	})
	fail = errors.New("broken")
	if err := handlertest.DoRecord(t.Context(), h, message("1")); !errors.Is(err, fail) {
		t.Errorf("the handler failed with %v", err)
	}
	fail = nil
	for range 3 {
		if err := handlertest.DoRecord(t.Context(), h, message("1")); err != nil {
			t.Error(err)
		}
	}
	w.wantRuns(2)
	if w.marks.last.Answered || w.marks.last.Runs != 2 {
		t.Errorf("mark %+v", w.marks.last)
	}
}

// TestOnceRecordIsNotAnswered: what fails by its answer is not done, whatever is final
// for requests.
func TestOnceRecordIsNotAnswered(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]handler.HandlerFunc{
		"status": func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Status: 400}, nil
		},
		"error": func(context.Context, *handler.Request) (*handler.Response, error) {
			return nil, handler.Errorf(422, "bad")
		},
		"answered error": func(context.Context, *handler.Request) (*handler.Response, error) {
			return &handler.Response{Err: errors.New("bad")}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.opts.Final = func(int) bool { return true }
			for range 2 {
				if err := handlertest.DoRecord(t.Context(), w.once(h), message("1")); err == nil {
					t.Error("a record that failed is done")
				}
			}
			w.wantRuns(2)
		})
	}
}

// TestOnceAsked: what wants an answer each time does not get none the second time.
func TestOnceAsked(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"cognito", "firehose"} {
		w := newWorld(t)
		err := handlertest.DoRecord(t.Context(), w.once(worked), datastore.Record{Service: service, ID: "1", Data: []byte(`{}`)})
		if err == nil || !strings.Contains(err.Error(), "wants an answer to each record") {
			t.Errorf("%s: %v", service, err)
		}
		w.wantRuns(0)
	}
}

func TestOnceRecordsApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.once(worked)
	runs := 0
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		r     datastore.Record
		again bool
	}{
		{"message", t.Context(), message("1"), false},
		{"the same", t.Context(), message("1"), true},
		{"the same body", t.Context(), message("2"), false},
		{"another function of its queue", datastore.WithFunction(t.Context(), "f"), message("1"), true},
		{"a stream", t.Context(), datastore.Record{Service: "kinesis", ID: "77", Sequence: "77", Group: "a"}, false},
		{"another function of the stream", datastore.WithFunction(t.Context(), "f"), datastore.Record{Service: "kinesis", ID: "77", Sequence: "77", Group: "a"}, false},
		{"another partition key", t.Context(), datastore.Record{Service: "kinesis", ID: "77", Sequence: "77", Group: "b"}, false},
		{"again", t.Context(), datastore.Record{Service: "kinesis", ID: "77", Sequence: "77", Group: "b", Data: []byte("written in another way")}, true},
		{"an object", t.Context(), datastore.Record{Service: "s3", Group: "a.png", Sequence: "0061"}, false},
		{"another version of it", t.Context(), datastore.Record{Service: "s3", Group: "a.png", Sequence: "0062"}, false},
		{"of another object", t.Context(), datastore.Record{Service: "s3", Group: "b.png", Sequence: "0061"}, false},
		{"again", t.Context(), datastore.Record{Service: "s3", Group: "b.png", Sequence: "0061"}, true},
	} {
		if err := handlertest.DoRecord(tt.ctx, h, tt.r); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if !tt.again {
			runs++
		}
		if w.wantRuns(runs); t.Failed() {
			t.Fatalf("at %s", tt.name)
		}
	}
	if err := handlertest.DoRecord(t.Context(), h, message("")); err == nil || !strings.Contains(err.Error(), "OnceOptions.Key") {
		t.Errorf("a record without id: %v", err)
	}
}

func TestOnceRecordKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.opts.Key = func(ctx context.Context, _ *handler.Request) (string, error) {
		return datastore.RecordFrom(ctx).Attribute("order"), nil
	}
	h := w.once(worked)
	with := func(id, order, body string) datastore.Record {
		r := message(id)
		r.Data, r.Attributes = []byte(body), []datastore.Attribute{{Name: "order", Value: order}}
		return r
	}
	for _, r := range []datastore.Record{with("1", "o1", "x"), with("2", "o1", "x")} { // sent twice
		if err := handlertest.DoRecord(t.Context(), h, r); err != nil {
			t.Error(err)
		}
	}
	w.wantRuns(1)
	if err := handlertest.DoRecord(t.Context(), h, with("3", "o1", "y")); !errors.Is(err, middleware.ErrOtherPayload) {
		t.Errorf("another message with the key: %v", err)
	}
	if err := handlertest.DoRecord(t.Context(), h, with("4", "", "x")); err == nil {
		t.Error("a record without a key passes")
	}
	w.wantRuns(1)
}

// account is where the tests of MarkOp have their effect.
type account struct {
	ID    string `table:"id,pk"`
	Cents int    `table:"cents"`
}

type accounts interface {
	table.Updater[account]
	table.Transactor
}

// paying is a world with accounts.
func paying(t testing.TB) (*world, accounts) {
	w := newWorld(t)
	w.bare = true // or it is no part of a transaction
	return w, datastore.Use[accounts](function{}, table.New[account](w.data, "accounts"))
}

func pay(ctx context.Context, on accounts, more ...table.TxOp) error {
	return on.Transact(ctx, append([]table.TxOp{
		table.UpdateOp(on, table.PK("ada"), table.Changes(table.Add("cents", 5)).OrCreate()),
		middleware.MarkOp(ctx),
	}, more...)...)
}

func wantCents(t testing.TB, w *world, cents int) {
	t.Helper()
	if all := datatest.Items[account](t, w.data, "accounts", "ada"); len(all) != 1 || all[0].Cents != cents {
		t.Errorf("the account is %+v, want %d cents", all, cents)
	}
}

func TestMarkOp(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, tt := range []struct {
		name string
		end  func(w *world, h handler.Handler, ctx context.Context, on accounts) error
		err  bool
	}{
		{"returns", func(_ *world, _ handler.Handler, ctx context.Context, on accounts) error { return pay(ctx, on) }, false},
		{"fails afterwards", func(_ *world, _ handler.Handler, ctx context.Context, on accounts) error {
			if err := pay(ctx, on); err != nil {
				return err
			}
			return broken
		}, true},
		{"dies afterwards", func(_ *world, _ handler.Handler, ctx context.Context, on accounts) error {
			if err := pay(ctx, on); err != nil {
				return err
			}
			panic("dies")
		}, true},
		{"pays twice", func(_ *world, _ handler.Handler, ctx context.Context, on accounts) error {
			if err := pay(ctx, on); err != nil {
				return err
			}
			return pay(ctx, on)
		}, true},
		{"hears no answer", func(w *world, _ handler.Handler, ctx context.Context, on accounts) error {
			datatest.Fail(w.t, w.data, datatest.Fault{Store: "table accounts", Op: "Transact", Err: datastore.ErrUnknown, Applied: true})
			return pay(ctx, on)
		}, true},
		{"is overtaken", func(w *world, h handler.Handler, ctx context.Context, on accounts) error {
			w.pass(time.Hour)
			if err := handlertest.DoRecord(w.t.Context(), h, message("1")); err != nil {
				w.t.Error(err)
			}
			err := pay(ctx, on)
			if !errors.Is(err, datastore.ErrConflict) {
				w.t.Errorf("the transaction of the one who was overtaken: %v", err)
			}
			return err
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, on := paying(t)
			first := true
			var h handler.Handler
			h = w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
				end := func(_ *world, _ handler.Handler, ctx context.Context, on accounts) error { return pay(ctx, on) }
				if first {
					first, end = false, tt.end
				}
				if err := end(w, h, ctx, on); err != nil {
					return nil, err
				}
				return worked(ctx, req)
			})
			func() {
				defer func() { _ = recover() }()
				if err := handlertest.DoRecord(t.Context(), h, message("1")); (err != nil) != tt.err {
					t.Errorf("the first delivery: %v", err)
				}
			}()
			wantCents(t, w, 5)
			if overtaken := tt.name == "is overtaken"; !overtaken && w.log.Len() > 0 {
				t.Errorf("log: %s", w.log.String())
			}
			runs := w.runs
			w.pass(time.Hour)
			if err := handlertest.DoRecord(t.Context(), h, message("1")); err != nil {
				t.Errorf("the second delivery: %v", err)
			}
			wantCents(t, w, 5)
			w.wantRuns(runs)
		})
	}
}

// TestMarkOpUnused: a handler that made an operation and did not carry it out has not
// marked anything.
func TestMarkOpUnused(t *testing.T) {
	t.Parallel()
	w, on := paying(t)
	h := w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		if w.runs == 1 {
			return nil, pay(ctx, on, table.UpdateOp(on, table.PK("eve"), table.Changes(table.Add("cents", -5)))) // no such account
		}
		if err := pay(ctx, on); err != nil {
			return nil, err
		}
		return worked(ctx, req)
	})
	if err := handlertest.DoRecord(t.Context(), h, message("1")); !errors.Is(err, datastore.ErrNotFound) {
		t.Errorf("the first delivery: %v", err)
	}
	if err := handlertest.DoRecord(t.Context(), h, message("1")); err != nil {
		t.Errorf("the second delivery: %v", err)
	}
	w.wantRuns(2)
	wantCents(t, w, 5)
}

// TestMarkOpRequest: a request that is marked in a transaction has its answer as well,
// unless the function died in between.
func TestMarkOpRequest(t *testing.T) {
	t.Parallel()
	w, on := paying(t)
	dies := false
	h := w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		if err := pay(ctx, on); err != nil {
			return nil, err
		}
		if dies {
			panic("dies")
		}
		return created(ctx, req)
	})
	do(t, h, place("a"))
	if a := do(t, h, place("a")); a.Status != 201 || a.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%+v", a)
	}
	wantCents(t, w, 5)
	dies = true
	func() {
		defer func() { _ = recover() }()
		do(t, h, place("b"))
	}()
	wantStatus(t, do(t, h, place("b")), 409, "answer_not_stored")
	wantCents(t, w, 10)
	w.wantRuns(2)
}

func TestMarkOpWithoutOnce(t *testing.T) {
	t.Parallel()
	w, on := paying(t)
	if err := pay(t.Context(), on); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("without a Once: %v", err)
	}
	h := w.once(func(ctx context.Context, req *handler.Request) (*handler.Response, error) { return nil, pay(ctx, on) })
	if _, err := h.Handle(t.Context(), place("")); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("a request without a key: %v", err)
	}
	if all := datatest.Items[account](t, w.data, "accounts", "ada"); len(all) > 0 {
		t.Errorf("the account is %+v", all)
	}
}
