package tier_test

import (
	"context"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func TestAccessLogMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		days int
		want string
	}{
		"default":       {0, ""},
		"a day":         {1, ""},
		"ten years":     {3653, ""},
		"less":          {-1, "an access log that is kept for -1 days; write one of [1 3 5 7 14 30"},
		"in between":    {2, "kept for 2 days"},
		"more than all": {3654, "kept for 3654 days"},
	} {
		for _, kind := range []tier.Kind{tier.REST, tier.HTTP} {
			t.Run(name+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				checkMistake(t, mistakes(func(app *tier.App) {
					api := app.API("x", kind)
					api.Handle("GET /a", handler.New(ok))
					api.AccessLog(tier.AccessLog{Days: c.days})
				}), c.want)
			})
		}
		t.Run(name+" WebSocket", func(t *testing.T) {
			t.Parallel()
			checkMistake(t, mistakes(func(app *tier.App) {
				w := app.WebSocket("x")
				w.Handle("$connect", handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }))
				w.AccessLog(tier.AccessLog{Days: c.days})
			}), c.want)
		})
	}
	t.Run("twice", func(t *testing.T) {
		t.Parallel()
		checkMistake(t, mistakes(func(app *tier.App) {
			api := app.API("x")
			api.Handle("GET /a", handler.New(ok))
			api.AccessLog(tier.AccessLog{})
			api.AccessLog(tier.AccessLog{Client: true})
		}), "API x: its access log is declared already at ")
	})
}

// TestAccessLogDefaults: what nothing is said of.
func TestAccessLogDefaults(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").API("x")
	if l := api.DeclaredAccessLog(); l != nil {
		t.Errorf("an API without one has %v", l)
	}
	api.AccessLog(tier.AccessLog{})
	if l := api.DeclaredAccessLog(); l.Days != 30 || l.Client || l.At.IsZero() {
		t.Errorf("DeclaredAccessLog = %+v, want 30 days without the client, and a line", l)
	}
}
