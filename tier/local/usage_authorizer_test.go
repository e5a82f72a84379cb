package local_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestKeyOfAuthorizer: KEY-01 and KEY-04 with the source AUTHORIZER: the key is
// the one that the Lambda authorizer names, also from its cache; a header does
// not count, both must let the request in, and who is denied uses nothing up.
func TestKeyOfAuthorizer(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	auth := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization", TTL: time.Minute})
	auth.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
	api.Authorize(auth)
	api.KeysFromAuthorizer()
	api.Handle("GET /a", noop, tier.KeyRequired())
	api.Handle("GET /free", noop)
	api.Plan(tier.UsagePlan{Name: "basic", Keys: []string{"mobile", "old"}, Quota: tier.Quota{Limit: 2, Period: tier.Day}})
	gate := func(_ context.Context, event []byte) ([]byte, error) {
		effect := "Allow"
		if strings.Contains(string(event), "denied") {
			effect = "Deny"
		}
		for token, key := range map[string]string{"tok-mobile": "mobile-secret", "denied": "mobile-secret", "tok-old": "old-secret", "tok-unknown": "x"} {
			if strings.Contains(string(event), `"`+token+`"`) {
				return []byte(policy(`,"usageIdentifierKey":"`+key+`"`, statement(effect, "*"))), nil
			}
		}
		return []byte(policy("", statement(effect, "*"))), nil
	}
	g := serveGated(t, app, api, &local.Options{Identities: &local.Identities{APIKeys: keys}}, gate)
	for i, tt := range []struct{ why, target, token, want string }{
		{"KEY-04: the authorizer denies", "/a", "denied", "403 " + restDeniedByName},
		{"KEY-04: no key, although the authorizer allows", "/a", "tok-none", forbidden},
		{"KEY-01: an unknown key", "/a", "tok-unknown", forbidden},
		{"KEY-01: a disabled key", "/a", "tok-old", forbidden},
		{"KEY-01: the authorizer's key", "/a", "tok-mobile", "200 in"},
		{"KEY-01: of the kept verdict", "/a", "tok-mobile", "200 in"},
		{"KEY-03: its quota is used up", "/a", "tok-mobile", exceeded},
		{"a route that asks for no key", "/free", "tok-mobile", "200 in"},
	} {
		status, _, body := g.ask(t, "GET "+tt.target, "Authorization: "+tt.token, "X-Api-Key: mobile-secret")
		if got := fmt.Sprint(status, " ", body); got != tt.want {
			t.Errorf("%d: %s: %s, want %s", i, tt.why, got, tt.want)
		}
	}
	if asked, in := g.invocations(); asked != 5 || in != 3 {
		t.Errorf("the authorizer was asked %d times and the function %d; want 5, once for each token, and 3", asked, in)
	}
}
