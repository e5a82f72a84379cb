package redshiftwire_test

import (
	"context"
	"errors"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
	"github.com/seed-18e8afb5/tierkit/datastore/warehouse"
)

var one = warehouse.Statement{SQL: "SELECT 1"}

// proxied is a warehouse behind a proxy.
func proxied(t *testing.T) (*faults.Proxy, all) {
	t.Helper()
	s := newServer(t)
	p := faults.NewProxy(t, s.url.Host)
	return p, s.use(t, p.Addr(), nil)
}

// wantQuery asks within some time, and wants an answer.
func wantQuery(t *testing.T, w all, limit time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if _, err := w.Query(ctx, one); err != nil {
		t.Errorf("Query: %v", err)
	}
}

// TestThaw: the first statements after a freeze have connections of their own, whatever
// became of those of before.
func TestThaw(t *testing.T) {
	faults.Frozen{
		Serve: func(t *testing.T) (upstream, told string) {
			s := newServer(t)
			return s.url.Host, s.database
		},
		Open: func(t *testing.T, addr, told string, now func() time.Time) func(context.Context) error {
			u, err := url.Parse(servers.URL(t, "TIERKIT_TEST_POSTGRES"))
			if err != nil {
				t.Fatal(err)
			}
			w := serverOf(u, told).use(t, addr, now)
			return func(ctx context.Context) error {
				var both sync.WaitGroup
				var read, write error
				both.Go(func() { _, read = w.Query(ctx, one) })
				both.Go(func() { _, write = w.Run(ctx, one) })
				both.Wait()
				return errors.Join(read, write)
			}
		},
	}.Run(t)
}

// TestDeadline: no statement outlives its time, and one that could not be begun leaves
// no goroutine behind.
func TestDeadline(t *testing.T) {
	p, w := proxied(t)
	wantQuery(t, w, 5*time.Second)
	if _, err := w.Run(t.Context(), one); err != nil { // both pools of database/sql are there
		t.Fatal(err)
	}
	faults.NoGoroutines(t)
	p.BlackHoleAll()
	const limit, lateness = 200 * time.Millisecond, 250 * time.Millisecond
	for name, do := range map[string]func(context.Context) error{
		"Query": func(ctx context.Context) error { _, err := w.Query(ctx, one); return err },
		"Run":   func(ctx context.Context) error { _, err := w.Run(ctx, one); return err },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		begun := time.Now()
		err := do(ctx)
		took := time.Since(begun)
		cancel()
		if !errors.Is(err, datastore.ErrUnavailable) && !errors.Is(err, datastore.ErrNoBudget) || took > limit+lateness {
			t.Errorf("%s in a black hole: error = %v after %v, want that nothing was sent, after %v", name, err, took, limit)
		}
	}
}

// TestStatementInBlackHole: a statement that nobody answers costs the time there is, and
// the next one nothing.
func TestStatementInBlackHole(t *testing.T) {
	t.Parallel()
	p, w := proxied(t)
	id, err := w.Start(t.Context(), warehouse.Statement{SQL: "SELECT pg_sleep(60)"})
	if err != nil {
		t.Fatal(err)
	}
	p.BlackHole()
	state, err := w.State(t.Context(), id)
	if err != nil || state.Status.Ended() {
		t.Errorf("State = %+v, %v, want one that runs", state, err)
	}
	wantQuery(t, w, time.Second)
	if err := w.Cancel(t.Context(), id); err != nil {
		t.Errorf("Cancel: %v", err)
	}
}

// TestSecondConnection: one that hangs while it is made leaves time for another, and so
// does one that breaks off.
func TestSecondConnection(t *testing.T) {
	t.Parallel()
	t.Run("hangs", func(t *testing.T) {
		t.Parallel()
		p, w := proxied(t)
		p.BlackHoleAll()
		var passing sync.WaitGroup
		passing.Go(func() {
			for p.Connections() == 0 && t.Context().Err() == nil {
			}
			p.Pass()
		})
		wantQuery(t, w, 2*time.Second)
		passing.Wait()
		if n := p.Connections(); n != 2 {
			t.Errorf("%d connections, want 2", n)
		}
	})
	for name, at := range map[string]int{"breaks off at once": 0, "breaks off in the handshake": 500} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, w := proxied(t)
			p.CutNext(at)
			wantQuery(t, w, 2*time.Second)
			if n := p.Connections(); n != 2 {
				t.Errorf("%d connections, want 2", n)
			}
		})
	}
}

// TestFull: when a user's five connections are all busy, the next statement waits for
// one within its time, and is not sent.
func TestFull(t *testing.T) {
	t.Parallel()
	p, w := proxied(t)
	var busy []warehouse.ID
	for range 5 {
		id, err := w.Start(t.Context(), warehouse.Statement{SQL: "SELECT pg_sleep(60)"})
		if err != nil {
			t.Fatal(err)
		}
		busy = append(busy, id)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	_, err := w.Run(ctx, one)
	if took := time.Since(begun); !errors.Is(err, datastore.ErrUnavailable) || took > 450*time.Millisecond {
		t.Errorf("Run = %v after %v, want %v after 200 ms", err, took, datastore.ErrUnavailable)
	}
	if n := p.Connections(); n != 5 {
		t.Errorf("%d connections, want 5", n)
	}
	if err := w.Cancel(t.Context(), busy[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Run(t.Context(), one); err != nil {
		t.Errorf("when one is free: %v", err)
	}
	for _, id := range busy[1:] {
		if err := w.Cancel(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
}

// TestNotGranted: what a function was not granted makes no connection.
func TestNotGranted(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	p := faults.NewProxy(t, s.url.Host)
	_, err := s.use(t, p.Addr(), nil).Run(datastore.WithFunction(t.Context(), "another function"), one)
	narrow := datastore.Use[warehouse.Querier](function{}, warehouse.New(s.data(p.Addr(), nil), "sales", warehouse.Serverless, s.options()...))
	wide, ok := narrow.(warehouse.Runner)
	if !ok {
		t.Fatal("a handle does not implement all capabilities")
	}
	_, undeclared := wide.Run(t.Context(), one)
	if !errors.Is(err, datastore.ErrDenied) || !errors.Is(undeclared, datastore.ErrDenied) || p.Connections() != 0 {
		t.Errorf("another function: %v, an operation that is not declared: %v, with %d connections; want %v and none", err, undeclared, p.Connections(), datastore.ErrDenied)
	}
}

// TestNative: the error of pgx is found where a connection was not made, and it tells no
// password.
func TestNative(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.reader = newLogin(s.reader.user, "hunter2")
	_, err := s.use(t, "", nil).Query(t.Context(), one)
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok || pg.Code != "28P01" || !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("error = %v, want SQLSTATE 28P01 as %v", err, datastore.ErrDenied)
	}
	faults.Hidden(t, err, "hunter2")
}

// TestSlow: a slow answer is waited for on the one connection.
func TestSlow(t *testing.T) {
	t.Parallel()
	p, w := proxied(t)
	p.Delay(20 * time.Millisecond)
	wantQuery(t, w, 5*time.Second)
	if n := p.Connections(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// TestStopped: while nothing listens nothing is sent; when the server is back, so is the
// driver.
func TestStopped(t *testing.T) {
	t.Parallel()
	p, w := proxied(t)
	wantQuery(t, w, 5*time.Second)
	p.Refuse()
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		if _, err := w.Run(ctx, one); !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("nothing listens: error = %v, want %v", err, datastore.ErrUnavailable)
		}
		cancel()
	}
	p.Pass()
	wantQuery(t, w, 5*time.Second)
}
