package policy_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/policy"
)

// TestLiveCallee: who calls a function of the App may invoke what the call goes to: the
// alias if there is one, else the function, and never the other of the two.
func TestLiveCallee(t *testing.T) {
	t.Parallel()
	const function = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${PriceFunction}"
	answer := handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	for name, tt := range map[string]struct {
		callee []tier.FunctionOption
		call   []call.Option
		want   string
	}{
		"as it is":     {nil, nil, function},
		"live":         {[]tier.FunctionOption{tier.Live(tier.Rollout{})}, nil, function + ":live"},
		"live by name": {[]tier.FunctionOption{tier.Live(tier.Rollout{})}, []call.Option{call.Qualifier("live")}, function + ":live"},
		"a version":    {[]tier.FunctionOption{tier.Live(tier.Rollout{})}, []call.Option{call.Qualifier("7")}, function + ":7"},
	} {
		data, app := datastore.New(nil, nil), tier.New("shop")
		app.Function("price", tt.callee...).Invoke(answer)
		caller := app.Function("caller")
		caller.Invoke(answer)
		datastore.Use[call.Caller[struct{}, struct{}]](caller, call.New[struct{}, struct{}](data, "price", tt.call...))
		var got []string
		for _, s := range policy.Statements(caller) {
			if slices.Contains(s.Actions, "lambda:InvokeFunction") {
				got = append(got, s.Resource)
			}
		}
		if len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: may invoke %v, want %s", name, got, tt.want)
		}
	}
}

// TestRolloutRoles: a function has a role of CodeDeploy if that moves its alias.
func TestRolloutRoles(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	answer := handler.New(func(context.Context, struct{}) (struct{}, error) { return struct{}{}, nil })
	app.Function("plain").Invoke(answer)
	app.Function("moved", tier.Live(tier.Rollout{})).Invoke(answer)
	app.Function("watched", tier.Live(tier.Rollout{Shift: tier.AllAtOnce})).Invoke(answer)
	var ids []string
	for _, r := range policy.Roles(app) {
		if strings.HasSuffix(r.ID, "RolloutRole") {
			ids = append(ids, r.ID)
			for _, s := range r.Statements {
				if len(s.Because) != 1 || s.Because[0].At.IsZero() {
					t.Errorf("%s: %v has no Go line", r.ID, s.Actions)
				}
			}
		}
	}
	if !slices.Equal(ids, []string{"WatchedRolloutRole"}) {
		t.Errorf("roles %v, want that of watched", ids)
	}
}
