package tier_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// turner is a rotator that does nothing.
type turner struct{}

func (turner) Create(context.Context, *string) (string, error) { return "x", nil }
func (turner) Set(context.Context, string, *string) error      { return nil }
func (turner) Test(context.Context, string) error              { return nil }

// TestRotationTriggers: what Secrets Manager does not do is refused with the line of the
// On or of the Rotation.
func TestRotationTriggers(t *testing.T) {
	t.Parallel()
	each := func(every time.Duration) func(*datastore.Data, *tier.App) {
		return func(data *datastore.Data, app *tier.App) {
			tier.On(app.Function("f"), secret.New[string](data, "hush", secret.Manager, nil).Rotation(every), secret.Steps(turner{}))
		}
	}
	const schedule = "write 4 to 23 hours, or whole days up to 999"
	for _, c := range []struct {
		name    string
		declare func(*datastore.Data, *tier.App)
		want    string // "" for none
	}{
		{"hours", each(4 * time.Hour), ""},
		{"a day", each(24 * time.Hour), ""},
		{"days", each(999 * 24 * time.Hour), ""},
		{"too often", each(3 * time.Hour), schedule},
		{"too seldom", each(1000 * 24 * time.Hour), schedule},
		{"a day and a half", each(36 * time.Hour), schedule},
		{"minutes", each(4*time.Hour + time.Minute), schedule},
		{"never", each(0), schedule},
		{"a parameter", func(data *datastore.Data, app *tier.App) {
			tier.On(app.Function("f"), secret.New[string](data, "hush", secret.Parameter, nil).Rotation(24*time.Hour), secret.Steps(turner{}))
		}, "which rotates none; declare it with secret.Manager"},
		{"no rotator", func(data *datastore.Data, app *tier.App) {
			tier.On(app.Function("f"), secret.New[string](data, "hush", secret.Manager, nil).Rotation(24*time.Hour), secret.Steps[string](nil))
		}, "the function that works records off is nil"},
		{"retries", func(data *datastore.Data, app *tier.App) {
			tier.On(app.Function("f"), secret.New[string](data, "hush", secret.Manager, nil).Rotation(24*time.Hour), secret.Steps(turner{}), tier.Retries(1))
		}, "Secrets Manager begins a rotation that failed again"},
		{"a queue of failures", func(data *datastore.Data, app *tier.App) {
			tier.On(app.Function("f"), secret.New[string](data, "hush", secret.Manager, nil).Rotation(24*time.Hour), secret.Steps(turner{}),
				tier.OnFailure(queue.New[string](data, "lost")))
		}, "Secrets Manager begins a rotation that failed again"},
		{"on instances", func(data *datastore.Data, app *tier.App) {
			f := app.Function("f", tier.OnInstances(tier.Instances{}), tier.Memory(4096), tier.Live(tier.Rollout{}))
			tier.On(f, secret.New[string](data, "hush", secret.Manager, nil).Rotation(24*time.Hour), secret.Steps(turner{}))
		}, "have another function rotate the secret"},
		{"two secrets", func(data *datastore.Data, app *tier.App) {
			f := app.Function("f")
			for _, name := range []string{"hush", "hist"} {
				tier.On(f, secret.New[string](data, name, secret.Manager, nil).Rotation(24*time.Hour), secret.Steps(turner{}))
			}
		}, ""},
		{"twice", func(data *datastore.Data, app *tier.App) {
			f, hush := app.Function("f"), secret.New[string](data, "hush", secret.Manager, nil)
			tier.On(f, hush.Rotation(24*time.Hour), secret.Steps(turner{}))
			tier.On(f, hush.Rotation(48*time.Hour), secret.Steps(turner{}))
		}, "Secrets Manager has one function for each secret"},
		{"by two functions", func(data *datastore.Data, app *tier.App) {
			hush := secret.New[string](data, "hush", secret.Manager, nil)
			tier.On(app.Function("f"), hush.Rotation(24*time.Hour), secret.Steps(turner{}))
			tier.On(app.Function("g"), hush.Rotation(24*time.Hour), secret.Steps(turner{}))
		}, "Secrets Manager has one function for each secret; leave it to one of them"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data, app := datastore.New(nil, nil), tier.New("shop")
			c.declare(data, app)
			err := errors.Join(append(data.Errs(), app.Check()...)...)
			if c.want == "" {
				if err != nil {
					t.Errorf("Check: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "trigger_rotation_test.go:") {
				t.Errorf("Check: error = %v, want %q with the line", err, c.want)
			}
		})
	}
}
