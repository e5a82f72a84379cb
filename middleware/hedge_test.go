package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// lane is how one attempt goes: how long it takes, and what comes of it.
type lane struct {
	takes  time.Duration
	err    error
	status int
	panics bool
	deaf   bool // to its context
}

// lanes is a handler of which each run takes the next.
type lanes struct {
	mu              sync.Mutex
	list            []lane
	runs            int
	cancelled, done atomic.Int64
}

func (l *lanes) Handle(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
	l.mu.Lock()
	n := l.runs
	l.runs++
	lane := l.list[min(n, len(l.list)-1)]
	l.mu.Unlock()
	if lane.deaf {
		time.Sleep(lane.takes)
	} else {
		select {
		case <-time.After(lane.takes):
		case <-ctx.Done():
			l.cancelled.Add(1)
			return nil, ctx.Err()
		}
	}
	if lane.panics {
		panic("oh")
	}
	if lane.err != nil {
		return nil, lane.err
	}
	resp := &handler.Response{Status: lane.status, Body: fmt.Append(nil, n)}
	resp.OnDone(func(error) { l.done.Add(1) })
	return resp, nil
}

func hedged(opts middleware.HedgeOptions) handler.Middleware {
	opts.Budget = 1
	if opts.Delay == 0 {
		opts.Delay = 50 * time.Millisecond
	}
	return middleware.NewHedge(&opts).Middleware()
}

// TestHedge: the better answer that comes first is taken, and no attempt is left over.
func TestHedge(t *testing.T) {
	t.Parallel()
	const slow, quick = 300 * time.Millisecond, 10 * time.Millisecond
	bad := errors.New("bad")
	for name, tt := range map[string]struct {
		method          string
		lanes           []lane
		runs            int
		body            string
		status          int
		took            time.Duration
		cancelled, done int64 // of the attempts, of the responses that were not taken
	}{
		"the first is quick":             {"GET", []lane{{takes: quick}}, 1, "0", 200, quick, 0, 0},
		"the second is quicker":          {"GET", []lane{{takes: slow}, {takes: quick}}, 2, "1", 200, 60 * time.Millisecond, 1, 0},
		"the first is quicker after all": {"GET", []lane{{takes: 70 * time.Millisecond}, {takes: slow}}, 2, "0", 200, 70 * time.Millisecond, 1, 0},
		"the first is deaf":              {"GET", []lane{{takes: slow, deaf: true}, {takes: quick}}, 2, "1", 200, 60 * time.Millisecond, 0, 1},
		"the first fails before":         {"GET", []lane{{takes: quick, err: bad}, {takes: quick}}, 1, "", 500, quick, 0, 0},
		"the second fails":               {"GET", []lane{{takes: slow}, {takes: quick, err: bad}}, 2, "0", 200, slow, 0, 0},
		"the second is an answer of 503": {"GET", []lane{{takes: slow}, {takes: quick, status: 503}}, 2, "0", 200, slow, 0, 1},
		"the first fails late":           {"GET", []lane{{takes: 70 * time.Millisecond, err: bad}, {takes: slow}}, 2, "1", 200, 50*time.Millisecond + slow, 0, 0},
		"both fail":                      {"GET", []lane{{takes: slow, err: bad}, {takes: quick, err: bad}}, 2, "", 500, slow, 0, 0},
		"the first panics":               {"GET", []lane{{takes: slow, panics: true}, {takes: 2 * slow}}, 2, "1", 200, 50*time.Millisecond + 2*slow, 0, 0},
		"both panic":                     {"GET", []lane{{takes: slow, panics: true}}, 2, "", 500, 50*time.Millisecond + slow, 0, 0},
		"no read":                        {"POST", []lane{{takes: slow}}, 1, "0", 200, slow, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := &lanes{list: tt.lanes}
				begun := time.Now()
				resp, err := hedged(middleware.HedgeOptions{})(l).Handle(t.Context(), handlertest.Request(tt.method, "/"))
				took := time.Since(begun)
				if err != nil {
					resp = handler.Respond(handlertest.Request("GET", "/"), err)
				}
				if l.runs != tt.runs || resp.StatusCode() != tt.status || err == nil && string(resp.Body) != tt.body || took != tt.took {
					t.Errorf("%d runs, %d %q after %v, error = %v; want %d, %d %q after %v", l.runs, resp.StatusCode(), resp.Body, took, err, tt.runs, tt.status, tt.body, tt.took)
				}
				time.Sleep(time.Second)
				if l.cancelled.Load() != tt.cancelled || l.done.Load() != tt.done {
					t.Errorf("%d cancelled, %d answers dropped; want %d, %d", l.cancelled.Load(), l.done.Load(), tt.cancelled, tt.done)
				}
			})
		})
	}
}

// TestHedgeRecord: records have effects.
func TestHedgeRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &lanes{list: []lane{{takes: time.Second, status: 204}}}
		h := hedged(middleware.HedgeOptions{Read: anyRequest})(l)
		if err := handlertest.DoRecord(t.Context(), h, datastore.Record{ID: "1"}); err != nil || l.runs != 1 {
			t.Errorf("%d runs, error = %v, want 1", l.runs, err)
		}
	})
}

// TestHedgeStream: a stream that was taken has its context until its end.
func TestHedgeStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var inner context.Context
		h := hedged(middleware.HedgeOptions{})(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			inner = ctx
			return &handler.Response{Stream: func(context.Context, io.Writer) error { return ctx.Err() }}, nil
		}))
		resp, err := h.Handle(t.Context(), handlertest.Request("GET", "/"))
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Stream(t.Context(), io.Discard); err != nil {
			t.Errorf("the stream: %v", err)
		}
		if resp.Done(nil); inner.Err() == nil {
			t.Error("its context goes on after the stream")
		}
	})
}

// TestHedgeCaller: when the caller goes, both attempts end, and no other begins.
func TestHedgeCaller(t *testing.T) {
	t.Parallel()
	for at, runs := range map[time.Duration]int{20 * time.Millisecond: 1, 100 * time.Millisecond: 2} {
		synctest.Test(t, func(t *testing.T) {
			l := &lanes{list: []lane{{takes: time.Hour}}}
			ctx, cancel := context.WithTimeout(t.Context(), at)
			defer cancel()
			begun := time.Now()
			_, err := hedged(middleware.HedgeOptions{})(l).Handle(ctx, handlertest.Request("GET", "/"))
			if !errors.Is(err, context.DeadlineExceeded) || l.runs != runs || time.Since(begun) != at {
				t.Errorf("after %v: %d runs, error = %v after %v, want %d", at, l.runs, err, time.Since(begun), runs)
			}
		})
	}
}

// TestHedgeQuantile: the delay is learnt, and second attempts stay within the budget.
func TestHedgeQuantile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := middleware.NewHedge(nil)
		var runs atomic.Int64
		read := func(takes time.Duration) (took time.Duration) {
			begun := time.Now()
			var again atomic.Bool
			_, err := middleware.Guarded(t.Context(), func(ctx context.Context) (int, error) {
				runs.Add(1)
				wait := takes
				if again.Swap(true) {
					wait = time.Millisecond
				}
				select {
				case <-time.After(wait):
					return 0, nil
				case <-ctx.Done():
					return 0, ctx.Err()
				}
			}, h)
			if err != nil {
				t.Error(err)
			}
			took = time.Since(begun)
			synctest.Wait() // for the attempt that was not taken
			return took
		}
		if took := read(time.Minute); took != time.Minute {
			t.Errorf("before anything is known: %v, want a minute", took)
		}
		for i := range 99 { // 1 to 99 milliseconds, in no order
			read(time.Duration(i*37%99+1) * time.Millisecond)
		}
		if n := runs.Load(); n > 110 {
			t.Errorf("%d attempts of 100 calls, want 110 at most", n)
		}
		before := runs.Load()
		if took := read(time.Minute); took < 80*time.Millisecond || took > 110*time.Millisecond || runs.Load() != before+2 {
			t.Errorf("a slow read took %v and %d attempts, want the 95th of 100 milliseconds, and two", took, runs.Load()-before)
		}
		before = runs.Load()
		for range 100 {
			read(time.Second)
		}
		if extra := runs.Load() - before - 100; extra < 9 || extra > 20 {
			t.Errorf("%d second attempts of 100 slow reads, want a tenth, and what was left over", extra)
		}
	})
}
