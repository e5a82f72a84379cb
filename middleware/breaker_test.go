package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/dynamotable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/vpc/valkeycache"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

var quiet = slog.New(slog.DiscardHandler)

// grid is what several processes have in common: a clock, and a store of states.
type grid struct {
	t      *testing.T
	data   *datastore.Data
	states middleware.Circuits
	store  string

	mu    sync.Mutex
	now   time.Time
	reads int
}

func newGrid(t *testing.T, kind string) *grid {
	g := &grid{t: t, store: kind + " circuits", now: time.Date(2030, 1, 2, 3, 4, 5, 123456789, time.UTC)}
	g.data = datatest.New(t, datatest.Now(g.clock), datatest.Observe(g.observe))
	g.share(kind)
	return g
}

func (g *grid) share(kind string) {
	switch kind {
	case "table":
		g.states = middleware.CircuitsInTable(datastore.Use[middleware.CircuitTable](function{}, table.New[middleware.Circuit](g.data, "circuits")))
	case "cache":
		g.states = middleware.CircuitsInCache(datastore.Use[middleware.CircuitCache](function{}, cache.New[middleware.Circuit](g.data, "circuits")))
	}
}

func (g *grid) clock() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *grid) pass(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

func (g *grid) observe(ctx context.Context, op datastore.Operation) (context.Context, func(error)) {
	return ctx, func(error) {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.reads++
	}
}

// process is a breaker of one of them.
type process struct {
	*middleware.Breaker
	g *grid
}

func (g *grid) process() *process {
	return &process{middleware.NewBreaker("payments", g.states, &middleware.BreakerOptions{Now: g.clock, Log: quiet, Calls: 4}), g}
}

var errDown = storeError(datastore.ErrUnavailable)

// call is a call that ends in err; ran is false if it was not made.
func (p *process) call(err error) (ran bool) {
	p.g.t.Helper()
	_, got := middleware.Guarded(p.g.t.Context(), func(context.Context) (int, error) { ran = true; return 0, err }, p)
	if !ran && (!errors.Is(got, middleware.ErrCircuitOpen) || handler.AsError(got).StatusCode() != 503 || handler.AsError(got).Header.Get("Retry-After") == "") {
		p.g.t.Errorf("a call that was not made: error = %v, want 503 and when to try again", got)
	}
	return ran
}

func (p *process) calls(n int, err error) (ran int) {
	for range n {
		if p.call(err) {
			ran++
		}
	}
	return ran
}

// TestBreaker: it opens, tries again after its pause, and closes.
func TestBreaker(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"process alone", "table", "cache"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := newGrid(t, kind)
			p := g.process()
			if ran := p.calls(10, errDown); ran != 4 {
				t.Errorf("%d calls before it opens, want 4", ran)
			}
			g.pass(4 * time.Second)
			if p.call(nil) {
				t.Error("a call during the pause was made")
			}
			g.pass(2 * time.Second)
			if ran := p.calls(3, errDown); ran != 1 {
				t.Errorf("%d calls after the pause, want one that fails", ran)
			}
			g.pass(6 * time.Second)
			if ran := p.calls(5, nil); ran != 5 {
				t.Errorf("%d calls after one that succeeded, want 5", ran)
			}
			if ran := p.calls(10, errDown); ran != 4 {
				t.Errorf("%d calls before it opens again, want 4 beside 4 that succeeded", ran)
			}
		})
	}
}

// TestBreakerCounts: what counts as a failure.
func TestBreakerCounts(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	answer := func(resp *handler.Response, err error) step {
		return func() (*handler.Response, error) { return resp, err }
	}
	for name, tt := range map[string]struct {
		ctx  context.Context
		step step
		open bool
	}{
		"success":                    {t.Context(), answering(200), false},
		"not found":                  {t.Context(), failing(handler.Errorf(404, "no")), false},
		"too many requests":          {t.Context(), failing(handler.Errorf(429, "no")), true},
		"an answer of 502":           {t.Context(), answering(502), true},
		"an answer of 400":           {t.Context(), answering(400), false},
		"an error that was answered": {t.Context(), answer(&handler.Response{Status: 200, Err: errDown}, nil), true},
		"an unknown error":           {t.Context(), failing(io.ErrUnexpectedEOF), true},
		"time that is over":          {t.Context(), failing(context.DeadlineExceeded), true},
		"no time left in a store":    {t.Context(), failing(storeError(datastore.ErrNoBudget)), false},
		"a caller who has gone":      {gone, failing(context.Canceled), false},
		"a panic":                    {t.Context(), func() (*handler.Response, error) { panic("oh") }, true},
	} {
		b := middleware.NewBreaker("b", nil, &middleware.BreakerOptions{Calls: 2, Log: quiet})
		s := &steps{list: []step{tt.step}}
		for range 3 {
			func() {
				defer func() { _ = recover() }()
				_, _ = b.Middleware()(s).Handle(tt.ctx, handlertest.Request("GET", "/"))
			}()
		}
		if open := s.runs == 2; open != tt.open {
			t.Errorf("%s: open: %v after %d runs, want %v", name, open, s.runs, tt.open)
		}
	}
}

// TestBreakerStream: a stream counts when it has ended.
func TestBreakerStream(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "process alone")
	p := g.process()
	h := p.Middleware()(handler.HandlerFunc(func(context.Context, *handler.Request) (*handler.Response, error) {
		return &handler.Response{Stream: func(context.Context, io.Writer) error { return nil }}, nil
	}))
	for range 4 {
		resp, err := h.Handle(t.Context(), handlertest.Request("GET", "/"))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Done(nil)
		resp.Done(io.ErrUnexpectedEOF)
	}
	if _, err := h.Handle(t.Context(), handlertest.Request("GET", "/")); !errors.Is(err, middleware.ErrCircuitOpen) {
		t.Errorf("after streams that were cut off: %v, want an open circuit", err)
	}
}

// TestBreakerShared: what one process learns, the others know, one of them tries, and
// all of them go on.
func TestBreakerShared(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"table", "cache"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			shared(t, newGrid(t, kind))
		})
	}
}

func shared(t *testing.T, g *grid) {
	t.Helper()
	a, b := g.process(), g.process()
	if !b.call(nil) {
		t.Fatal("a closed circuit refuses")
	}
	a.calls(4, errDown)
	if !b.call(nil) {
		t.Error("a state that was read just now is read again")
	}
	g.pass(time.Second)
	if b.call(nil) || g.process().call(nil) {
		t.Error("a circuit that another process opened is closed to the others")
	}
	g.pass(5 * time.Second)
	tried := 0
	if _, err := middleware.Guarded(t.Context(), func(context.Context) (int, error) {
		tried = b.calls(3, nil) + g.process().calls(3, nil)
		return 0, nil
	}, a); err != nil || tried != 0 {
		t.Errorf("%d calls beside the one that tries, which answers %v; want none", tried, err)
	}
	g.pass(time.Second)
	if !b.call(nil) || !g.process().call(nil) {
		t.Error("it is closed, and others do not know")
	}
}

// TestBreakerProbeDies: where who tries never comes to an end, another one tries.
func TestBreakerProbeDies(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"table", "cache"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := newGrid(t, kind)
			a, b := g.process(), g.process()
			a.calls(4, errDown)
			g.pass(6 * time.Second)
			_, _ = middleware.Guarded(t.Context(), func(context.Context) (int, error) {
				g.pass(4 * time.Second)
				if b.call(nil) {
					t.Error("two try at once")
				}
				g.pass(2 * time.Second)
				if !b.call(nil) {
					t.Error("nobody else tries")
				}
				return 0, errDown
			}, a)
		})
	}
}

// TestBreakerReads: a closed circuit is read once in a while, and not for each call.
func TestBreakerReads(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "table")
	p := g.process()
	p.calls(100, nil)
	g.pass(time.Second)
	p.calls(100, nil)
	if g.reads != 2 {
		t.Errorf("%d operations for 200 calls in two seconds, want 2", g.reads)
	}
}

// TestBreakerStoreFails: a store that fails refuses nothing, and what the process has
// seen itself counts.
func TestBreakerStoreFails(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"table", "cache"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := newGrid(t, kind)
			write, lease := "Put", "Put"
			if kind == "cache" {
				write, lease = "Set", "Add"
			}
			fail := func(op string, times int) {
				datatest.Fail(t, g.data, datatest.Fault{Store: g.store, Op: op, Times: times, Err: datastore.ErrUnavailable})
			}
			p := g.process()
			fail("Get", 1)
			if !p.call(nil) {
				t.Error("a state that cannot be read refuses a call")
			}
			fail(write, 1)
			if ran := p.calls(10, errDown); ran != 3 {
				t.Errorf("%d calls before it opens, want 3 beside the one that succeeded", ran)
			}
			g.pass(2 * time.Second)
			if p.call(nil) {
				t.Error("the state that was not written is forgotten")
			}
			g.pass(4 * time.Second)
			if !p.call(errDown) { // and is written
				t.Error("nobody tries after the pause")
			}
			g.pass(6 * time.Second)
			fail(lease, 1)
			if p.calls(2, nil) != 2 {
				t.Error("a right that cannot be asked for refuses a call")
			}
		})
	}
}

// TestBreakerParallel: many calls at once, of several processes that know of the pause;
// one tries after it.
func TestBreakerParallel(t *testing.T) {
	t.Parallel()
	g := newGrid(t, "table")
	all := []*process{g.process(), g.process(), g.process()}
	all[0].calls(4, errDown)
	for _, p := range all[1:] {
		if p.call(nil) {
			t.Error("a process has not heard of the pause")
		}
	}
	g.pass(6 * time.Second)
	var wg sync.WaitGroup
	var mu sync.Mutex
	tried := 0
	hold := make(chan struct{})
	entered := make(chan struct{}, 30)
	for i := range 30 {
		wg.Go(func() {
			_, err := middleware.Guarded(t.Context(), func(context.Context) (int, error) {
				mu.Lock()
				tried++
				mu.Unlock()
				entered <- struct{}{}
				<-hold
				return 0, nil
			}, all[i%3])
			if errors.Is(err, middleware.ErrCircuitOpen) {
				entered <- struct{}{}
			}
		})
	}
	for range 30 {
		<-entered
	}
	close(hold)
	wg.Wait()
	if tried != 1 {
		t.Errorf("%d calls after the pause, want 1", tried)
	}
}

// The same with the drivers for AWS, on servers that others wrote; not on moto, which on
// a busy machine takes longer than a state may take.
func TestBreakerOnDynalite(t *testing.T) { sharedTable(t, "TIERKIT_TEST_DYNALITE") }
func TestBreakerOnDynoxide(t *testing.T) { sharedTable(t, "TIERKIT_TEST_DYNOXIDE") }

func sharedTable(t *testing.T, variable string) {
	t.Parallel()
	cfg := configOf(serverURL(t, variable))
	name := createTable(t, cfg, "name")
	sharedOn(t, "table", datastore.New([]datastore.Driver{dynamotable.With(cfg)}, &datastore.Options{
		Lookup: func(string) (string, bool) { return name, true },
	}))
}

func TestBreakerOnRedis(t *testing.T) {
	t.Parallel()
	url := serverURL(t, "TIERKIT_TEST_REDIS")
	sharedOn(t, "cache", datastore.New([]datastore.Driver{valkeycache.With(aws.Config{})}, &datastore.Options{
		Namespace: fmt.Sprintf("breaker-%d", startedAt),
		Lookup:    func(string) (string, bool) { return url, true },
	}))
}

func sharedOn(t *testing.T, kind string, data *datastore.Data) {
	t.Helper()
	g := &grid{t: t, data: data, now: time.Date(2030, 1, 2, 3, 4, 5, 123456789, time.UTC)}
	g.share(kind)
	shared(t, g)
}
