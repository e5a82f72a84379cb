package tier_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func TestSignedInMistakes(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	users := identity.New(data, "users")
	visitors, others := identity.NewExchange(data, "visitors", users), identity.NewExchange(data, "others", users)
	pool := tier.Cognito("pool", tier.CognitoSettings{Pools: []string{"arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abcdefghi"}})
	for name, c := range map[string]struct {
		declare func(*tier.API)
		want    string
	}{
		"nil":           {func(api *tier.API) { api.Handle("GET /a", handler.New(ok), tier.SignedIn(nil)) }, "is nil"},
		"typed nil":     {func(api *tier.API) { api.Handle("GET /a", handler.New(ok), tier.SignedIn((*identity.Exchange)(nil))) }, "is nil"},
		"users":         {func(api *tier.API) { api.Handle("GET /a", handler.New(ok), tier.SignedIn(users)) }, "a store alone gives nobody credentials"},
		"tokens":        {func(api *tier.API) { api.Handle("GET /a", handler.New(ok), pool, tier.SignedIn(visitors)) }, "write one of the two"},
		"tokens behind": {func(api *tier.API) { api.Handle("GET /a", handler.New(ok), tier.SignedIn(visitors), pool) }, "two authorizers"},
		"public":        {func(api *tier.API) { api.Handle("GET /a", handler.New(ok), tier.SignedIn(visitors), tier.Public()) }, "write one of the two"},
		"not closed": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(ok), tier.SignedIn(visitors))
			api.Handle("GET /b", handler.New(ok))
		}, "closed by default"},
		"versions": {func(api *tier.API) {
			api.Version("1").Handle("GET /a", handler.New(ok), tier.SignedIn(visitors))
			api.Version("2").Handle("GET /a", handler.New(ok), tier.SignedIn(others))
		}, "another set of exchanges"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			var opts []tier.APIOption
			if name == "versions" {
				opts = append(opts, tier.VersionByHeader("V"))
			}
			c.declare(app.API("orders", opts...))
			if err := errors.Join(app.Check()...); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Check() = %v, want %q", err, c.want)
			}
		})
	}
}

func TestSignedIn(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	users := identity.New(data, "users")
	visitors, others := identity.NewExchange(data, "visitors", users), identity.NewExchange(data, "others", users)
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /a", handler.New(ok), tier.SignedIn(visitors))
	api.Handle("GET /b", handler.New(ok), tier.SignedIn(visitors), tier.SignedIn(others), tier.SignedIn(visitors), tier.IAM())
	api.Handle("GET /c", handler.New(ok), tier.IAM())
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	var got []int
	for _, r := range api.Routes() {
		if !tier.IsIAM(r.Authorizer()) {
			t.Errorf("%s: authorizer %v, want IAM", r, r.Authorizer())
		}
		got = append(got, len(r.SignedIn()))
	}
	if !slices.Equal(got, []int{1, 2, 0}) || len(app.Exchanges()) != 2 {
		t.Errorf("routes have %v exchanges, and the App %d; want [1 2 0] and 2", got, len(app.Exchanges()))
	}
}
