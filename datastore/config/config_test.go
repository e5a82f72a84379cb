package config_test

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
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

// service answers by a function and counts the reads.
type service struct {
	answer  func(ctx context.Context, n int) (string, error)
	openErr error

	mu    sync.Mutex
	reads int
}

func (*service) Kind() string { return "config" }
func (*service) Name() string { return "scripted" }
func (s *service) OpenConfig(context.Context, *datastore.Data, config.Spec) (config.Conn, error) {
	return s, s.openErr
}

func (s *service) Read(ctx context.Context) (config.Document, error) {
	s.mu.Lock()
	s.reads++
	n := s.reads
	s.mu.Unlock()
	text, err := s.answer(ctx, n)
	return config.Document{Data: []byte(text)}, err
}

// clock stands still until a test moves it.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newClock() *clock { return &clock{time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)} }

var quiet = slog.New(slog.DiscardHandler)

func open(s *service, now func() time.Time, opts *config.Options) config.Reader[int] {
	data := datastore.New([]datastore.Driver{s}, &datastore.Options{Now: now})
	return datastore.Use[config.Reader[int]](function("f"), config.New(data, "limit", config.AppConfig, 60, opts))
}

// TestStale: whatever fails leaves the last good document to be served, and for how
// long.
func TestStale(t *testing.T) {
	t.Parallel()
	throttled := datastore.ErrThrottled
	for name, tt := range map[string]struct {
		opts config.Options
		age  time.Duration // of the document when it is asked for again
		text string        // of the service then
		err  error
		want int // 0 for the error
	}{
		"young":                        {config.Options{}, 45*time.Second - 1, "2", nil, 1},
		"old":                          {config.Options{}, 45 * time.Second, "2", nil, 2},
		"throttled":                    {config.Options{}, time.Minute, "", throttled, 1},
		"down":                         {config.Options{}, 23 * time.Hour, "", errors.New("boom"), 1},
		"no time left":                 {config.Options{}, time.Hour, "", datastore.ErrNoBudget, 1},
		"deleted":                      {config.Options{}, time.Hour, "", datastore.ErrNotFound, 1},
		"denied":                       {config.Options{}, time.Hour, "", datastore.ErrDenied, 1},
		"wrong":                        {config.Options{}, time.Hour, `"two"`, datastore.ErrCorrupt, 1},
		"too old":                      {config.Options{}, 24 * time.Hour, "", throttled, 0},
		"wrong for too long":           {config.Options{}, 24 * time.Hour, `"two"`, datastore.ErrCorrupt, 0},
		"the clock was set back":       {config.Options{}, -time.Hour, "", throttled, 1},
		"never stale":                  {config.Options{MaxStale: -1}, time.Minute, "", throttled, 0},
		"never kept":                   {config.Options{MaxAge: -1}, 0, "2", nil, 2},
		"never kept, served stale":     {config.Options{MaxAge: -1}, 0, "", throttled, 1},
		"kept for longer than a day":   {config.Options{MaxAge: 48 * time.Hour}, 48*time.Hour - 1, "2", nil, 1},
		"and then stale for no longer": {config.Options{MaxAge: 48 * time.Hour}, 48 * time.Hour, "", throttled, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			s := &service{answer: func(_ context.Context, n int) (string, error) {
				if n == 1 {
					return "1", nil
				}
				if tt.text != "" {
					return tt.text, nil
				}
				return "", tt.err
			}}
			var log strings.Builder
			tt.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
			limit := open(s, clock.now, &tt.opts)
			if got, err := limit.Get(t.Context()); err != nil || got != 1 {
				t.Fatalf("Get = %d, %v", got, err)
			}
			clock.at = clock.at.Add(tt.age)
			got, err := limit.Get(t.Context())
			if got != tt.want || (err != nil) != (tt.want == 0) || tt.want == 0 && !errors.Is(err, tt.err) {
				t.Errorf("Get = %d, %v, want %d or %v", got, err, tt.want, tt.err)
			}
			if told, survived := log.Len() > 0, tt.err != nil && tt.want == 1; told != survived {
				t.Errorf("log = %q, want a line: %v", &log, survived)
			}
		})
	}
}

// TestCooldown: a service that failed is asked again after ten seconds, and who looks
// after it is told once for each time.
func TestCooldown(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := &service{answer: func(_ context.Context, n int) (string, error) {
		if n == 2 || n == 3 {
			return "", errors.New("down")
		}
		return fmt.Sprint(n), nil
	}}
	var log strings.Builder
	limit := open(s, clock.now, &config.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	for _, step := range []struct {
		pass        time.Duration
		want, reads int
	}{{0, 1, 1}, {45 * time.Second, 1, 2}, {9 * time.Second, 1, 2}, {time.Second, 1, 3}, {10 * time.Second, 4, 4}, {30 * time.Second, 4, 4}} {
		clock.at = clock.at.Add(step.pass)
		if got, err := limit.Get(t.Context()); err != nil || got != step.want || s.reads != step.reads {
			t.Errorf("after %v more: Get = %d, %v with %d reads, want %d with %d", step.pass, got, err, s.reads, step.want, step.reads)
		}
	}
	if got := strings.Count(log.String(), "\n"); got != 2 {
		t.Errorf("%d lines of log, want one for each of the two failures:\n%s", got, &log)
	}
}

// TestOneCall: Gets at the same time cost one fetch, and a service that does not answer
// a second where there is a document.
func TestOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &service{answer: func(ctx context.Context, n int) (string, error) {
			if n == 2 {
				<-ctx.Done()
				return "", ctx.Err()
			}
			time.Sleep(100 * time.Millisecond)
			return "1", nil
		}}
		limit := open(s, time.Now, &config.Options{Log: quiet})
		for i, took := range []time.Duration{100 * time.Millisecond, time.Second} {
			begin := time.Now()
			var gets sync.WaitGroup
			for range 100 {
				gets.Go(func() {
					if got, err := limit.Get(t.Context()); err != nil || got != 1 {
						t.Errorf("Get = %d, %v", got, err)
					}
				})
			}
			gets.Wait()
			if s.reads != i+1 || time.Since(begin) != took {
				t.Fatalf("%d fetches in %v for 100 Gets, want %d in %v", s.reads, time.Since(begin), i+1, took)
			}
			time.Sleep(time.Minute)
		}
	})
}

// TestGranted: another function's handle is refused before anything is sent.
func TestGranted(t *testing.T) {
	t.Parallel()
	s := &service{answer: func(context.Context, int) (string, error) { return "1", nil }}
	limit := open(s, time.Now, nil)
	if _, err := limit.Get(datastore.WithFunction(t.Context(), "g")); !errors.Is(err, datastore.ErrDenied) || s.reads != 0 {
		t.Errorf("Get by another function: error = %v with %d reads, want %v with none", err, s.reads, datastore.ErrDenied)
	}
}

type checked struct{ N int }

func (c *checked) Validate() error {
	if c.N < 0 {
		return errors.New("N is less than 0")
	}
	return nil
}

// TestDeclarations: what is wrong in a declaration is reported with its line, and
// nothing is opened.
func TestDeclarations(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		declare func(*datastore.Data) error
		want    string
	}{
		"no source": {func(d *datastore.Data) error { return get(d, config.New(d, "limit", 0, 1, nil)) }, "write config.AppConfig, config.FeatureFlags or config.Parameter"},
		"no name":   {func(d *datastore.Data) error { return get(d, config.New(d, "no name", config.Parameter, 1, nil)) }, "config name"},
		"no JSON":   {func(d *datastore.Data) error { return get(d, config.New(d, "limit", config.Parameter, func() {}, nil)) }, "has no JSON"},
		"null": {func(d *datastore.Data) error {
			return get(d, config.New[*checked](d, "limit", config.Parameter, nil, nil))
		}, "the document is null"},
		"not valid": {func(d *datastore.Data) error {
			return get(d, config.New(d, "limit", config.Parameter, checked{-1}, nil))
		}, "N is less than 0"},
		"not valid, by a pointer": {func(d *datastore.Data) error {
			return get(d, config.New(d, "limit", config.Parameter, &checked{-1}, nil))
		}, "N is less than 0"},
		"too large": {func(d *datastore.Data) error {
			return get(d, config.New(d, "limit", config.Parameter, strings.Repeat("x", 4095), nil))
		}, "4096 at most"},
		"another parameter": {func(d *datastore.Data) error {
			return get(d, config.New(d, "limit", config.Parameter, "hello {{name}}", nil))
		}, `"{{" and "}}"`},
		"a dynamic reference": {func(d *datastore.Data) error {
			return get(d, config.New(d, "limit", config.AppConfig, "{{resolve:ssm:/limit}}", nil))
		}, "CloudFormation would put something else"},
		"no flags": {func(d *datastore.Data) error {
			return get(d, config.New(d, "limit", config.FeatureFlags, map[string]any{"version": "1"}, nil))
		}, "no document of feature flags"},
		"variants that are not given out": {func(d *datastore.Data) error {
			return get(d, config.New(d, "limit", config.FeatureFlags, json.RawMessage(`{"version":"1","flags":{"a":{}},"values":{"a":{"_variants":[]}}}`), nil))
		}, `flag "a" has variants`},
		"stale before it is old": {func(d *datastore.Data) error {
			return get(d, config.New(d, "limit", config.Parameter, 1, &config.Options{MaxAge: 2, MaxStale: 1}))
		}, "MaxStale is less than MaxAge"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := datastore.New([]datastore.Driver{&service{openErr: errors.New("opened")}}, nil)
			err := tt.declare(data)
			errs := data.Errs()
			var d *datastore.DeclarationError
			if len(errs) != 1 || !errors.As(errs[0], &d) || !strings.HasSuffix(d.At.File, "config_test.go") || !strings.Contains(d.Message, tt.want) {
				t.Errorf("Errs = %v, want one of this file with %q", errs, tt.want)
			}
			if !errors.Is(err, datastore.ErrDeclaration) {
				t.Errorf("Get: error = %v, want %v", err, datastore.ErrDeclaration)
			}
		})
	}
}

func get[T any](d *datastore.Data, c *config.Config[T]) error {
	_, err := datastore.Use[config.Reader[T]](function("f"), c).Get(context.Background())
	return err
}

// TestNeeds: the one parameter, or a session of the one configuration.
func TestNeeds(t *testing.T) {
	t.Parallel()
	session := []datastore.Need{{
		Service: "appconfig", Actions: []string{"GetLatestConfiguration", "StartConfigurationSession"},
		Resource: "application/{application}/environment/{environment}/configuration/{name}",
	}}
	data := datastore.New(nil, nil)
	for name, tt := range map[string]struct {
		spec datastore.Spec
		ops  []string
		want []datastore.Need
	}{
		"AppConfig": {config.New(data, "a", config.AppConfig, 1, nil).Spec(), []string{"Get"}, session},
		"flags": {config.New(data, "b", config.FeatureFlags, map[string]any{"version": "1", "flags": map[string]any{}, "values": map[string]any{}}, nil).Spec(),
			[]string{"Get"}, session},
		"parameter": {config.New(data, "c", config.Parameter, 1, nil).Spec(), []string{"Get"},
			[]datastore.Need{{Service: "ssm", Actions: []string{"GetParameter"}, Resource: "parameter/{name}"}}},
		"nothing": {config.New(data, "d", config.Parameter, 1, nil).Spec(), nil, nil},
	} {
		if d := cmp.Diff(tt.want, tt.spec.Needs(tt.ops)); d != "" {
			t.Errorf("%s: Needs(%q) (-want +got):\n%s", name, tt.ops, d)
		}
	}
	if errs := data.Errs(); errs != nil {
		t.Error(errs)
	}
}

// TestErrorsOfDrivers: errors get their store and operation.
func TestErrorsOfDrivers(t *testing.T) {
	t.Parallel()
	fails := func(err error) func(context.Context, int) (string, error) {
		return func(context.Context, int) (string, error) { return "", err }
	}
	for name, tt := range map[string]struct {
		s    *service
		want error
	}{
		"denied":      {&service{answer: fails(&datastore.Error{Kind: datastore.ErrDenied, Code: "AccessDeniedException"})}, datastore.ErrDenied},
		"anything":    {&service{answer: fails(errors.New("boom"))}, datastore.ErrUnavailable},
		"cannot open": {&service{openErr: errors.New("boom")}, datastore.ErrUnavailable},
	} {
		_, err := open(tt.s, time.Now, nil).Get(t.Context())
		var e *datastore.Error
		if !errors.Is(err, tt.want) || !errors.As(err, &e) || e.Store != "config limit" || e.Op != "get" {
			t.Errorf("%s: Get: error = %v, want %v of config limit", name, err, tt.want)
		}
	}
}

func BenchmarkGetKept(b *testing.B) {
	s := &service{answer: func(context.Context, int) (string, error) { return "1", nil }}
	limit := open(s, nil, nil)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := limit.Get(ctx); err != nil {
			b.Fatal(err)
		}
	}
}
