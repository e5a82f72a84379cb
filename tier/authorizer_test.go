package tier_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func TestClosedByDefault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		declare func(*tier.API)
		want    string // "" for no mistake
	}{
		"no authorizer": {func(api *tier.API) { api.Handle("GET /a", handler.New(ok)) }, ""},
		"one protected, one silent": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(ok), tier.IAM())
			api.Handle("GET /b", handler.New(ok))
		}, "route GET /b: API x has authorizers, so it is closed by default"},
		"one protected, one public": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(ok), tier.IAM())
			api.Handle("GET /b", handler.New(ok), tier.Public())
		}, ""},
		"the API's": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(ok))
			api.Authorize(tier.IAM())
		}, ""},
		"twice": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(ok))
			api.Authorize(tier.IAM())
			api.Authorize(tier.IAM())
		}, "authorizer iam is the default already"},
		"nil": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(ok))
			api.Authorize(nil)
		}, "the authorizer is nil"},
		"public and protected": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(ok), tier.IAM(), tier.Public())
		}, "tier.Public and authorizer iam"},
		"two": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(ok), tier.IAM(), tier.IAM())
		}, "two authorizers, iam and iam"},
		"scopes with nobody to read them": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(ok), tier.Scopes("read"))
		}, "scopes without an authorizer"},
		"scopes with IAM": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(ok), tier.IAM(), tier.Scopes("read"))
		}, "scopes, which authorizer iam does not read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			c.declare(app.API("x"))
			err := errors.Join(app.Check()...)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("Check = %v, want %q", err, c.want)
			}
			if c.want != "" && !strings.Contains(err.Error(), "authorizer_test.go:") {
				t.Errorf("no Go line in %v", err)
			}
		})
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	if k := app.API("a").Kind(); k != tier.REST {
		t.Errorf("kind %q by default", k)
	}
	if k := app.API("b", tier.HTTP, tier.Memory(512)).Kind(); k != tier.HTTP {
		t.Errorf("kind %q", k)
	}
	app.API("c", tier.Kind("SOAP"))
	if err := errors.Join(app.Check()...); err == nil || !strings.Contains(err.Error(), `kind "SOAP"; write tier.REST or tier.HTTP`) {
		t.Errorf("Check = %v", err)
	}
}
