package middleware_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/fileconfig"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

type checkout struct {
	Enabled bool     `json:"enabled"`
	Columns int      `json:"columns"`
	Theme   string   `json:"theme"`
	Cards   []string `json:"cards"`
}

var ofCode = checkout{Columns: 1, Theme: "light", Cards: []string{"visa"}}

// TestFlagDocuments: both forms of AppConfig's document, and what a flag is in Go.
func TestFlagDocuments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, document string
		want           checkout
		beta           bool
	}{
		{"as it is written", `{"version":"1","flags":{"checkout":{"name":"C","attributes":{"columns":{"constraints":{"type":"number"}}}}},
			"values":{"checkout":{"enabled":true,"columns":3,"_createdAt":"2024"},"beta":{"enabled":true}}}`, checkout{true, 3, "light", []string{"visa"}}, true},
		{"as it is given out", `{"checkout":{"enabled":true,"columns":3,"cards":["amex"]},"beta":{"enabled":true}}`, checkout{true, 3, "light", []string{"amex"}}, true},
		{"a flag called version", `{"version":{"enabled":true},"values":{"enabled":true},"beta":{"enabled":true}}`, ofCode, true},
		{"off, so without its attributes", `{"checkout":{"enabled":false,"columns":3},"beta":{"enabled":false}}`, ofCode, false},
		{"variants", `{"version":"1","values":{"beta":{"_variants":[{"name":"one","enabled":true}]},"checkout":{"_variants":[
			{"name":"a","enabled":true,"rule":"(eq $plan \"free\")","attributeValues":{"columns":7}},
			{"name":"b","enabled":true,"rule":"(eq $plan \"pro\")","attributeValues":{"columns":2,"theme":"dark","enabled":false}},
			{"name":"c","enabled":true,"rule":"(begins_with $plan \"p\")","attributeValues":{"columns":8}},
			{"name":"d","enabled":false,"attributeValues":{"columns":9}}]}}}`, checkout{true, 2, "dark", []string{"visa"}}, true},
		{"the last variant", `{"version":"1","values":{"checkout":{"_variants":[
			{"name":"a","enabled":true,"rule":"(eq $plan \"free\")"},{"name":"d","enabled":false,"attributeValues":{"columns":9}}]}}}`, ofCode, false},
		{"another type", `{"checkout":{"enabled":true,"columns":"three"},"beta":{"enabled":true}}`, ofCode, true},
		{"no flags", `{"version":"1"}`, ofCode, false},
		{"nothing", `{}`, ofCode, false},
	} {
		var read middleware.FlagSet
		if err := json.Unmarshal([]byte(tt.document), &read); err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		again, err := json.Marshal(read)
		if err != nil {
			t.Errorf("%s: Marshal: %v", tt.name, err)
		}
		for form, set := range map[string]middleware.FlagSet{"read": read, "in Go": middleware.FlagDocument(tt.document), "written and read": middleware.FlagDocument(string(again))} {
			flags := flagsOf(set)
			plan := slog.String("plan", "pro")
			if d := cmp.Diff(tt.want, middleware.NewFlag(flags, "checkout", ofCode).Get(t.Context(), plan)); d != "" {
				t.Errorf("%s, %s (-want +got):\n%s", tt.name, form, d)
			}
			if got := middleware.NewFlag(flags, "beta", false).Get(t.Context()); got != tt.beta {
				t.Errorf("%s, %s: beta = %v, want %v", tt.name, form, got, tt.beta)
			}
		}
	}
}

// TestFlagDocumentMistakes: a document that is wrong is refused as a whole, with its flag.
func TestFlagDocumentMistakes(t *testing.T) {
	t.Parallel()
	for document, want := range map[string]string{
		`[]`: "no JSON object", `{"a":`: "", `{"version":"2","values":{}}`: `the version of the flags is not "1"`, `{"version":"1","values":[]}`: "values of the flags",
		`{"a":true}`: `flag "a": its value does not have the form`, `{"a":null}`: `flag "a": its value is null`, `{"a":{"enabled":"yes"}}`: "form of a flag",
		`{"a":{"_variants":[]}}`: "no variants", `{"a":{"_variants":[{"enabled":true}]}}`: "no name",
		`{"a":{"_variants":[{"name":"x","enabled":true,"rule":"true"}]}}`:                    "last one and has a rule",
		`{"a":{"_variants":[{"name":"x","enabled":true},{"name":"y"}]}}`:                     "has no rule, so that those behind it never count",
		`{"a":{"_variants":[{"name":"x","enabled":true,"rule":"(eq)"},{"name":"y"}]}}`:       `flag "a": variant "x": rule: at byte 3: an operator has 0 operands`,
		`{"a":{"_variants":[{"name":"x","enabled":true,"attributeValues":3},{"name":"y"}]}}`: "form of a flag",
	} {
		var set middleware.FlagSet
		err := json.Unmarshal([]byte(document), &set)
		_, inGo := json.Marshal(middleware.FlagDocument(document))
		if err == nil || inGo == nil || !strings.Contains(err.Error(), want) || !strings.Contains(inGo.Error(), want) {
			t.Errorf("%s: errors = %v and %v, want %q", document, err, inGo, want)
		}
	}
	if got := middleware.NewFlag(flagsOf(middleware.FlagDocument("[]")), "a", true).Get(t.Context()); !got {
		t.Error("a flag of a document that is wrong is off, want what the code says")
	}
}

type flagFunction struct{}

func (flagFunction) FunctionName() string      { return "f" }
func (flagFunction) AddGrant(*datastore.Grant) {}

// TestFlagsChange: a document is read once for each of its versions; a wrong one does
// not take the place of a good one; what is missing is told once.
func TestFlagsChange(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	configs := fileconfig.Memory()
	data := datastore.New([]datastore.Driver{configs}, &datastore.Options{Now: func() time.Time { return at }})
	var log, stale strings.Builder
	document := config.New(data, "flags", config.AppConfig, middleware.FlagDocument(`{"beta":{"enabled":true}}`),
		&config.Options{Log: slog.New(slog.NewTextHandler(&stale, nil))})
	flags := middleware.NewFlags(datastore.Use[config.Reader[middleware.FlagSet]](flagFunction{}, document),
		&middleware.FlagOptions{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: func() time.Time { return at }})
	beta, missing := middleware.NewFlag(flags, "beta", false), middleware.NewFlag(flags, "gamma", "x" != "")
	for _, step := range []struct {
		document string
		want     bool
		told     int // lines about gamma so far
		stale    int // lines about an old document so far
	}{
		{"", true, 1, 0}, {`{"beta":{"enabled":false}}`, false, 2, 0}, {`{"beta":7}`, false, 2, 1},
		{`{"beta":{"_variants":[{"name":"x","rule":"(matches in::$a pattern::\"b\")"},{"name":"y"}]}}`, false, 2, 2},
		{`{"beta":{"enabled":true},"gamma":{"enabled":false}}`, true, 2, 2},
	} {
		if step.document != "" {
			if err := configs.Set("", "flags", []byte(step.document)); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			gamma := missing.Get(t.Context())
			if got := beta.Get(t.Context()); got != step.want || gamma != !strings.Contains(step.document, "gamma") {
				t.Errorf("after %s: beta = %v, want %v; gamma = %v", step.document, got, step.want, gamma)
			}
		}
		if told, old := strings.Count(log.String(), "\n"), strings.Count(stale.String(), "\n"); told != step.told || old != step.stale {
			t.Errorf("after %s: %d and %d lines of log, want %d and %d:\n%s%s", step.document, told, old, step.told, step.stale, &log, &stale)
		}
		at = at.Add(time.Minute)
	}
}

// flagReader answers by a function and counts.
type flagReader struct {
	mu     sync.Mutex
	reads  int
	answer func(ctx context.Context, n int) (middleware.FlagSet, error)
}

func (r *flagReader) Get(ctx context.Context) (middleware.FlagSet, error) {
	r.mu.Lock()
	r.reads++
	n := r.reads
	r.mu.Unlock()
	return r.answer(ctx, n)
}

// TestFlagsFail: whatever fails, a flag is what the code says, within a second and
// without asking each time; once there is a document, it counts.
func TestFlagsFail(t *testing.T) {
	t.Parallel()
	good := middleware.FlagDocument(`{"beta":{"enabled":true}}`)
	for name, fail := range map[string]func(context.Context) (middleware.FlagSet, error){
		"down": func(context.Context) (middleware.FlagSet, error) {
			return middleware.FlagSet{}, datastore.ErrUnavailable
		},
		"denied": func(context.Context) (middleware.FlagSet, error) { return middleware.FlagSet{}, datastore.ErrDenied },
		"declared": func(context.Context) (middleware.FlagSet, error) {
			return middleware.FlagSet{}, datastore.ErrDeclaration
		},
		"wrong": func(context.Context) (middleware.FlagSet, error) { return middleware.FlagDocument("7"), nil },
		"zero":  func(context.Context) (middleware.FlagSet, error) { return middleware.FlagSet{}, nil },
		"silent": func(ctx context.Context) (middleware.FlagSet, error) {
			<-ctx.Done()
			return middleware.FlagSet{}, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				reader := &flagReader{answer: func(ctx context.Context, n int) (middleware.FlagSet, error) {
					if n == 1 || n == 4 {
						return fail(ctx)
					}
					return good, nil
				}}
				var log strings.Builder
				beta := middleware.NewFlag(middleware.NewFlags(reader, &middleware.FlagOptions{Log: slog.New(slog.NewTextHandler(&log, nil))}), "beta", false)
				for i, step := range []struct {
					pass  time.Duration
					want  bool
					reads int
				}{{0, false, 1}, {9*time.Second - 1, false, 1}, {2 * time.Second, true, 2}, {0, true, 3}} {
					time.Sleep(step.pass)
					began := time.Now()
					if got := beta.Get(t.Context()); got != step.want || reader.reads != step.reads || time.Since(began) > time.Second {
						t.Errorf("step %d: %v with %d reads after %v, want %v with %d", i, got, reader.reads, time.Since(began), step.want, step.reads)
					}
				}
				// The fourth fails after there was a document; the context ends it.
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if beta.Get(ctx) || strings.Count(log.String(), "cannot be read") != 2 {
					t.Errorf("a flag of the code counts and that is told twice: %s", &log)
				}
			})
		})
	}
}

// TestFlagsLeaveTime: a request that waits for its first flag has half of its time left.
func TestFlagsLeaveTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader := &flagReader{answer: func(ctx context.Context, _ int) (middleware.FlagSet, error) {
			<-ctx.Done()
			return middleware.FlagSet{}, ctx.Err()
		}}
		beta := middleware.NewFlag(middleware.NewFlags(reader, &middleware.FlagOptions{Log: slog.New(slog.DiscardHandler)}), "beta", true)
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		began := time.Now()
		if got := beta.Get(ctx); !got || time.Since(began) != 200*time.Millisecond {
			t.Errorf("beta = %v after %v, want that of the code after 200ms", got, time.Since(began))
		}
	})
}

// TestFlagsClientGone: that a request is over does not keep the next one from reading.
func TestFlagsClientGone(t *testing.T) {
	t.Parallel()
	reader := &flagReader{answer: func(ctx context.Context, _ int) (middleware.FlagSet, error) {
		return middleware.FlagDocument(`{"beta":{"enabled":true}}`), ctx.Err()
	}}
	beta := middleware.NewFlag(middleware.NewFlags(reader, &middleware.FlagOptions{Log: slog.New(slog.DiscardHandler)}), "beta", false)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if beta.Get(gone) || !beta.Get(t.Context()) {
		t.Error("beta is on for who is gone, or off for the next")
	}
}

// TestFlagsOneVersion: a request sees one version of the document, a request without the
// middleware and the next one the newest.
func TestFlagsOneVersion(t *testing.T) {
	t.Parallel()
	reader := &flagReader{answer: func(_ context.Context, n int) (middleware.FlagSet, error) {
		return middleware.FlagDocument(fmt.Sprintf(`{"a":{"enabled":true,"n":%d},"b":{"enabled":true,"n":%[1]d}}`, n)), nil
	}}
	flags := middleware.NewFlags(reader, nil)
	type numbered struct {
		Enabled bool `json:"enabled"`
		N       int  `json:"n"`
	}
	a, b := middleware.NewFlag(flags, "a", numbered{}), middleware.NewFlag(flags, "b", numbered{})
	h := handler.Chain(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		return &handler.Response{Body: fmt.Append(nil, a.Get(ctx).N, b.Get(ctx).N, a.Get(ctx).N)}, nil
	}), flags.Middleware())
	for _, want := range []string{"1 1 1", "2 2 2"} {
		if got := string(do(t, h, handlertest.Request("GET", "/")).Body); got != want {
			t.Errorf("a request saw the versions %s, want %s", got, want)
		}
	}
	if got := a.Get(t.Context()).N; got != 3 {
		t.Errorf("without the middleware: version %d, want 3", got)
	}
}

// TestFlagFacts: where a rule finds what it asks for, and that nobody who issues tokens
// can say who is calling but by the id.
func TestFlagFacts(t *testing.T) {
	t.Parallel()
	ada := handler.Caller{Kind: handler.CallerJWT, ID: "ada", Groups: []string{"staff"}, Scopes: []string{"orders.read"}, Claims: map[string]string{
		"email": "ada@example.com", "caller": "root", "groups": "admins", "scopes": "all", "tenant": "other", "version": "v9", "now": "2099", "plan": "free",
	}}
	forged := handler.Caller{Kind: handler.CallerJWT, Claims: map[string]string{"caller": "root", "groups": "admins", "tenant": "other", "version": "v9"}}
	for _, tt := range []struct {
		name, rule string
		caller     handler.Caller
		given      []slog.Attr
		want       bool
	}{
		{"the caller", `(eq $caller "ada")`, ada, nil, true},
		{"a group", `(contains $groups "staff")`, ada, nil, true},
		{"no group by a claim", `(contains $groups "admins")`, ada, nil, false},
		{"a scope", `(contains $scopes "orders.read")`, ada, nil, true},
		{"a claim", `(ends_with $email "@example.com")`, ada, nil, true},
		{"the version", `(eq $version "v2")`, ada, nil, true},
		{"the tenant", `(eq $tenant "acme")`, ada, nil, true},
		{"no tenant by a note", `(eq $tenant "noted")`, ada, nil, false},
		{"a note before a claim", `(eq $plan "pro")`, ada, nil, true},
		{"a note with a key of the log", `(eq $status "trial")`, ada, nil, true},
		{"what is given before a note", `(eq $plan "trial")`, ada, []slog.Attr{slog.String("plan", "trial")}, true},
		{"what is given before the caller", `(eq $caller "bob")`, ada, []slog.Attr{slog.String("caller", "bob")}, true},
		{"the time", `(lt $now 2031)`, ada, nil, false},
		{"no caller by a claim", `(exists key::"caller")`, forged, nil, false},
		{"no groups by a claim", `(exists key::"groups")`, forged, nil, false},
		{"no tenant by a claim", `(eq $tenant "other")`, forged, nil, false},
		{"nobody", `(or (exists key::"caller") (exists key::"groups") (exists key::"scopes") (exists key::"email"))`, handler.Caller{}, nil, false},
		{"nobody by headers", `(or (eq $caller "root") (eq $Caller "root") (exists key::"X-Caller"))`, handler.Caller{}, nil, false},
	} {
		flags := flagsOf(ruled("f", tt.rule))
		f, got := middleware.NewFlag(flags, "f", false), false
		h := handler.Chain(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
			got = f.Get(ctx, tt.given...)
			return &handler.Response{}, nil
		}), flags.Middleware())
		ctx := datastore.WithTenant(middleware.WithNotes(t.Context()), "acme")
		middleware.Note(ctx, slog.String("tenant", "noted"), slog.String("plan", "pro"), slog.String("status", "trial"))
		req := handlertest.Request("GET", "/?caller=root", handlertest.Header("Caller", "root"), handlertest.Header("X-Caller", "root"))
		if _, err := h.Handle(ctx, req.WithCaller(tt.caller).WithVersion("v2")); err != nil || got != tt.want {
			t.Errorf("%s: %s = %v, %v, want %v", tt.name, tt.rule, got, err, tt.want)
		}
	}
}

// TestFlagNotes: which variant was given is noted for those who want to know.
func TestFlagNotes(t *testing.T) {
	t.Parallel()
	set := middleware.FlagDocument(`{"a":{"enabled":true},"b":{"_variants":[{"name":"Some","enabled":true,"rule":"true"},{"name":"x"}]}}`)
	for _, note := range []bool{false, true} {
		flags := middleware.NewFlags(config.Static(set), &middleware.FlagOptions{Note: note, Log: slog.New(slog.DiscardHandler)})
		ctx := middleware.WithNotes(t.Context())
		for _, name := range []string{"a", "b", "c"} {
			middleware.NewFlag(flags, name, false).Get(ctx)
		}
		var got []string
		for fact := range middleware.Notes(ctx) {
			got = append(got, fact.String())
		}
		var want []string
		if note {
			want = []string{"flag.a=on", "flag.b=Some"}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("Note %v: notes (-want +got):\n%s", note, d)
		}
	}
}

// TestFlagMisdeclared: mistakes of the program are found when it starts.
func TestFlagMisdeclared(t *testing.T) {
	t.Parallel()
	flags := flagsOf(middleware.FlagSet{})
	for name, tt := range map[string]struct {
		declare func()
		want    string
	}{
		"no configuration": {func() { middleware.NewFlags(nil, nil) }, "there is no configuration"},
		"no flags":         {func() { middleware.NewFlag(nil, "a", false) }, "there are no flags"},
		"no name":          {func() { middleware.NewFlag(flags, "", false) }, "no name"},
		"a number":         {func() { middleware.NewFlag(flags, "a", 7) }, "int cannot be a flag"},
		"no JSON":          {func() { middleware.NewFlag(flags, "a", struct{ F func() }{}) }, "cannot be a flag"},
	} {
		func() {
			defer func() {
				var d *datastore.DeclarationError
				if err, _ := recover().(error); !errors.As(err, &d) || !strings.Contains(d.Message, tt.want) || !strings.HasSuffix(d.At.File, "flag_test.go") {
					t.Errorf("%s: %v at %v, want %q", name, err, d, tt.want)
				}
			}()
			tt.declare()
		}()
	}
}

// TestFlagsConcurrent: many requests read flags while documents change.
func TestFlagsConcurrent(t *testing.T) {
	t.Parallel()
	sets := []middleware.FlagSet{middleware.FlagDocument(`{"f":{"enabled":true,"columns":2}}`), middleware.FlagDocument(`{"f":{"enabled":true,"columns":3}}`)}
	flags := middleware.NewFlags(&flagReader{answer: func(_ context.Context, n int) (middleware.FlagSet, error) { return sets[n%2], nil }}, nil)
	f := middleware.NewFlag(flags, "f", ofCode)
	h := handler.Chain(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		var reads sync.WaitGroup
		first := f.Get(ctx).Columns
		for range 4 {
			reads.Go(func() {
				if got := f.Get(ctx, slog.String("a", "b")); got.Columns != first || got.Columns == 1 {
					t.Errorf("columns = %d and %d in one request", first, got.Columns)
				}
			})
		}
		reads.Wait()
		return &handler.Response{}, nil
	}), flags.Middleware())
	var requests sync.WaitGroup
	for range 8 {
		requests.Go(func() {
			for range 50 {
				if _, err := h.Handle(t.Context(), handlertest.Request("GET", "/")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	requests.Wait()
}

// TestFlagsForRecords: a record has flags as a request has.
func TestFlagsForRecords(t *testing.T) {
	t.Parallel()
	flags := flagsOf(ruled("f", `(not (exists key::"caller"))`))
	f, got := middleware.NewFlag(flags, "f", false), false
	h := handler.Chain(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		got = f.Get(ctx)
		return nil, nil
	}), flags.Middleware())
	ctx := datastore.WithRecord(t.Context(), &datastore.Record{ID: "1"})
	if _, err := h.Handle(ctx, handlertest.Request("RECORD", "/queue/jobs")); err != nil || !got {
		t.Errorf("the flag of a record = %v, %v", got, err)
	}
}

// FuzzFlagDocument: no document makes a program fail, and one that is read is written and
// read again as the same.
func FuzzFlagDocument(f *testing.F) {
	f.Add(`{"version":"1","flags":{},"values":{"f":{"enabled":true,"columns":3}}}`)
	f.Add(`{"f":{"_variants":[{"name":"a","enabled":true,"rule":"(split pct::50 by::$a)","attributeValues":{"theme":"dark"}},{"name":"b"}]}}`)
	f.Add(`{"version":{"enabled":true},"f":{"enabled":true,"cards":[1],"_x":null}}`)
	f.Fuzz(func(t *testing.T, document string) {
		set := middleware.FlagDocument(document)
		got := middleware.NewFlag(flagsOf(set), "f", ofCode).Get(t.Context(), slog.String("a", "b"))
		text, err := json.Marshal(set)
		if err != nil {
			if d := cmp.Diff(ofCode, got); d != "" {
				t.Errorf("a flag of a document that is refused (-want +got):\n%s", d)
			}
			return
		}
		again := middleware.NewFlag(flagsOf(middleware.FlagDocument(string(text))), "f", ofCode).Get(t.Context(), slog.String("a", "b"))
		if d := cmp.Diff(got, again); d != "" {
			t.Errorf("written and read again (-first +then):\n%s", d)
		}
	})
}
