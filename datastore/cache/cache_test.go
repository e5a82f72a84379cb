package cache_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorycache"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

type all interface {
	cache.Getter[string]
	cache.ManyGetter[string]
	cache.Setter[string]
	cache.Adder[string]
	cache.Deleter
	cache.Counter
	cache.Loader[string]
	cache.Locker
}

// TestUnder: a narrowed handle refuses keys outside of its prefix, and shares the
// others with the whole store.
func TestUnder(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	store := cache.New[string](data, "c")
	whole := datastore.Use[all](function("f"), store)
	narrow := datastore.Use[all](function("f"), store.Under("a/").Under("a/b/"))
	ctx := t.Context()
	if err := narrow.Set(ctx, "a/b/k", "x", 0); err != nil {
		t.Fatal(err)
	}
	if got, err := whole.Get(ctx, "a/b/k"); err != nil || got != "x" {
		t.Errorf("Get = %q, %v, want x", got, err)
	}
	_, getErr := narrow.Get(ctx, "a/k")
	_, manyErr := narrow.GetMany(ctx, []string{"a/b/k", "k"})
	_, incrErr := narrow.Incr(ctx, "a/b", 1, 0)
	_, loadErr := narrow.Load(ctx, "", time.Hour, nil)
	_, lockErr := narrow.Lock(ctx, "A/b/", time.Hour)
	for op, err := range map[string]error{
		"get": getErr, "getmany": manyErr, "incr": incrErr, "lock": lockErr,
		"set": narrow.Set(ctx, "b/k", "", 0), "add": narrow.Add(ctx, "k", "", 0), "delete": narrow.Delete(ctx, "k"),
	} {
		if !errors.Is(err, datastore.ErrDenied) || !strings.Contains(err.Error(), `cache c: `+op) || !strings.Contains(err.Error(), `"a/b/"`) {
			t.Errorf("%s: error = %v, want ErrDenied that names the prefix", op, err)
		}
	}
	if !errors.Is(loadErr, datastore.ErrInvalid) {
		t.Errorf("Load without a key: error = %v, want ErrInvalid", loadErr)
	}
}

// TestUnderElsewhere: a prefix that does not lie under that of the narrowed store is a
// mistake, and widens nothing.
func TestUnderElsewhere(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	elsewhere := datastore.Use[cache.Getter[string]](function("f"), cache.New[string](data, "c").Under("a/").Under("b/"))
	if errs := data.Errs(); len(errs) != 1 || !strings.Contains(errs[0].Error(), `write the whole prefix, "a/b/"`) || !strings.Contains(errs[0].Error(), "cache_test.go:") {
		t.Errorf("Errs = %v, want the whole prefix and a line of this file", errs)
	}
	if _, err := elsewhere.Get(t.Context(), "b/k"); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Get of what is elsewhere: error = %v, want ErrDenied", err)
	}
}

// TestGranted: only what the interface names can be done, by whom it was granted.
func TestGranted(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	getter := datastore.Use[cache.Getter[string]](function("f"), cache.New[string](data, "c"))
	loader, ok := getter.(cache.Loader[string])
	if !ok {
		t.Fatal("a handle does not implement all capabilities")
	}
	fill := func(context.Context) (string, error) { t.Error("filled"); return "", nil }
	if _, err := loader.Load(t.Context(), "k", time.Hour, fill); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Load without its grant: error = %v, want %v", err, datastore.ErrDenied)
	}
	if _, err := getter.Get(datastore.WithFunction(t.Context(), "g"), "k"); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("Get by another function: error = %v, want %v", err, datastore.ErrDenied)
	}
}

// login is a secret.
type login struct{ name string }

func (l *login) Spec() datastore.Spec { return cache.Spec{Logical: l.name} } // any Spec does
func (*login) Credentials(context.Context, bool) (string, string, error) {
	return "", "", nil
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	connect := func(resource string, port int) datastore.Need {
		return datastore.Need{Service: "elasticache", Actions: []string{"Connect"}, Resource: resource, Port: port}
	}
	secret := &login{"s"}
	for _, tt := range []struct {
		name string
		opts []cache.Option
		want []datastore.Need
	}{
		{"usual", nil, []datastore.Need{connect("replicationgroup:{name}", 6379), connect("user:{name}", 0)}},
		{"serverless", []cache.Option{cache.Serverless(), cache.User("app-1")},
			[]datastore.Need{connect("serverlesscache:{name}", 6379), connect("user:app-1", 0)}},
		{"secret", []cache.Option{cache.WithLogin(secret)},
			[]datastore.Need{{Service: "elasticache", Port: 6379, Depends: []datastore.Dependence{{Spec: secret.Spec(), Ops: []string{"Get"}}}}}},
		{"anonymous", []cache.Option{cache.Anonymous()}, []datastore.Need{{Service: "elasticache", Port: 6379}}},
	} {
		data := datastore.New(nil, nil)
		spec := cache.New[string](data, "c", tt.opts...).Spec()
		if d := cmp.Diff(tt.want, spec.Needs([]string{"Get"})); d != "" || len(data.Errs()) > 0 {
			t.Errorf("%s: errors %v, Needs (-want +got):\n%s", tt.name, data.Errs(), d)
		}
		if needs := spec.Needs(nil); needs != nil {
			t.Errorf("%s: Needs of nothing = %v", tt.name, needs)
		}
		if spec == nil || spec != cache.New[string](datastore.New(nil, nil), "c", tt.opts...).Spec() {
			t.Errorf("%s: two Specs of one declaration differ", tt.name)
		}
	}
}

// TestMistakes: wrong options are declaration errors, with the line of the
// application.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for want, opts := range map[string][]cache.Option{
		`user "App"`:         {cache.User("App")},
		`user ""`:            {cache.User("")},
		`user "1a"`:          {cache.User("1a")},
		"the login is nil":   {cache.WithLogin(nil)},
		"StaleFor(-1ns)":     {cache.StaleFor(-1)},
		"LeaseFor(0s)":       {cache.LeaseFor(0)},
		"write one of cache": {cache.User("a"), cache.Anonymous()},
	} {
		data := datastore.New(nil, nil)
		getter := datastore.Use[cache.Getter[string]](function("f"), cache.New[string](data, "c", opts...))
		errs := data.Errs()
		var d *datastore.DeclarationError
		if len(errs) != 1 || !errors.As(errs[0], &d) || !strings.Contains(d.Message, want) || !strings.HasSuffix(d.At.File, "cache_test.go") {
			t.Errorf("Errs = %v, want one with %q and a line of this file", errs, want)
		}
		if _, err := getter.Get(t.Context(), "k"); !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("Get: error = %v, want ErrDeclaration", err)
		}
	}
}

// clock is moved by hand.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(1_000_000, c.ns.Load()) }

// sure is randomness that always says the same, but for the tokens of leases.
type sure byte

func (s sure) Read(p []byte) (int, error) {
	if len(p) == 16 {
		return rand.Read(p)
	}
	return copy(p, bytes.Repeat([]byte{byte(s)}, len(p))), nil
}

// TestEarly: before a value expires, chance has a caller fill it, the sooner the
// more filling costs; the others, and it if filling fails, are served.
func TestEarly(t *testing.T) {
	t.Parallel()
	const always, never = sure(0), sure(255)
	for _, tt := range []struct {
		name   string
		chance io.Reader
		cost   time.Duration
		err    error
		want   string
		fills  int
	}{
		{"by chance", always, time.Second, nil, "new", 2},
		{"not by chance", never, time.Second, nil, "old", 1},
		{"quick to fill", always, time.Millisecond, nil, "old", 1},
		{"filling fails", always, time.Second, errors.New("down"), "old", 2},
	} {
		c := &clock{}
		data := datastore.New([]datastore.Driver{memorycache.New(nil)}, &datastore.Options{Now: c.now, Rand: tt.chance})
		texts := datastore.Use[all](function("f"), cache.New[string](data, "c"))
		fills := 0
		load := func(value string, err error) (string, error) {
			return texts.Load(t.Context(), "k", time.Minute, func(context.Context) (string, error) {
				fills++
				c.ns.Add(int64(tt.cost))
				return value, err
			})
		}
		if got, err := load("old", nil); err != nil || got != "old" {
			t.Fatalf("%s: Load = %q, %v", tt.name, got, err)
		}
		c.ns.Add(int64(40 * time.Second))
		if got, err := load("new", tt.err); err != nil || got != tt.want || fills != tt.fills {
			t.Errorf("%s: Load = %q, %v after %d fills, want %q after %d", tt.name, got, err, fills, tt.want, tt.fills)
		}
	}
}

// TestEarlyServesOthers: while one caller fills early, others of its process are
// served and do not wait.
func TestEarlyServesOthers(t *testing.T) {
	t.Parallel()
	c := &clock{}
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, &datastore.Options{Now: c.now, Rand: sure(0)})
	texts := datastore.Use[all](function("f"), cache.New[string](data, "c"))
	load := func(fill func()) string {
		got, err := texts.Load(t.Context(), "k", time.Minute, func(context.Context) (string, error) {
			c.ns.Add(int64(time.Second))
			fill()
			return "new", nil
		})
		if err != nil {
			t.Error(err)
		}
		return got
	}
	if err := texts.Delete(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	load(func() {})
	c.ns.Add(int64(40 * time.Second))
	inner := ""
	outer := load(func() { inner = load(func() { t.Error("two fill early") }) })
	if inner != "new" || outer != "new" {
		t.Errorf("Load = %q while it is filled early by the caller, who gets %q", inner, outer)
	}
}

// broken is a driver whose cache fails.
type broken struct{ openErr, err error }

func (broken) Kind() string { return "cache" }
func (broken) Name() string { return "broken" }
func (b broken) OpenCache(context.Context, *datastore.Data, cache.Spec) (cache.Conn, error) {
	return b, b.openErr
}
func (b broken) Get(context.Context, cache.Read) ([]byte, error) { return nil, b.err }
func (b broken) GetMany(context.Context, []string) ([][]byte, error) {
	return nil, b.err
}
func (b broken) Set(context.Context, cache.Write) error { return b.err }
func (b broken) Delete(context.Context, string) error   { return b.err }
func (b broken) Incr(context.Context, string, int64, time.Duration) (int64, error) {
	return 0, b.err
}
func (b broken) Lock(context.Context, cache.Hold) (int64, error) { return 0, b.err }
func (b broken) Extend(context.Context, cache.Hold) error        { return b.err }
func (b broken) Unlock(context.Context, cache.Hold) error        { return b.err }

// TestLoadWithout: Load does without a cache that fails, tells observers, and does
// not cover up what is wrong with the program or its deployment.
func TestLoadWithout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		driver broken
		want   error // of Load
		told   error // of the observer
	}{
		{"fails", broken{err: errors.New("boom")}, nil, datastore.ErrUnavailable},
		{"cannot be opened", broken{openErr: errors.New("boom")}, nil, datastore.ErrUnavailable},
		{"throttles", broken{err: &datastore.Error{Kind: datastore.ErrThrottled}}, nil, datastore.ErrThrottled},
		{"denies", broken{err: &datastore.Error{Kind: datastore.ErrDenied}}, datastore.ErrDenied, datastore.ErrDenied},
		{"cannot be opened by this user", broken{openErr: &datastore.Error{Kind: datastore.ErrDenied}}, datastore.ErrDenied, datastore.ErrDenied},
		{"has no time", broken{err: &datastore.Error{Kind: datastore.ErrNoBudget}}, datastore.ErrNoBudget, datastore.ErrNoBudget},
	} {
		var told error
		data := datastore.New([]datastore.Driver{tt.driver}, &datastore.Options{
			Observe: func(ctx context.Context, _ datastore.Operation) (context.Context, func(error)) {
				return ctx, func(err error) { told = err }
			},
		})
		texts := datastore.Use[all](function("f"), cache.New[string](data, "c"))
		fills := 0
		got, err := texts.Load(t.Context(), "k", time.Hour, func(context.Context) (string, error) {
			fills++
			return "x", nil
		})
		want := ""
		if tt.want == nil {
			want = "x"
		}
		if !errors.Is(err, tt.want) || got != want || fills != len(want) || !errors.Is(told, tt.told) {
			t.Errorf("%s: Load = %q, %v after %d fills, the observer was told %v; want %q, %v, %v", tt.name, got, err, fills, told, want, tt.want, tt.told)
		}
		if e, ok := errors.AsType[*datastore.Error](err); ok && (e.Store != "cache c" || e.Op != "load") {
			t.Errorf("%s: error = %v, want one of cache c, load", tt.name, err)
		}
	}
}

// TestNoJSON: what cannot be kept is a mistake of the program.
func TestNoJSON(t *testing.T) {
	t.Parallel()
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	type store interface {
		cache.Setter[func()]
		cache.Loader[func()]
	}
	funcs := datastore.Use[store](function("f"), cache.New[func()](data, "c"))
	_, loadErr := funcs.Load(t.Context(), "k", time.Hour, func(context.Context) (func(), error) { return func() {}, nil })
	for op, err := range map[string]error{"set": funcs.Set(t.Context(), "k", func() {}, 0), "load": loadErr} {
		if !errors.Is(err, datastore.ErrDeclaration) || !strings.Contains(err.Error(), "cache c: "+op+": wrong declaration: a value of type") {
			t.Errorf("%s: error = %v", op, err)
		}
	}
}

type Profile struct {
	Name string `json:"name"`
}
