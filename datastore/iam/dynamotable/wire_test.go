package dynamotable_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/iam"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// operations are one call of each sort. repeated says that a lost answer has it
// sent again.
var operations = []struct {
	name     string
	do       func(context.Context, notes) error
	write    bool
	repeated bool
}{
	{"Get", func(ctx context.Context, n notes) error { _, err := n.Get(ctx, table.PK("1")); return err }, false, true},
	{"GetMany", func(ctx context.Context, n notes) error {
		_, err := n.GetMany(ctx, []table.Key{table.PK("1")})
		return err
	}, false, true},
	{"Query", func(ctx context.Context, n notes) error {
		_, err := n.Query(ctx, table.Query{Key: table.PK("1")})
		return err
	}, false, true},
	{"Create", func(ctx context.Context, n notes) error { _, err := n.Create(ctx, note{"1", "new"}); return err }, true, true},
	{"Put", func(ctx context.Context, n notes) error { _, err := n.Put(ctx, note{"1", "new"}); return err }, true, true},
	{"Delete", func(ctx context.Context, n notes) error { return n.Delete(ctx, table.PK("1")) }, true, true},
	{"conditional Delete", func(ctx context.Context, n notes) error {
		return n.Delete(ctx, table.PK("1"), table.Exists("text"))
	}, true, false},
}

// lateness is how much later than its deadline a call may end on a busy machine.
const lateness = 250 * time.Millisecond

// TestDeadlineOnTheWire: no call outlives its deadline, whether its connection
// went into a black hole or its handshake is not answered, and none leaves a
// goroutine behind.
func TestDeadlineOnTheWire(t *testing.T) {
	const budget = 200 * time.Millisecond
	for _, c := range []struct {
		name   string
		scheme string
		warm   bool  // connections before
		want   error // of writes: without a handshake nothing was sent
	}{
		{"live connections", "http", true, datastore.ErrUnknown},
		{"new connections", "http", false, datastore.ErrUnknown},
		{"new connections, TLS", "https", false, datastore.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults.NoGoroutines(t)
			server, url := startShelf(t)
			proxy := faults.NewProxy(t, url)
			n := notesAt(t, strings.Replace(proxy.URL(), "http", c.scheme, 1), iam.HTTPClient())
			if c.warm {
				if _, err := n.Get(t.Context(), table.PK("1")); err != nil {
					t.Fatal(err)
				}
			}
			proxy.BlackHoleAll()
			server.carriedOut()
			var calls sync.WaitGroup
			for _, op := range operations {
				calls.Go(func() {
					ctx, cancel := context.WithTimeout(t.Context(), budget)
					defer cancel()
					begin := time.Now()
					err := op.do(ctx, n)
					took := time.Since(begin)
					want := datastore.ErrUnavailable
					if op.write {
						want = c.want
					}
					if !errors.Is(err, want) || took > budget+lateness {
						t.Errorf("%s: error = %v after %v, want %v within %v", op.name, err, took, want, budget)
					}
				})
			}
			calls.Wait()
			if ops := server.carriedOut(); len(ops) > 0 {
				t.Errorf("the server carried out %v, want nothing: the proxy does not swallow", ops)
			}
		})
	}
}

// TestSecondAttemptOnTheWire: an attempt into a black hole leaves time for one on
// a new connection.
func TestSecondAttemptOnTheWire(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			server, url := startShelf(t)
			proxy := faults.NewProxy(t, url)
			n := notesAt(t, proxy.URL(), iam.HTTPClient())
			if _, err := n.Get(t.Context(), table.PK("1")); err != nil {
				t.Fatal(err)
			}
			server.empty()
			server.carriedOut()
			proxy.BlackHole()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := op.do(ctx, n)
			ops := server.carriedOut()
			if !op.repeated {
				if !errors.Is(err, datastore.ErrUnknown) || len(ops) > 0 {
					t.Errorf("error = %v, carried out %v, want %v and nothing: it is not sent again", err, ops, datastore.ErrUnknown)
				}
				return
			}
			if err != nil && !errors.Is(err, datastore.ErrNotFound) || len(ops) != 1 {
				t.Errorf("error = %v, carried out %v, want none and one operation", err, ops)
			}
			if proxy.Connections() != 2 {
				t.Errorf("%d connections, want a second one", proxy.Connections())
			}
		})
	}
}

// TestLostAnswerOnTheWire: what was carried out although its answer was lost is
// sent again only where that changes nothing.
func TestLostAnswerOnTheWire(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			server, url := startShelf(t)
			proxy := faults.NewProxy(t, url)
			n := notesAt(t, proxy.URL(), iam.HTTPClient())
			if _, err := n.Get(t.Context(), table.PK("1")); err != nil {
				t.Fatal(err)
			}
			if op.name == "Create" {
				server.empty()
			}
			server.carriedOut()
			proxy.LoseAnswer()
			err := op.do(t.Context(), n)
			ops := server.carriedOut()
			if proxy.Lost() != 1 {
				t.Fatalf("%d answers were lost, want 1", proxy.Lost())
			}
			switch {
			case op.repeated && (err != nil || len(ops) != 2 || ops[0] != ops[1]):
				t.Errorf("error = %v, carried out %v, want none, and the same twice", err, ops)
			case !op.repeated && (!errors.Is(err, datastore.ErrUnknown) || len(ops) != 1):
				t.Errorf("error = %v, carried out %v, want %v, and one", err, ops, datastore.ErrUnknown)
			}
		})
	}
}

// TestCutOnTheWire: an answer that was cut, wherever, is an error and never a
// shorter item; if only one was cut, the next attempt has all of it.
func TestCutOnTheWire(t *testing.T) {
	t.Parallel()
	_, url := startShelf(t)
	proxy := faults.NewProxy(t, url)
	client := iam.HTTPClient()
	whole, err := notesAt(t, proxy.URL(), client).Get(t.Context(), table.PK("1"))
	if err != nil {
		t.Fatal(err)
	}
	cuts := 0
	for bytes := 0; ; bytes += 7 {
		n := notesAt(t, proxy.URL(), client) // so many failures would have one driver give up repeating
		before := proxy.Connections()
		proxy.CutNext(bytes)
		got, err := n.Get(t.Context(), table.PK("1"))
		if err != nil || got != whole {
			t.Fatalf("Get whose first answer was cut after %d bytes = %+v, %v, want %+v", bytes, got, err, whole)
		}
		if proxy.Connections() == before { // the answer was shorter
			break
		}
		cuts++
	}
	if least := len(stored) / 7; cuts < least {
		t.Errorf("%d answers were cut, want %d at least", cuts, least)
	}
}

// TestAlwaysCutOnTheWire: the same where no attempt gets an answer.
func TestAlwaysCutOnTheWire(t *testing.T) {
	t.Parallel()
	for _, op := range operations {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			server, url := startShelf(t)
			proxy := faults.NewProxy(t, url)
			proxy.CutAfter(len("HTTP/1.1 200 OK\r\n"))
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			err := op.do(ctx, notesAt(t, proxy.URL(), iam.HTTPClient()))
			want := datastore.ErrUnavailable
			if op.write {
				want = datastore.ErrUnknown
			}
			if ops := server.carriedOut(); !errors.Is(err, want) || (len(ops) > 1) != op.repeated {
				t.Errorf("error = %v, carried out %v, want %v, repeated %v", err, ops, want, op.repeated)
			}
		})
	}
}

// TestStoppedServer: while nothing listens nothing is sent, and calls say so; when
// the server is back, so is the driver.
func TestStoppedServer(t *testing.T) {
	t.Parallel()
	server, url := startShelf(t)
	proxy := faults.NewProxy(t, url)
	n := notesAt(t, proxy.URL(), iam.HTTPClient())
	if _, err := n.Get(t.Context(), table.PK("1")); err != nil {
		t.Fatal(err)
	}
	proxy.Refuse()
	proxy.Reset()
	server.carriedOut()
	// The first call may find the connection that was reset, and cannot tell
	// whether what it sent arrived.
	for i, op := range slices.Concat(operations[:1], operations) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := op.do(ctx, n)
		cancel()
		if !errors.Is(err, datastore.ErrUnavailable) {
			t.Errorf("call %d, %s: error = %v, want %v", i, op.name, err, datastore.ErrUnavailable)
		}
	}
	if ops := server.carriedOut(); len(ops) > 0 {
		t.Errorf("the server carried out %v, want nothing", ops)
	}
	proxy.Pass()
	if _, err := n.Get(t.Context(), table.PK("1")); err != nil {
		t.Errorf("Get when the server is back: error = %v, want nil", err)
	}
}

// TestOutOfTimeBefore: a call whose time is over before it was sent says that
// nothing was written.
func TestOutOfTimeBefore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := faults.NewScript(t) // of no answer: no request comes
		cfg := config("http://scripted.invalid", s.Client())
		cfg.Credentials = aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
			<-ctx.Done()
			return aws.Credentials{}, ctx.Err()
		})
		n := datastore.Use[notes](function{}, table.New[note](onServer(t, cfg, "physical"), "notes"))
		for _, op := range operations {
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			err := op.do(ctx, n)
			cancel()
			if !errors.Is(err, datastore.ErrUnavailable) {
				t.Errorf("%s: error = %v, want %v", op.name, err, datastore.ErrUnavailable)
			}
		}
	})
}
