package valkeycache_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

type counters interface {
	cache.Getter[int64]
	cache.ManyGetter[int64]
	cache.Setter[int64]
	cache.Adder[int64]
	cache.Deleter
	cache.Counter
	cache.Loader[int64]
	cache.Locker
}

func use(data *datastore.Data) counters {
	return datastore.Use[counters](function{}, cache.New[int64](data, "counters"))
}

// through is a cache on the server of tests, seen through a proxy, and the same
// one seen directly.
func through(t *testing.T, now func() time.Time) (p *faults.Proxy, c, direct counters) {
	t.Helper()
	url := servers.URL(t, "TIERKIT_TEST_REDIS")
	p = faults.NewProxy(t, url)
	namespace := newNamespace()
	return p, use(onServer(p.URL(), namespace, now)), use(onServer(url, namespace, nil))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t testing.TB, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", call, err, want)
	}
}

func wantCount(t testing.TB, c cache.Getter[int64], key string, want int64) {
	t.Helper()
	if got, err := c.Get(t.Context(), key); err != nil || got != want {
		t.Errorf("Get(%s) = %d, %v, want %d", key, got, err, want)
	}
}

// TestPromises: what is promised of a network that fails.
func TestPromises(t *testing.T) {
	faults.Promises[counters]{
		Serve: func(t *testing.T) (upstream, told string) {
			url, namespace := servers.URL(t, "TIERKIT_TEST_REDIS"), newNamespace()
			must(t, use(onServer(url, namespace, nil)).Set(t.Context(), "k", 1, 0))
			return url, namespace
		},
		Open: func(_ *testing.T, url, namespace string, now func() time.Time) counters {
			return use(onServer(url, namespace, now))
		},
		Operations: []faults.Operation[counters]{
			{Name: "Get", Do: func(ctx context.Context, c counters) error { _, err := c.Get(ctx, "k"); return err }},
			{Name: "Set", Write: true, Repeatable: true, Do: func(ctx context.Context, c counters) error { return c.Set(ctx, "l", 1, 0) }},
			{Name: "Delete", Write: true, Repeatable: true, Do: func(ctx context.Context, c counters) error { return c.Delete(ctx, "m") }},
			{Name: "Incr", Write: true, Do: func(ctx context.Context, c counters) error { _, err := c.Incr(ctx, "n", 1, 0); return err }},
		},
	}.Run(t)
}

// TestLostAnswer: what must not be done twice is not, and says that it is unknown
// whether it was; what knows itself again succeeds.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	p, c, direct := through(t, nil)
	must(t, c.Set(t.Context(), "k", 7, 0))

	p.LoseAnswerTo("INCRBY")
	_, err := c.Incr(t.Context(), "n", 1, 0)
	wantError(t, "Incr", err, datastore.ErrUnknown)
	wantCount(t, direct, "n", 1)

	p.LoseAnswerTo("EVAL")
	_, err = c.Incr(t.Context(), "m", 1, time.Hour)
	wantError(t, "Incr with a ttl", err, datastore.ErrUnknown)
	wantCount(t, direct, "m", 1)

	p.LoseAnswerTo("SET")
	wantError(t, "Add", c.Add(t.Context(), "a", 1, 0), datastore.ErrUnknown)
	wantCount(t, direct, "a", 1)

	p.LoseAnswerTo("SET")
	must(t, c.Set(t.Context(), "s", 2, 0))
	wantCount(t, direct, "s", 2)

	p.LoseAnswerTo("DEL")
	must(t, c.Delete(t.Context(), "s"))

	p.LoseAnswerTo("EVAL")
	lock, err := c.Lock(t.Context(), "l", time.Hour)
	must(t, err)
	p.LoseAnswerTo("EVAL")
	must(t, lock.Extend(t.Context(), time.Hour))
	p.LoseAnswerTo("EVAL")
	must(t, lock.Unlock(t.Context()))
	if _, err := direct.Lock(t.Context(), "l", time.Hour); err != nil {
		t.Errorf("Lock after Unlock: %v", err)
	}
	if p.Lost() != 8 {
		t.Errorf("%d answers were lost, want 8", p.Lost())
	}
}

// TestGap: after a gap by the wall clock a dead connection is found out before it
// is used.
func TestGap(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	p, c, direct := through(t, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	want := int64(0)
	for name, fault := range map[string]func(){"FIN": p.FIN, "reset": p.Reset, "black hole": p.BlackHole, "nothing": func() {}} {
		for _, gap := range []time.Duration{time.Minute, -time.Hour} {
			fault()
			ahead.Add(int64(gap))
			if _, err := c.Incr(t.Context(), "k", 1, 0); err != nil {
				t.Errorf("Incr after %s and %v: %v", name, gap, err)
			}
			want++
		}
	}
	wantCount(t, direct, "k", want)
}

// TestOldConnection: a connection is made anew before ElastiCache ends it.
func TestOldConnection(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64
	p, c, _ := through(t, func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) })
	for _, step := range []struct {
		gap  time.Duration
		want int
	}{{0, 1}, {10 * time.Hour, 1}, {2 * time.Hour, 2}, {time.Minute, 2}} {
		ahead.Add(int64(step.gap))
		must(t, c.Set(t.Context(), "k", 1, 0))
		if p.Connections() != step.want {
			t.Errorf("after another %v: %d connections were made, want %d", step.gap, p.Connections(), step.want)
		}
	}
}

// TestBudget: no operation outlives its deadline, and none leaves a goroutine.
func TestBudget(t *testing.T) {
	faults.NoGoroutines(t)
	p, c, _ := through(t, nil)
	for name, prepare := range map[string]func(){
		"a black hole on the way": func() {
			p.Pass()
			must(t, c.Set(t.Context(), "k", 1, 0))
			p.BlackHoleAll()
		},
		"a black hole from the start": p.BlackHoleAll,
		"slow answers":                func() { p.Pass(); p.Delay(5 * time.Second) },
	} {
		prepare()
		var group sync.WaitGroup
		for _, op := range []struct {
			name string
			do   func(context.Context) error
			want error
		}{
			{"Get", func(ctx context.Context) error { _, err := c.Get(ctx, "k"); return err }, datastore.ErrUnavailable},
			{"GetMany", func(ctx context.Context) error { _, err := c.GetMany(ctx, []string{"k", "l"}); return err }, datastore.ErrUnavailable},
		} {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				defer cancel()
				begun := time.Now()
				err := op.do(ctx)
				wantError(t, op.name+" in "+name, err, op.want)
				if took := time.Since(begun); took > 400*time.Millisecond {
					t.Errorf("%s in %s took %v of 200 ms", op.name, name, took)
				}
			})
		}
		group.Wait()
	}
	p.Pass()
	p.Delay(0)
	must(t, c.Set(t.Context(), "k", 1, 0))
	p.FIN()
}

// TestDown: a server that cannot be reached is unavailable at once, also to what
// must not be repeated, and Load does without it.
func TestDown(t *testing.T) {
	t.Parallel()
	p, c, _ := through(t, nil)
	p.Refuse()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err := c.Incr(ctx, "k", 1, 0)
	wantError(t, "Incr", err, datastore.ErrUnavailable)
	var e *datastore.Error
	if !errors.As(err, &e) || e.Attempts < 2 {
		t.Errorf("Incr: error = %#v, want several attempts: nothing was sent", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	got, err := c.Load(ctx, "k", time.Hour, func(context.Context) (int64, error) { return 5, nil })
	if err != nil || got != 5 {
		t.Errorf("Load = %d, %v, want 5", got, err)
	}
	p.Pass()
	if got, err := c.Incr(t.Context(), "k", 1, 0); err != nil || got != 1 {
		t.Errorf("Incr = %d, %v, want 1", got, err)
	}
}

// TestCountUnderFaults: whatever happens to connections that many share, no
// addition is made twice, and none is lost that was answered.
func TestCountUnderFaults(t *testing.T) {
	t.Parallel()
	p, c, direct := through(t, nil)
	var answered, unknown atomic.Int64
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 100 {
				switch _, err := c.Incr(t.Context(), "k", 1, 0); {
				case err == nil:
					answered.Add(1)
				case errors.Is(err, datastore.ErrUnknown):
					unknown.Add(1)
				case !errors.Is(err, datastore.ErrUnavailable):
					t.Errorf("Incr: %v", err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-time.After(5 * time.Millisecond):
			p.Reset()
		}
	}
	got, err := direct.Get(t.Context(), "k")
	if must(t, err); got < answered.Load() || got > answered.Load()+unknown.Load() {
		t.Errorf("the counter is %d, with %d additions that were answered and %d that were not", got, answered.Load(), unknown.Load())
	}
}

// secret is a login whose password changes.
type secret struct {
	mu              sync.Mutex
	kept, password  string
	asked, askAgain int
}

func (s *secret) Spec() datastore.Spec { return secretSpec{} }

func (s *secret) Credentials(_ context.Context, fresh bool) (user, password string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if fresh {
		s.askAgain++
		s.kept = s.password
	}
	return "rotating-" + startedText, s.kept, nil
}

type secretSpec struct{}

func (secretSpec) Kind() string                    { return "secret" }
func (secretSpec) Name() string                    { return "login" }
func (secretSpec) Needs([]string) []datastore.Need { return nil }

// TestRotation: a password that was rotated is asked for once more, without an
// error.
func TestRotation(t *testing.T) {
	t.Parallel()
	url := servers.URL(t, "TIERKIT_TEST_REDIS")
	user := "rotating-" + startedText
	acl := administer(t, url)
	acl("ACL", "SETUSER", user, "on", ">first", "~*", "+@all")
	t.Cleanup(func() { acl("ACL", "DELUSER", user) })

	login := &secret{kept: "first", password: "first"}
	c := datastore.Use[counters](function{}, cache.New[int64](onServer(url, newNamespace(), nil), "counters", cache.WithLogin(login)))
	must(t, c.Set(t.Context(), "k", 1, 0))
	login.mu.Lock()
	login.password = "second"
	login.mu.Unlock()
	acl("ACL", "SETUSER", user, "resetpass", ">second")
	wantCount(t, c, "k", 1) // the live connection is not affected
	if login.askAgain != 0 || login.asked != 1 {
		t.Errorf("the login was asked %d times, %d of them anew, want once", login.asked, login.askAgain)
	}
	acl("CLIENT", "KILL", "USER", user)
	wantCount(t, c, "k", 1)
	if login.askAgain != 1 || login.asked != 3 {
		t.Errorf("the login was asked %d times, %d of them anew, want 3 and 1", login.asked, login.askAgain)
	}
	login.mu.Lock()
	login.password = "wrong"
	login.kept = "wrong"
	login.mu.Unlock()
	acl("CLIENT", "KILL", "USER", user)
	_, err := c.Get(t.Context(), "k")
	wantError(t, "Get with a wrong password", err, datastore.ErrDenied)
}

// administer sends commands to the server at url.
func administer(t *testing.T, url string) func(args ...string) {
	t.Helper()
	opt, err := valkey.ParseURL(url)
	must(t, err)
	opt.ForceSingleClient, opt.DisableCache = true, true
	admin, err := valkey.NewClient(opt)
	must(t, err)
	t.Cleanup(admin.Close)
	return func(args ...string) {
		t.Helper()
		must(t, admin.Do(context.WithoutCancel(t.Context()), admin.B().Arbitrary(args...).Build()).Error())
	}
}

// TestClusterGap: after a gap dead connections to any node are found out.
func TestClusterGap(t *testing.T) {
	t.Parallel()
	seed := servers.URL(t, "TIERKIT_TEST_REDIS_CLUSTER")
	seed, _, _ = strings.Cut(seed, "?")
	opt, err := valkey.ParseURL(seed)
	must(t, err)
	opt.DisableCache = true
	client, err := valkey.NewClient(opt)
	must(t, err)
	t.Cleanup(client.Close)
	user := "gap-" + startedText
	everywhere := func(args ...string) {
		t.Helper()
		for addr, node := range client.Nodes() {
			if err := node.Do(context.WithoutCancel(t.Context()), node.B().Arbitrary(args...).Build()).Error(); err != nil {
				t.Fatalf("%s on %s: %v", args[0], addr, err)
			}
		}
	}
	everywhere("ACL", "SETUSER", user, "on", ">word", "~*", "+@all")
	t.Cleanup(func() { everywhere("ACL", "DELUSER", user) })

	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	url := strings.Replace(seed, "://", "://"+user+":word@", 1) + "?cluster=1"
	c := use(onServer(url, newNamespace(), now))
	for round := range int64(3) {
		for i := range 20 {
			if got, err := c.Incr(t.Context(), strconv.Itoa(i), 1, 0); err != nil || got != round+1 {
				t.Errorf("Incr = %d, %v, want %d", got, err, round+1)
			}
		}
		everywhere("CLIENT", "KILL", "USER", user)
		ahead.Add(int64(time.Minute))
	}
}
