package tier_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestLiveMistakes: what Lambda and CodeDeploy would refuse when the stack is made is
// refused with the line of the function.
func TestLiveMistakes(t *testing.T) {
	t.Parallel()
	function := func(opts ...tier.FunctionOption) func(*datastore.Data, *tier.App) {
		return func(_ *datastore.Data, app *tier.App) { app.Function("price", opts...).Invoke(handler.New(echo)) }
	}
	many := strings.Split("a b c d e f g h i", " ")
	for name, tt := range map[string]struct {
		declare func(*datastore.Data, *tier.App)
		want    string // "" for none
	}{
		"an alias":      {function(tier.Live(tier.Rollout{})), ""},
		"a canary":      {function(tier.Live(tier.Rollout{Shift: tier.Canary10Percent30Minutes, Errors: 5, Alarms: many[:8]})), ""},
		"ready":         {function(tier.Live(tier.Rollout{}), tier.Provisioned(1, 10), tier.Reserved(10)), ""},
		"stopped":       {function(tier.Reserved(0)), ""},
		"live twice":    {function(tier.Live(tier.Rollout{}), tier.Live(tier.Rollout{})), "function price: tier.Live twice; write it once"},
		"a shift":       {function(tier.Live(tier.Rollout{Shift: "Linear20PercentEvery1Minute"})), `its shift is "Linear20PercentEvery1Minute"; CodeDeploy has these: tier.AllAtOnce, tier.Canary10Percent5Minutes, `},
		"alarms alone":  {function(tier.Live(tier.Rollout{Alarms: many[:1]})), "nobody watches the alarms of a rollout without a Shift"},
		"errors alone":  {function(tier.Live(tier.Rollout{Errors: 1})), "nobody counts the Errors of a rollout without a Shift"},
		"few errors":    {function(tier.Live(tier.Rollout{Shift: tier.AllAtOnce, Errors: -1})), "-1 Errors; write 0 or more"},
		"many alarms":   {function(tier.Live(tier.Rollout{Shift: tier.AllAtOnce, Alarms: many})), "its rollout names 9 alarms; CodeDeploy watches 8, and two of its own"},
		"no name":       {function(tier.Live(tier.Rollout{Shift: tier.AllAtOnce, Alarms: []string{""}})), `an alarm of its rollout has the name ""`},
		"one name":      {function(tier.Live(tier.Rollout{Shift: tier.AllAtOnce, Alarms: []string{"a", "a"}})), "its rollout has the alarm a twice"},
		"ready of none": {function(tier.Provisioned(1, 2)), "provisioned concurrency is kept for a version of a function; add tier.Live(tier.Rollout{})"},
		"ready of few":  {function(tier.Live(tier.Rollout{}), tier.Provisioned(1, 20), tier.Reserved(10)), "20 provisioned environments are more than the 10 concurrent invocations"},
		"ready for 0":   {function(tier.Live(tier.Rollout{}), tier.Provisioned(0, 2)), "tier.Provisioned(0, 2); write 1 or more"},
		"ready turned":  {function(tier.Live(tier.Rollout{}), tier.Provisioned(3, 2)), "tier.Provisioned(3, 2); write 1 or more"},
		"reserved":      {function(tier.Reserved(-1)), "tier.Reserved(-1); write 0 or more"},
		"more at once": {func(data *datastore.Data, app *tier.App) {
			tier.On(app.Function("worker", tier.Reserved(5)), queue.New[job](data, "jobs"), work[job], tier.MaxConcurrent(6))
		}, "function worker on queue jobs: tier.MaxConcurrent(6) is more than the 5 that are set apart for the function"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			tt.declare(datatest.New(t), app)
			wantMistake(t, errors.Join(app.Check()...), tt.want)
		})
	}
}

// TestEventMistakes: what becomes of direct invocations that nobody waits for.
func TestEventMistakes(t *testing.T) {
	t.Parallel()
	invoke := func(opts ...tier.TriggerOption) func(*datastore.Data, *tier.Function) {
		return func(_ *datastore.Data, f *tier.Function) { f.Invoke(handler.New(echo), opts...) }
	}
	for name, tt := range map[string]struct {
		declare func(*datastore.Data, *tier.Function)
		want    string
	}{
		"all of them": {func(data *datastore.Data, f *tier.Function) {
			f.Invoke(handler.New(echo), tier.Retries(0), tier.MaxAge(6*time.Hour), tier.OnFailure(queue.New[string](data, "lost")))
		}, ""},
		"retries":    {invoke(tier.Retries(3)), "function price on direct invocations: tier.Retries(3); write 0 to 2"},
		"age":        {invoke(tier.MaxAge(time.Second)), "tier.MaxAge(1s); write whole seconds from 1m0s to 6h0m0s"},
		"a batch":    {invoke(tier.BatchSize(3)), "leave tier.BatchSize out"},
		"a filter":   {invoke(tier.Filter(`{}`)), "its records are not chosen by an event source mapping"},
		"middleware": {invoke(tier.With(func(h handler.Handler) handler.Handler { return h })), "tier.With is for event sources"},
		"nil":        {invoke(nil), "an option is nil"},
		"FIFO": {func(data *datastore.Data, f *tier.Function) {
			f.Invoke(handler.New(echo), tier.OnFailure(queue.New[string](data, "lost", queue.FIFO())))
		}, "queue lost is FIFO"},
		"two words": {func(data *datastore.Data, f *tier.Function) {
			f.Invoke(handler.New(echo), tier.Retries(1))
			tier.On(f, topic.New[job](data, "placed"), work[job])
		}, "and function price on topic placed differs"},
		"one word": {func(data *datastore.Data, f *tier.Function) {
			f.Invoke(handler.New(echo), tier.Retries(1))
			tier.On(f, topic.New[job](data, "placed"), work[job], tier.Retries(1))
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			tt.declare(datatest.New(t), app.Function("price"))
			wantMistake(t, errors.Join(app.Check()...), tt.want)
		})
	}
}

// TestDiscardGrant: Lambda sends what is given up with the role of the function, which
// may do no more with the queue.
func TestDiscardGrant(t *testing.T) {
	t.Parallel()
	data, app := datatest.New(t), tier.New("shop")
	f := app.Function("price")
	f.Invoke(handler.New(echo), tier.OnFailure(queue.New[string](data, "lost")))
	grants := f.Grants()
	if len(grants) != 1 || grants[0].Spec.Name() != "lost" || len(grants[0].Ops) != 1 || grants[0].Ops[0] != datastore.Discard {
		t.Errorf("grants %+v, want one to discard into the queue", grants)
	}
	settings, at, declared := f.Asynchronous()
	if !declared || settings.Failed == nil || settings.Retries != -1 || !strings.HasSuffix(at.File, "live_test.go") {
		t.Errorf("Asynchronous = %+v, %v, %v", settings, at, declared)
	}
	if _, _, declared := app.Function("other").Asynchronous(); declared {
		t.Error("a function that says nothing has settings")
	}
}

func ExampleLive() {
	app := tier.New("shop")
	api := app.API("orders", tier.Provisioned(1, 5), tier.Live(tier.Rollout{Shift: tier.Canary10Percent5Minutes}))
	api.Handle("GET /orders", handler.New(func(context.Context, struct{}) ([]string, error) { return nil, nil }))
	lost := queue.New[string](datastore.New(nil, nil), "lost")
	app.Function("report").Invoke(handler.New(func(context.Context, struct{}) (string, error) { return "", nil }),
		tier.Retries(1), tier.OnFailure(lost))
	for _, f := range app.Functions() {
		if r := f.Rollout(); r != nil {
			fmt.Println(f.Name(), r.Shift)
		}
		if settings, _, declared := f.Asynchronous(); declared {
			fmt.Println(f.Name(), settings.Retries, settings.Failed.Name())
		}
	}
	fmt.Println(len(app.Check()), "mistakes")
	// Output:
	// orders Canary10Percent5Minutes
	// report 1 lost
	// 0 mistakes
}
