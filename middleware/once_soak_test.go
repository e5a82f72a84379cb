package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// job is a message of the soak, and the item that counts its effects.
type job struct {
	ID string `json:"id" table:"id,pk"`
	N  int    `json:"-" table:"n"`
}

// dice are thrown by many, the same in each run but for who is first.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
}

// falls is true once in so many times.
func (d *dice) falls(once int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.IntN(once) == 0
}

// sandbox is where one invocation runs. When it dies nothing that still runs in it has
// an effect any more.
type sandbox struct{ dead atomic.Bool }

type sandboxKey struct{}

func sandboxOf(ctx context.Context) *sandbox { return ctx.Value(sandboxKey{}).(*sandbox) }

var errDead = &datastore.Error{Kind: datastore.ErrUnavailable, Err: errors.New("the sandbox has died")}

// mortal are tables before, during and after whose writes sandboxes die, whose writes
// fail, and whose answers are lost.
type mortal struct {
	*filetable.Driver
	dice                        *dice
	deaths, refused, unanswered atomic.Int64
}

func (m *mortal) OpenTable(ctx context.Context, data *datastore.Data, spec table.Spec) (table.Conn, error) {
	conn, err := m.Driver.OpenTable(ctx, data, spec)
	return &mortalTable{conn, m}, err
}

func (m *mortal) die(s *sandbox) error {
	if s.dead.CompareAndSwap(false, true) {
		m.deaths.Add(1)
	}
	return errDead
}

func (m *mortal) do(ctx context.Context, write func() error) error {
	s := sandboxOf(ctx)
	switch {
	case s.dead.Load():
		return errDead
	case m.dice.falls(400):
		return m.die(s)
	case m.dice.falls(400):
		_ = write()
		return m.die(s)
	case m.dice.falls(200):
		m.refused.Add(1)
		return &datastore.Error{Kind: datastore.ErrUnavailable}
	case m.dice.falls(200):
		if err := write(); err != nil {
			return err
		}
		m.unanswered.Add(1)
		return &datastore.Error{Kind: datastore.ErrUnknown}
	}
	return write()
}

type mortalTable struct {
	table.Conn
	*mortal
}

func (m *mortalTable) Write(ctx context.Context, w table.Write) error {
	return m.do(ctx, func() error { return m.Conn.Write(ctx, w) })
}

func (m *mortalTable) Transact(ctx context.Context, tx table.Transaction) error {
	tx.Writes = slices.Clone(tx.Writes)
	for i := range tx.Writes {
		tx.Writes[i].Conn = tx.Writes[i].Conn.(*mortalTable).Conn
	}
	return m.do(ctx, func() error { return m.Conn.Transact(ctx, tx) })
}

type ledger interface {
	table.Updater[job]
	table.Transactor
	table.Scanner[job]
}

// soak is a function that works off a queue, in sandboxes that die.
type soak struct {
	*mortal
	app    *tier.App
	data   *datastore.Data
	ledger ledger
	send   queue.ManySender[job]

	mu     sync.Mutex
	others map[string]int // effects that are in no transaction
	tally  struct{ invocations, twice, unanswered, overslept, broken int }
}

func newSoak(t *testing.T) *soak {
	s := &soak{mortal: &mortal{Driver: filetable.Memory(), dice: &dice{r: rand.New(rand.NewPCG(1, 2))}}, others: map[string]int{}}
	s.data = datatest.New(t, datatest.Now(time.Now), datatest.With(s.mortal))
	s.app = tier.New("soak")
	worker := s.app.Function("worker", tier.Timeout(10*time.Second))
	marks := datastore.Use[middleware.Marks](worker, table.New[middleware.Mark](s.data, "marks"))
	s.ledger = datastore.Use[ledger](worker, table.New[job](s.data, "ledger"))
	jobs := queue.New[job](s.data, "jobs")
	s.send = datastore.Use[queue.ManySender[job]](worker, jobs)
	once := middleware.Once(marks, &middleware.OnceOptions{Log: slog.New(slog.DiscardHandler)})
	tier.On(worker, jobs, s.work, tier.With(once), tier.BatchSize(100), tier.BatchWindow(time.Second), tier.Parallel(10))
	return s
}

func (s *soak) count(n *int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*n++
}

// work has one effect within the transaction of the mark and one outside.
func (s *soak) work(ctx context.Context, j job) error {
	if s.dice.falls(20) {
		s.count(&s.tally.broken)
		return errors.New("broken")
	}
	if s.dice.falls(500) { // a sandbox that was frozen, and thaws when others have the record
		s.count(&s.tally.overslept)
		ctx = context.WithoutCancel(ctx)
		time.Sleep(61*time.Second + 5*time.Minute*time.Duration(len(j.ID)%2))
	}
	s.mu.Lock()
	if !sandboxOf(ctx).dead.Load() {
		s.others[j.ID]++
	}
	s.mu.Unlock()
	err := s.ledger.Transact(ctx,
		table.UpdateOp(s.ledger, table.PK(j.ID), table.Changes(table.Add("n", 1)).OrCreate()), middleware.MarkOp(ctx))
	if err == nil && s.dice.falls(50) {
		return errors.New("broken afterwards")
	}
	return err
}

// function runs each invocation in a sandbox, some in two, and loses some answers.
func (s *soak) function(t *testing.T) local.Function {
	f, err := local.FunctionOf(s.app.FunctionNamed("worker"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	inner := f.Invoke
	run := func(ctx context.Context, payload []byte) ([]byte, error) {
		s.count(&s.tally.invocations)
		box := &sandbox{}
		out, err := inner(context.WithValue(ctx, sandboxKey{}, box), payload)
		if box.dead.Load() {
			return nil, errDead
		}
		return out, err
	}
	f.Invoke = func(ctx context.Context, payload []byte) ([]byte, error) {
		if s.dice.falls(10) { // SQS has delivered it twice
			s.count(&s.tally.twice)
			var other sync.WaitGroup
			other.Go(func() { _, _ = run(ctx, payload) })
			if s.dice.falls(2) {
				other.Wait()
			} else {
				defer other.Wait()
			}
		}
		out, err := run(ctx, payload)
		if s.dice.falls(20) {
			s.count(&s.tally.unanswered)
			return nil, errDead
		}
		return out, err
	}
	f.Stream = nil
	return f
}

// TestOnceSoak: of 100,000 records, or of 5,000 with -short and under the race
// detector, none is lost, and none is
// applied twice, whatever dies.
func TestOnceSoak(t *testing.T) {
	t.Parallel()
	n := 100_000
	if testing.Short() || underRace {
		n = 5_000
	}
	synctest.Test(t, func(t *testing.T) {
		s := newSoak(t)
		f := s.function(t)
		lambda, err := local.NewLambda(s.app, func(string) local.Function { return f }, nil)
		if err != nil {
			t.Fatal(err)
		}
		delivery, err := local.NewDelivery(s.app, s.data, lambda, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer delivery.Close()
		living := context.WithValue(t.Context(), sandboxKey{}, &sandbox{})
		for i := 0; i < n; i += 10 {
			batch := make([]queue.Message[job], 10)
			for k := range batch {
				batch[k].Body.ID = fmt.Sprintf("job-%d", i+k)
			}
			if _, err := s.send.SendMany(living, batch); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { delivery.Run(ctx) })
		for begin := time.Now(); len(datatest.Sent[job](t, s.data, "jobs")) > 0; time.Sleep(time.Minute) {
			if time.Since(begin) > 24*time.Hour {
				t.Fatal("the queue is not empty after a day")
			}
		}
		time.Sleep(time.Hour) // what overslept wakes
		cancel()
		running.Wait()
		if err := lambda.Close(); err != nil {
			t.Error(err)
		}
		s.check(t, n)
	})
}

func (s *soak) check(t *testing.T, n int) {
	t.Helper()
	applied := map[string]int{}
	for j, err := range table.ScanAll(t.Context(), s.ledger, table.Scan{}) {
		if err != nil {
			t.Fatal(err)
		}
		applied[j.ID] = j.N
	}
	lost, twice, least, more, effects := 0, 0, 0, 0, 0
	for i := range n {
		id := fmt.Sprintf("job-%d", i)
		switch {
		case applied[id] == 0:
			lost++
		case applied[id] > 1:
			twice++
		}
		if s.others[id] == 0 {
			least++
		}
		if s.others[id] > 1 {
			more++
		}
		effects += s.others[id]
	}
	t.Logf("%d records: %d lost, %d applied twice in the transaction of the mark", n, lost, twice)
	t.Logf("outside of it %d effects: %d records without, %d more than once", effects, least, more)
	t.Logf("%d sandboxes died, %d writes failed, %d lost their answer; %+v", s.deaths.Load(), s.refused.Load(), s.unanswered.Load(), s.tally)
	if lost > 0 || twice > 0 || len(applied) != n || least > 0 {
		t.Errorf("%d records lost, %d twice, %d without the other effect, %d in the ledger; want none, none, none, %d", lost, twice, least, len(applied), n)
	}
	if more == 0 || s.deaths.Load() == 0 || s.tally.overslept == 0 || s.unanswered.Load() == 0 {
		t.Error("nothing went wrong: the soak shows nothing")
	}
}
