package middleware_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

const (
	compareRule = `(and (eq $country "CH") (gte $age 18) (not (ends_with $email "@example.com")))`
	splitRule   = `(split pct::50 by::$user)`
)

var (
	longListRule = `(in $user ["` + strings.Repeat(`x", "`, 1000) + `u-4711"])`
	benchFacts   = []slog.Attr{slog.String("country", "CH"), slog.Int("age", 30), slog.String("email", "jo@example.org"), slog.String("user", "u-4711")}
)

// TestFlagAllocations: to evaluate a rule needs no memory, and the middleware one piece.
func TestFlagAllocations(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	ctx := context.Background()
	for name, rule := range map[string]string{"comparisons": compareRule, "a split": splitRule, "a list": longListRule} {
		f := middleware.NewFlag(flagsOf(ruled("f", rule)), "f", false)
		if got := testing.AllocsPerRun(100, func() {
			f.Get(ctx, slog.String("country", "CH"), slog.Int("age", 30), slog.String("email", "jo@example.org"), slog.String("user", "u-4711"))
		}); got != 0 {
			t.Errorf("%s: %v allocations, want none", name, got)
		}
	}
	flags := flagsOf(ruled("f", compareRule))
	f := middleware.NewFlag(flags, "f", false)
	h := flags.Middleware()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		f.Get(ctx, benchFacts...)
		return nil, nil
	}))
	req := handlertest.Request("GET", "/")
	if got := testing.AllocsPerRun(100, func() { _, _ = h.Handle(ctx, req) }); got > 1 {
		t.Errorf("a request with flags: %v allocations, want one", got)
	}
}

// BenchmarkFlag is what a flag costs: in a request, with the middleware and without, and
// by what its rule asks.
func BenchmarkFlag(b *testing.B) {
	ctx := b.Context()
	for _, bb := range []struct{ name, rule string }{{"always", "true"}, {"comparisons", compareRule}, {"split", splitRule}, {"list of 1000", longListRule}} {
		b.Run(bb.name, func(b *testing.B) {
			f := middleware.NewFlag(flagsOf(ruled("f", bb.rule)), "f", false)
			b.ReportAllocs()
			for b.Loop() {
				f.Get(ctx, benchFacts...)
			}
		})
	}
	flags := flagsOf(ruled("f", compareRule))
	f := middleware.NewFlag(flags, "f", false)
	asks := handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		f.Get(ctx, benchFacts...)
		return bareAnswer(ctx, req)
	})
	for _, bb := range []struct {
		name string
		h    handler.Handler
	}{{"bare handler", bareAnswer}, {"handler with a flag", asks}, {"inside of the middleware", flags.Middleware()(asks)}} {
		b.Run(bb.name, func(b *testing.B) {
			req := handlertest.Request("GET", "/orders/7")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bb.h.Handle(ctx, req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("reading a document", func(b *testing.B) {
		text := `{"version":"1","values":{"a":{"_variants":[{"name":"x","enabled":true,"rule":"(and (eq $country \"CH\") (gte $age 18))","attributeValues":{"columns":2}},{"name":"y"}]},"b":{"enabled":true}}}`
		b.ReportAllocs()
		for b.Loop() {
			middleware.FlagDocument(text)
		}
	})
}
