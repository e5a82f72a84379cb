package tier_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/key"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// TestAskedMistakes: what a user pool would not take is told with its line.
func TestAskedMistakes(t *testing.T) {
	t.Parallel()
	sign := work[*identity.PreSignUpEvent]
	for _, c := range []struct {
		name    string
		declare func(app *tier.App, data *datastore.Data, users *identity.Directory, f *tier.Function)
		want    string
	}{
		{"all", func(_ *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign, tier.With())
			tier.On(f, users.PreTokenGeneration(), work[*identity.PreTokenGenerationEvent])
		}, ""},
		{"a long timeout", func(app *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(app.Function("slow", tier.Timeout(time.Minute)), users.PreSignUp(), sign)
			tier.On(f, users.CustomMessage(), work[*identity.CustomMessageEvent])
		}, ""},
		{"a sender without a key", func(_ *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.CustomSMSSender(), work[*identity.CustomSenderEvent])
		}, "identity users has no key, with which codes are encrypted"},
		{"a sender", func(_ *tier.App, data *datastore.Data, _ *identity.Directory, f *tier.Function) {
			users := identity.New(data, "members", identity.CodesEncryptedBy(key.New(data, "codes", nil)))
			tier.On(f, users.CustomEmailSender(), work[*identity.CustomSenderEvent])
		}, ""},
		{"two functions", func(app *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign)
			tier.On(app.Function("g"), users.PreSignUp(), sign)
		}, "a user pool asks one function at PreSignUp, and function f on identity users does"},
		{"one function twice", func(_ *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign)
			tier.On(f, users.PreSignUp(), sign)
		}, "is declared at"},
		{"two versions", func(app *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreTokenGeneration(), work[*identity.PreTokenGenerationEvent])
			tier.On(app.Function("g"), users.TokenClaims(), work[*identity.TokenClaimsEvent])
		}, "a user pool asks one function at PreTokenGeneration V2_0"},
		{"two directories", func(_ *tier.App, data *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign)
			tier.On(f, identity.New(data, "staff").PostConfirmation(), work[*identity.PostConfirmationEvent])
		}, "is asked by another directory"},
		{"the directory itself", func(_ *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign)
			datastore.Use[identity.Getter](f, users)
		}, ""},
		{"the directory, and a queue", func(_ *tier.App, data *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign)
			tier.On(f, queue.New[job](data, "jobs"), work[job])
			datastore.Use[identity.Getter](f, users)
		}, "give function f on queue jobs"},
		{"the directory, and invocations", func(_ *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign)
			f.Invoke(handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil }))
			datastore.Use[identity.Getter](f, users)
		}, "without routes and invocations"},
		{"an exchange", func(_ *tier.App, data *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign)
			datastore.Use[identity.Exchanger](f, identity.NewExchange(data, "visitors", users))
		}, "the function also uses identity visitors"},
		{"another directory", func(_ *tier.App, data *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign)
			tier.On(f, queue.New[job](data, "jobs"), work[job])
			datastore.Use[identity.Getter](f, identity.New(data, "staff"))
		}, ""},
		{"retries", func(_ *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign, tier.Retries(0))
		}, "leave tier.Retries out; Cognito asks up to three times"},
		{"a destination", func(_ *tier.App, data *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign, tier.OnFailure(queue.New[string](data, "dead")))
		}, "leave tier.OnFailure out; Cognito asks"},
		{"parallel", func(_ *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign, tier.Parallel(2))
		}, "come one by one; leave tier.Parallel out"},
		{"a filter", func(_ *tier.App, _ *datastore.Data, users *identity.Directory, f *tier.Function) {
			tier.On(f, users.PreSignUp(), sign, tier.Filter(`{"userName":["a"]}`))
		}, "leave tier.Filter out; the service wants an answer"},
	} {
		data := datastore.New(nil, nil)
		app := tier.New("club")
		c.declare(app, data, identity.New(data, "users"), app.Function("f"))
		err := errors.Join(append(app.Check(), data.Errs()...)...)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "tier/trigger_ask_test.go:")) {
			t.Errorf("%s: Check = %v, want %q and a line of this file", c.name, err, c.want)
		}
	}
}
