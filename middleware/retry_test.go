package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// step is what a handler answers once.
type step func() (*handler.Response, error)

func failing(err error) step { return func() (*handler.Response, error) { return nil, err } }

func answering(status int) step {
	return func() (*handler.Response, error) { return &handler.Response{Status: status}, nil }
}

// steps is a handler that takes one step after the other, and the last for ever.
type steps struct {
	list []step
	runs int
}

func (s *steps) Handle(context.Context, *handler.Request) (*handler.Response, error) {
	s.runs++
	return s.list[min(s.runs, len(s.list))-1]()
}

func storeError(kind error) error {
	return fmt.Errorf("read: %w", &datastore.Error{Store: "table t", Op: "get", Kind: kind})
}

func busy(after string) error {
	return &handler.Error{Status: 503, Header: http.Header{"Retry-After": {after}}}
}

var anyRequest = func(*handler.Request) bool { return true }

// TestRetry: what is repeated, and how often.
func TestRetry(t *testing.T) {
	t.Parallel()
	ok := answering(200)
	for name, tt := range map[string]struct {
		method string
		opts   *middleware.RetryOptions
		steps  []step
		runs   int
		want   int // status
	}{
		"it succeeds":                       {"GET", nil, []step{ok}, 1, 200},
		"throttled once":                    {"GET", nil, []step{failing(storeError(datastore.ErrThrottled)), ok}, 2, 200},
		"unavailable twice":                 {"GET", nil, []step{failing(storeError(datastore.ErrUnavailable)), failing(busy("")), ok}, 3, 200},
		"unavailable for ever":              {"GET", nil, []step{failing(storeError(datastore.ErrUnavailable))}, 3, 503},
		"more attempts":                     {"GET", &middleware.RetryOptions{Attempts: 5}, []step{failing(storeError(datastore.ErrUnavailable))}, 5, 503},
		"one attempt":                       {"GET", &middleware.RetryOptions{Attempts: 1}, []step{failing(storeError(datastore.ErrUnavailable))}, 1, 503},
		"too many requests":                 {"GET", nil, []step{failing(&handler.Error{Status: 429}), ok}, 2, 200},
		"an answer of 503":                  {"GET", nil, []step{answering(503), ok}, 2, 200},
		"an answer of 429":                  {"GET", nil, []step{answering(429), ok}, 2, 200},
		"an answer of 500":                  {"GET", nil, []step{answering(500), ok}, 1, 500},
		"an unknown error":                  {"GET", nil, []step{failing(errors.New("no idea")), ok}, 1, 500},
		"an unknown outcome":                {"GET", nil, []step{failing(storeError(datastore.ErrUnknown)), ok}, 1, 500},
		"no time left in a store":           {"GET", nil, []step{failing(storeError(datastore.ErrNoBudget)), ok}, 1, 503},
		"not found":                         {"GET", nil, []step{failing(storeError(datastore.ErrNotFound)), ok}, 1, 404},
		"an open circuit":                   {"GET", nil, []step{failing((&handler.Error{Status: 503}).Wrap(middleware.ErrCircuitOpen)), ok}, 1, 503},
		"a full bulkhead":                   {"GET", nil, []step{failing((&handler.Error{Status: 503}).Wrap(middleware.ErrBulkheadFull)), ok}, 1, 503},
		"a write":                           {"POST", nil, []step{failing(storeError(datastore.ErrThrottled)), ok}, 1, 503},
		"a PUT, which is not said either":   {"PUT", nil, []step{failing(storeError(datastore.ErrThrottled)), ok}, 1, 503},
		"a write that may be repeated":      {"POST", &middleware.RetryOptions{Repeatable: anyRequest}, []step{failing(storeError(datastore.ErrThrottled)), ok}, 2, 200},
		"an error that is said to be brief": {"GET", &middleware.RetryOptions{Temporary: func(error) bool { return true }}, []step{failing(errors.New("no idea")), ok}, 2, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &steps{list: tt.steps}
				a, _ := handlertest.Do(t.Context(), middleware.NewRetry(tt.opts).Middleware()(s), handlertest.Request(tt.method, "/"))
				if s.runs != tt.runs || a.Status != tt.want {
					t.Errorf("%d runs, status %d; want %d, %d", s.runs, a.Status, tt.runs, tt.want)
				}
			})
		})
	}
}

// TestRetryRecord: a record is repeated, as its source would.
func TestRetryRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &steps{list: []step{failing(storeError(datastore.ErrThrottled)), answering(204)}}
		err := handlertest.DoRecord(t.Context(), middleware.NewRetry(nil).Middleware()(s), datastore.Record{ID: "1"})
		if err != nil || s.runs != 2 {
			t.Errorf("%d runs, error = %v, want 2", s.runs, err)
		}
	})
}

// TestRetryWaits: pauses grow and have jitter, Retry-After is kept, and nothing is begun
// for which there is no time.
func TestRetryWaits(t *testing.T) {
	t.Parallel()
	half := func() float64 { return 0.5 }
	date := time.Date(2000, 1, 1, 0, 0, 7, 0, time.UTC).Format(http.TimeFormat) // a bubble begins at 0:00
	for name, tt := range map[string]struct {
		errs     []error
		deadline time.Duration
		runs     int
		took     time.Duration
	}{
		"two pauses":                  {[]error{busy(""), busy("")}, time.Minute, 3, 25*time.Millisecond + 50*time.Millisecond},
		"as long as asked for":        {[]error{busy("3"), nil}, time.Minute, 2, 3 * time.Second},
		"until the time asked for":    {[]error{busy(date), nil}, time.Minute, 2, 7 * time.Second},
		"longer than there is":        {[]error{busy("120"), nil}, time.Minute, 1, 0},
		"what nobody can read":        {[]error{busy("soon"), nil}, time.Minute, 2, 25 * time.Millisecond},
		"a number over all":           {[]error{busy("99999999999999999999"), nil}, time.Minute, 2, 25 * time.Millisecond},
		"no time for a pause":         {[]error{busy("")}, 50 * time.Millisecond, 1, 0},
		"no time for one attempt":     {[]error{busy("")}, time.Millisecond, 1, 0},
		"no deadline, and no success": {[]error{busy("")}, 0, 3, 25*time.Millisecond + 50*time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				if tt.deadline > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.deadline)
					defer cancel()
				}
				runs, begun := 0, time.Now()
				_, err := middleware.Guarded(ctx, func(context.Context) (int, error) {
					runs++
					return runs, tt.errs[min(runs, len(tt.errs))-1]
				}, middleware.NewRetry(&middleware.RetryOptions{Jitter: half}))
				if took := time.Since(begun); runs != tt.runs || took != tt.took {
					t.Errorf("%d runs in %v, error = %v, want %d in %v", runs, took, err, tt.runs, tt.took)
				}
			})
		})
	}
}

// TestRetryBudget: while nothing succeeds, there are no more than twenty repetitions.
func TestRetryBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, runs := middleware.NewRetry(nil), 0
		for range 100 {
			_, _ = middleware.Guarded(t.Context(), func(context.Context) (int, error) { runs++; return 0, busy("") }, r)
		}
		if runs != 120 {
			t.Errorf("100 calls made %d attempts, want 120", runs)
		}
	})
}

// TestRetryStream: a stream has begun and is not asked for again; answers that are not
// taken are told that they are done with.
func TestRetryStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs, done := 0, 0
		h := middleware.NewRetry(nil).Middleware()(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
			runs++
			resp := &handler.Response{Status: 503}
			resp.OnDone(func(error) { done++ })
			if runs == 3 {
				resp.Stream = func(context.Context, io.Writer) error { return nil }
			}
			return resp, nil
		}))
		resp, err := h.Handle(t.Context(), handlertest.Request("GET", "/"))
		if err != nil || resp.Stream == nil || runs != 3 || done != 2 {
			t.Errorf("%d runs, %d done, error = %v, want 3, 2", runs, done, err)
		}
		runs = 2
		if _, err = h.Handle(t.Context(), handlertest.Request("GET", "/")); err != nil || runs != 3 {
			t.Errorf("%d runs of a stream, error = %v, want 1", runs-2, err)
		}
	})
}

// TestRetryNote: the notes say that there were several attempts.
func TestRetryNote(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for want, list := range map[string][]step{
			"[attempts=2]": {failing(busy("")), answering(200)},
			"[]":           {answering(200)},
		} {
			ctx := middleware.WithNotes(t.Context())
			_, err := middleware.NewRetry(nil).Middleware()(&steps{list: list}).Handle(ctx, handlertest.Request("GET", "/"))
			if got := fmt.Sprint(notesOf(ctx)); got != want || err != nil {
				t.Errorf("notes %s, error = %v, want %s", got, err, want)
			}
		}
	})
}

// TestGuarded: guards stand in their order, and a call that was not made has no value.
func TestGuarded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		breaker := middleware.NewBreaker("b", nil, &middleware.BreakerOptions{Calls: 2, Log: quiet})
		runs := 0
		fail := func(context.Context) (io.Reader, error) { runs++; return nil, storeError(datastore.ErrUnavailable) }
		got, err := middleware.Guarded(t.Context(), fail, middleware.NewRetry(nil), breaker)
		if got != nil || !errors.Is(err, middleware.ErrCircuitOpen) || runs != 2 {
			t.Errorf("outside of a breaker: %v, %d runs, error = %v, want 2 and an open circuit", got, runs, err)
		}
		if got, err := middleware.Guarded(t.Context(), func(context.Context) (io.Reader, error) { return nil, nil }); got != nil || err != nil {
			t.Errorf("without guards: %v, %v, want nil, nil", got, err)
		}
	})
}

// TestRetryAround: a retry around a mux, and around Once, which lets a write be repeated.
func TestRetryAround(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := &steps{list: []step{failing(busy("")), answering(201)}}
	mux := handler.NewMux()
	if err := mux.Route("POST /orders", middleware.Once(&w.marks, &w.opts)(s)); err != nil {
		t.Fatal(err)
	}
	h := middleware.NewRetry(&middleware.RetryOptions{Repeatable: anyRequest, Jitter: func() float64 { return 0 }}).Middleware()(mux)
	for range 2 {
		if a, err := handlertest.Do(t.Context(), h, handlertest.Request("POST", "/orders", handlertest.Header("Idempotency-Key", "k"))); a.Status != 201 || err != nil {
			t.Errorf("answered %d, error = %v, want 201", a.Status, err)
		}
	}
	if s.runs != 2 {
		t.Errorf("%d runs of two equal requests of which the first failed once, want 2", s.runs)
	}
}

// TestGuardsEffect: what a guard answers itself is in the description of what it guards.
func TestGuardsEffect(t *testing.T) {
	t.Parallel()
	for want, mw := range map[string]handler.Middleware{
		"circuit_open": middleware.NewBreaker("b", nil, nil).Middleware(),
		"busy":         middleware.NewBulkhead("b", 1, nil).Middleware(),
		"": handler.Middleware(func(h handler.Handler) handler.Handler {
			return middleware.NewRetry(nil).Middleware()(middleware.NewHedge(nil).Middleware()(h))
		}),
	} {
		errs := handler.EffectOf("GET", mw).Errors
		if want == "" && len(errs) != 0 || want != "" && (len(errs) != 1 || errs[0].Code != want || errs[0].Status != 503) {
			t.Errorf("errors %v, want %q", errs, want)
		}
		if errs := handler.EffectOf("RECORD", mw).Errors; len(errs) != 0 {
			t.Errorf("errors of records %v, want none", errs)
		}
	}
}

// TestGuardsDeclared: a wrong declaration is told with its line.
func TestGuardsDeclared(t *testing.T) {
	t.Parallel()
	for name, declare := range map[string]func(){
		"attempts":             func() { middleware.NewRetry(&middleware.RetryOptions{Attempts: -1}) },
		"bulkhead, name":       func() { middleware.NewBulkhead("", 1, nil) },
		"bulkhead, room":       func() { middleware.NewBulkhead("b", 0, nil) },
		"bulkhead, wait":       func() { middleware.NewBulkhead("b", 1, &middleware.BulkheadOptions{Wait: -1}) },
		"breaker, name":        func() { middleware.NewBreaker("", nil, nil) },
		"breaker, long name":   func() { middleware.NewBreaker(fmt.Sprintf("%0129d", 0), nil, nil) },
		"breaker, pause":       func() { middleware.NewBreaker("b", nil, &middleware.BreakerOptions{Pause: -1}) },
		"breaker, ratio":       func() { middleware.NewBreaker("b", nil, &middleware.BreakerOptions{Ratio: 1.1}) },
		"no table of circuits": func() { middleware.CircuitsInTable(nil) },
		"no cache of circuits": func() { middleware.CircuitsInCache(nil) },
		"hedge, delay":         func() { middleware.NewHedge(&middleware.HedgeOptions{Delay: -1}) },
		"hedge, quantile":      func() { middleware.NewHedge(&middleware.HedgeOptions{Quantile: 1}) },
		"hedge, budget":        func() { middleware.NewHedge(&middleware.HedgeOptions{Budget: 2}) },
	} {
		func() {
			defer func() {
				err, _ := recover().(error)
				var mistake *datastore.DeclarationError
				if !errors.As(err, &mistake) || mistake.At.IsZero() || mistake.At.RelativeTo("/") == "" {
					t.Errorf("%s: panic %v, want a mistake with its line", name, err)
				}
			}()
			declare()
		}()
	}
}
