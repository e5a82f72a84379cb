package faults

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Promises holds a driver to what all drivers promise of a network that fails: it
// puts a [Proxy] between the driver and its server, and lets each operation meet
// each fault.
//
//	func TestPromises(t *testing.T) {
//		faults.Promises[store]{
//			Serve: func(t *testing.T) (upstream, told string) {
//				url := servers.URL(t, "TIERKIT_TEST_MOTO")
//				return url, newBucket(t, url)
//			},
//			Open: func(t *testing.T, url, told string, now func() time.Time) store { ... },
//			Operations: []faults.Operation[store]{
//				{Name: "Get", Do: func(ctx context.Context, s store) error { _, err := s.Get(ctx, "key"); return err }},
//				{Name: "Put", Do: ..., Write: true, Repeatable: true},
//			},
//		}.Run(t)
//	}
//
// It runs in other processes too, as [Frozen] does.
type Promises[H any] struct {
	// Serve finds or starts the server, makes there what Open needs, and answers
	// the server's address, for [NewProxy]. told is handed to Open as it is. It is
	// called once, in the test's own process.
	Serve func(t *testing.T) (upstream, told string)
	// Open is a handle with connections of its own to the server at url, which is a
	// proxy's. now is its clock. It sends nothing, and what it leaves behind ends
	// with t.
	Open func(t *testing.T, url, told string, now func() time.Time) H
	// Operations are one of each sort.
	Operations []Operation[H]
	// Tail is how many bytes at the end of an answer nobody needs, so that an answer
	// that was cut there is a whole one.
	Tail int
}

// Operation is one of a driver's operations.
type Operation[H any] struct {
	Name string
	// Do succeeds however often it is called, unless something fails, which a short
	// answer is too.
	Do func(ctx context.Context, handle H) error
	// Write says that it changes something, so that the outcome is unknown if the
	// answer was lost.
	Write bool
	// Repeatable says of a write that it may be sent again then. Reads are.
	Repeatable bool
	// Whole says that one attempt has all the time there is, so that none is left
	// for a second one after an attempt that is never answered.
	Whole bool
	// Effects counts how often it took effect so far: for writes of databases, whose
	// clients make a connection of their own to cancel a statement, so that requests
	// say nothing. nil where requests do.
	Effects func(ctx context.Context, handle H) (int, error)
}

// repeated reports whether it is sent again when its answer was lost.
func (o Operation[H]) repeated() bool { return !o.Write || o.Repeatable }

// countable reports whether a new connection after a fault is a sign that it was sent
// again. Clients of databases make one by themselves to cancel a statement.
func (o Operation[H]) countable() bool { return !o.repeated() && !o.Whole }

// lost is what is answered if all answers are lost.
func (o Operation[H]) lost() error {
	if o.Write {
		return datastore.ErrUnknown
	}
	return datastore.ErrUnavailable
}

// outOfTime reports whether err is what a read may answer, too, that the deadline
// has ended.
func (o Operation[H]) outOfTime(err error) bool {
	return !o.Write && errors.Is(err, datastore.ErrNoBudget)
}

// The times of the tests.
const (
	tightDeadline = 200 * time.Millisecond
	roomyDeadline = time.Second
	lateness      = 500 * time.Millisecond // of a busy machine
	shortFreeze   = time.Second            // by which no driver gives up a connection
	thawLimit     = 800 * time.Millisecond // of all operations at once
)

// Run runs the tests, each as a subtest of t, which must not be a parallel one.
func (p Promises[H]) Run(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		upstream, told := p.Serve(t)
		p.Serve = func(*testing.T) (string, string) { return upstream, told }
	}
	t.Run("not granted", p.denied)
	t.Run("deadline, live connections", func(t *testing.T) { p.deadline(t, true) })
	t.Run("deadline, new connections", func(t *testing.T) { p.deadline(t, false) })
	for _, c := range []struct {
		name string
		test func(*testing.T, Operation[H])
	}{
		{"black hole", p.blackHole}, {"FIN", p.closed((*Proxy).FIN)}, {"reset", p.closed((*Proxy).Reset)},
		{"delay", p.delay}, {"lost answer", p.lostAnswer}, {"cut", p.cut}, {"always cut", p.alwaysCut}, {"stopped server", p.stopped},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, op := range p.Operations {
				t.Run(op.Name, func(t *testing.T) {
					t.Parallel()
					c.test(t, op)
				})
			}
		})
	}
	t.Run("freeze", func(t *testing.T) { p.frozen(0).Run(t) })
	for name, fault := range map[string]func(*Proxy){"FIN": (*Proxy).FIN, "reset": (*Proxy).Reset} {
		t.Run("short freeze, "+name, func(t *testing.T) {
			if got := p.frozen(shortFreeze).Thaw(t, fault); got.Err != "" {
				t.Errorf("the first calls after a freeze: %s", got.Err)
			}
		})
	}
}

// warm is a handle with a connection to a server, and how many requests one
// operation is.
func (p Promises[H]) warm(t *testing.T, op Operation[H]) (proxy *Proxy, call func(context.Context) error, requests int) {
	t.Helper()
	proxy, _, call, requests = p.warmHandle(t, op)
	return proxy, call, requests
}

func (p Promises[H]) warmHandle(t *testing.T, op Operation[H]) (proxy *Proxy, handle H, call func(context.Context) error, requests int) {
	t.Helper()
	upstream, told := p.Serve(t)
	proxy = NewProxy(t, upstream)
	handle = p.Open(t, proxy.URL(), told, time.Now)
	call = func(ctx context.Context) error { return op.Do(ctx, handle) }
	connections := 0
	for range 2 { // the first one connects
		connections, requests = proxy.Connections(), proxy.Requests()
		if err := call(t.Context()); err != nil {
			t.Fatalf("%s before all faults: %v", op.Name, err)
		}
	}
	requests = proxy.Requests() - requests
	if n := proxy.Connections(); n != connections || requests == 0 {
		t.Fatalf("%s: %d connections after the first call, %d after the second, which was %d requests: no fault would be felt; see Keeping",
			op.Name, connections, n, requests)
	}
	return proxy, handle, call, requests
}

// within calls call with that much time.
func within(t *testing.T, limit time.Duration, call func(context.Context) error) (took time.Duration, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	begin := time.Now()
	err = call(ctx)
	if took = time.Since(begin); took > limit+lateness {
		t.Errorf("the call took %v (error = %v), want %v at most", took, err, limit)
	}
	return took, err
}

// denied: what a function was not granted is refused before anything is sent: here, to
// be used by another one than the handle's.
func (p Promises[H]) denied(t *testing.T) {
	upstream, told := p.Serve(t)
	proxy := NewProxy(t, upstream)
	ctx := datastore.WithFunction(t.Context(), "another function")
	for _, op := range p.Operations {
		if err := op.Do(ctx, p.Open(t, proxy.URL(), told, time.Now)); !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("%s by another function: error = %v, want %v", op.Name, err, datastore.ErrDenied)
		}
	}
	if n := proxy.Connections(); n != 0 {
		t.Errorf("%d connections were made for what is not granted", n)
	}
}

// deadline: no call outlives its deadline, and none leaves a goroutine behind.
func (p Promises[H]) deadline(t *testing.T, live bool) {
	upstream, told := p.Serve(t)
	NoGoroutines(t)
	proxy := NewProxy(t, upstream)
	var calls sync.WaitGroup
	handles := make([]H, len(p.Operations))
	for i, op := range p.Operations {
		handles[i] = p.Open(t, proxy.URL(), told, time.Now)
		if live {
			if err := op.Do(t.Context(), handles[i]); err != nil {
				t.Fatalf("%s before all faults: %v", op.Name, err)
			}
		}
	}
	proxy.BlackHoleAll()
	for i, op := range p.Operations {
		calls.Go(func() {
			_, err := within(t, tightDeadline, func(ctx context.Context) error { return op.Do(ctx, handles[i]) })
			unsent := !live && errors.Is(err, datastore.ErrUnavailable) // by want of a handshake
			if !errors.Is(err, op.lost()) && !unsent && !op.outOfTime(err) {
				t.Errorf("%s in a black hole: error = %v, want %v", op.Name, err, op.lost())
			}
		})
	}
	calls.Wait()
}

// blackHole: an attempt that is not answered leaves time for one on a new
// connection.
func (p Promises[H]) blackHole(t *testing.T, op Operation[H]) {
	proxy, call, _ := p.warm(t, op)
	proxy.BlackHole()
	_, err := within(t, roomyDeadline, call)
	switch {
	case op.Whole:
		if !errors.Is(err, op.lost()) && !op.outOfTime(err) {
			t.Errorf("error = %v, want %v", err, op.lost())
		}
	case op.repeated():
		if err != nil || proxy.Connections() < 2 {
			t.Errorf("error = %v with %d connections, want none with a second one", err, proxy.Connections())
		}
	case !errors.Is(err, datastore.ErrUnknown):
		t.Errorf("error = %v, want %v: it is not sent again", err, datastore.ErrUnknown)
	}
	if _, err := within(t, callDeadline, call); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

// closed: a connection that ended while nobody used it costs no call, not even of
// what cannot be sent again.
func (p Promises[H]) closed(fault func(*Proxy)) func(*testing.T, Operation[H]) {
	return func(t *testing.T, op Operation[H]) {
		proxy, call, _ := p.warm(t, op)
		for range 5 { // it is a race between the news and the call
			fault(proxy)
			if _, err := within(t, callDeadline, call); err != nil {
				t.Fatalf("the call after it: %v", err)
			}
		}
	}
}

// delay: a slow answer is waited for, and nothing is sent twice meanwhile.
func (p Promises[H]) delay(t *testing.T, op Operation[H]) {
	proxy, call, requests := p.warm(t, op)
	proxy.Delay(50 * time.Millisecond)
	before := proxy.Requests()
	_, err := within(t, callDeadline, call)
	if sent := proxy.Requests() - before; err != nil || sent != requests {
		t.Errorf("error = %v after %d requests, want none after %d", err, sent, requests)
	}
}

// lostAnswer: what was carried out although its answer was lost is sent again only
// where that is safe.
func (p Promises[H]) lostAnswer(t *testing.T, op Operation[H]) {
	proxy, handle, call, requests := p.warmHandle(t, op)
	effects := func() int {
		if op.Effects == nil {
			return 0
		}
		n, err := op.Effects(t.Context(), handle)
		if err != nil {
			t.Fatalf("the effects of %s: %v", op.Name, err)
		}
		return n
	}
	done := effects()
	before := proxy.Requests()
	proxy.LoseAnswer()
	_, err := within(t, callDeadline, call)
	if proxy.Lost() != 1 {
		t.Fatalf("%d answers were lost, want 1", proxy.Lost())
	}
	sent := proxy.Requests() - before
	if op.Effects != nil {
		sent = effects() - done
	}
	wantOutcome(t, op, err, sent, requests)
	if _, err := within(t, callDeadline, call); err != nil {
		t.Errorf("the next call: %v", err)
	}
}

// wantOutcome is what becomes of an operation of so many requests the first of
// which was answered wrongly.
func wantOutcome[H any](t *testing.T, op Operation[H], err error, sent, requests int) {
	t.Helper()
	switch {
	case op.repeated() && (err != nil || sent <= requests):
		t.Errorf("error = %v after %d requests, want none after more than %d", err, sent, requests)
	case !op.repeated() && (!errors.Is(err, datastore.ErrUnknown) || sent != 1):
		t.Errorf("error = %v after %d requests, want %v after one", err, sent, datastore.ErrUnknown)
	}
}

// cut: an answer that ends before its end is none, wherever it was cut. Each is cut on a
// proxy of its own: clients of databases can be about to cancel the statement before, and
// that would be the answer that is cut.
func (p Promises[H]) cut(t *testing.T, op Operation[H]) {
	length := p.answerBytes(t, op)
	for _, at := range []int{1, length / 2, length - p.Tail - 8} { // ids in answers differ by some bytes
		proxy, call, _ := p.warm(t, op)
		before := proxy.Connections()
		proxy.CutNext(at)
		_, err := within(t, callDeadline, call)
		again := proxy.Connections() - before
		proxy.Pass()
		switch {
		case op.repeated() && (err != nil || again == 0):
			t.Errorf("cut after %d of about %d bytes: error = %v with %d new connections, want none with one", at, length, err, again)
		case !op.repeated() && (!errors.Is(err, datastore.ErrUnknown) || op.countable() && again != 0):
			t.Errorf("cut after %d of about %d bytes: error = %v with %d new connections, want %v with none", at, length, err, again, datastore.ErrUnknown)
		}
		if err := call(t.Context()); err != nil {
			t.Fatalf("the call after a cut one: %v", err)
		}
	}
}

// answerBytes is how long an answer to the operation is.
func (p Promises[H]) answerBytes(t *testing.T, op Operation[H]) int {
	t.Helper()
	proxy, call, requests := p.warm(t, op)
	length := 0
	for range 3 { // one of them may be the first of a connection, which takes more
		before := proxy.Passed()
		if err := call(t.Context()); err != nil {
			t.Fatalf("a call that is not cut: %v", err)
		}
		took := (proxy.Passed() - before) / requests
		if length == 0 || took < length {
			length = took
		}
	}
	return length
}

// alwaysCut: the same where no attempt gets an answer.
func (p Promises[H]) alwaysCut(t *testing.T, op Operation[H]) {
	proxy, call, _ := p.warm(t, op)
	proxy.CutAfter(1)
	before := proxy.Connections()
	_, err := within(t, tightDeadline, call)
	if again := proxy.Connections() - before; !errors.Is(err, op.lost()) || op.countable() && again != 0 {
		t.Errorf("error = %v with %d new connections, want %v, and none if it is not sent again", err, again, op.lost())
	}
}

// stopped: while nothing listens nothing is sent, and calls say so; when the
// server is back, so is the driver.
func (p Promises[H]) stopped(t *testing.T, op Operation[H]) {
	proxy, call, _ := p.warm(t, op)
	proxy.Refuse()
	proxy.FIN()
	for range 2 {
		if _, err := within(t, tightDeadline, call); !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("error = %v, want %v", err, datastore.ErrUnavailable)
		}
	}
	proxy.Pass()
	if _, err := within(t, callDeadline, call); err != nil {
		t.Errorf("when the server is back: %v", err)
	}
}

// frozen is a client that does all operations, each by a connection of its own, at
// the same time.
func (p Promises[H]) frozen(idle time.Duration) Frozen {
	return Frozen{
		Idle:  idle,
		Limit: thawLimit,
		Serve: p.Serve,
		Open: func(t *testing.T, url, told string, now func() time.Time) func(context.Context) error {
			handles := make([]H, len(p.Operations))
			for i := range handles {
				handles[i] = p.Open(t, url, told, now)
			}
			return func(ctx context.Context) error {
				errs := make([]error, len(handles))
				var calls sync.WaitGroup
				for i, op := range p.Operations {
					calls.Go(func() {
						if err := op.Do(ctx, handles[i]); err != nil {
							errs[i] = fmt.Errorf("%s: %w", op.Name, err)
						}
					})
				}
				calls.Wait()
				return errors.Join(errs...)
			}
		},
	}
}
