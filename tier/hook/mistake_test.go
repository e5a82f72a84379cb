package hook_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/hook"
)

func passes(context.Context, hook.Release) error { return nil }

// checks is a function that is a hook.
func checks(app *tier.App, name string) *tier.Function {
	f := app.Function(name)
	hook.On(f, passes)
	return f
}

// TestMistakes: what cannot be a hook is refused with the line of its declaration.
func TestMistakes(t *testing.T) {
	t.Parallel()
	echo := handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	rolled := func(app *tier.App, name string, r tier.Rollout) {
		if r.Shift == "" {
			r.Shift = tier.AllAtOnce
		}
		app.Function(name, tier.Live(r)).Invoke(echo)
	}
	for name, tt := range map[string]struct {
		declare func(*tier.App)
		want    string // "" for none
	}{
		"before": {func(app *tier.App) { rolled(app, "price", tier.Rollout{Before: checks(app, "check")}) }, ""},
		"both": {func(app *tier.App) {
			check := checks(app, "check")
			rolled(app, "price", tier.Rollout{Before: check, After: check})
		}, ""},
		"no shift": {func(app *tier.App) {
			app.Function("price", tier.Live(tier.Rollout{After: checks(app, "check")})).Invoke(echo)
		}, "function price: nobody runs the hook After of a rollout without a Shift"},
		"no hook": {func(app *tier.App) {
			check := app.Function("check")
			check.Invoke(echo)
			rolled(app, "price", tier.Rollout{Before: check})
		}, "function price: its hook Before, check, does not answer CodeDeploy; write hook.On(check, fn)"},
		"of two": {func(app *tier.App) {
			check := checks(app, "check")
			rolled(app, "price", tier.Rollout{Before: check})
			rolled(app, "tax", tier.Rollout{After: check})
		}, "function tax: its hook After, check, is that of function price"},
		"of another": {func(app *tier.App) {
			rolled(app, "price", tier.Rollout{Before: checks(tier.New("other"), "check")})
		}, "function price: its hook Before, check, is a function of another App"},
		"of none": {func(app *tier.App) { checks(app, "check") }, "function check is a hook: it checks no rollout"},
		"nothing": {func(app *tier.App) { hook.On(app.Function("check"), nil) }, "function check: hook.On: the function that checks is nil"},
		"twice":   {func(app *tier.App) { hook.On(checks(app, "check"), passes) }, "declare another function"},
		"routes": {func(app *tier.App) {
			api := app.API("orders")
			check := api.Function("check")
			check.Handle("GET /orders", echo)
			hook.On(check, passes)
			rolled(app, "price", tier.Rollout{Before: check})
		}, "function check is a hook: it answers CodeDeploy and nothing else"},
		"live": {func(app *tier.App) {
			check := app.Function("check", tier.Live(tier.Rollout{}))
			hook.On(check, passes)
			rolled(app, "price", tier.Rollout{Before: check})
		}, "function check is a hook: it has no rollout of its own"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			tt.declare(app)
			err := errors.Join(app.Check()...)
			if tt.want == "" {
				if err != nil {
					t.Errorf("Check: %v, want no mistake", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Check: %v, want %s", err, tt.want)
			}
			for _, mistake := range app.Check() {
				var d *datastore.DeclarationError
				if !errors.As(mistake, &d) || !strings.HasSuffix(d.At.File, "mistake_test.go") {
					t.Errorf("%v is not at the line that declares it", mistake)
				}
			}
		})
	}
}

// TestNil: there is no App to tell of a function that is nil.
func TestNil(t *testing.T) {
	t.Parallel()
	defer func() {
		if d, ok := recover().(*datastore.DeclarationError); !ok || !strings.HasSuffix(d.At.File, "mistake_test.go") {
			t.Errorf("hook.On(nil) panicked with %v, want a mistake with its line", d)
		}
	}()
	hook.On(nil, passes)
}
