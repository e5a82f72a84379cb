package local_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// tenantOf answers with the tenant that the handler runs for.
func tenantOf(ctx context.Context, _ struct{}) (string, error) {
	tenant, _ := datastore.Tenant(ctx)
	return tenant, nil
}

// TestPerTenant: a REST API hands the tenant of a request to a function that is one per
// tenant, and does not invoke it without one.
func TestPerTenant(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, from, path string
		headers          []string
		status           int
		want             string // the tenant
	}{
		{"claim", "claim.tenant", "/orders", []string{"Authorization", "ada", "X-Tenant", "globex"}, 200, "acme"},
		{"no claim", "claim.tenant", "/orders", []string{"Authorization", "guest", "X-Tenant", "globex"}, 500, ""},
		{"header", "header.X-Tenant", "/orders", []string{"Authorization", "ada", "X-Tenant", "globex"}, 200, "globex"},
		{"no header", "header.X-Tenant", "/orders", []string{"Authorization", "ada"}, 500, ""},
		{"two headers", "header.X-Tenant", "/orders", []string{"Authorization", "ada", "X-Tenant", "globex", "X-Tenant", "acme"}, 500, ""},
		{"path", "path.tenant", "/tenants/gl%6Fbex/orders", []string{"Authorization", "ada"}, 200, "globex"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			app := tier.New("shop")
			gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
			gate.Check(func(_ context.Context, c handler.Check) (handler.Verdict, error) {
				v := handler.Verdict{Allow: true, Principal: c.Token}
				if c.Token == "ada" {
					v.Context = map[string]any{"tenant": "acme"}
				}
				return v, nil
			})
			api := app.API("orders", tier.TenantIsolation(tt.from))
			api.Authorize(gate)
			api.Use(middleware.Tenant(middleware.LambdaTenant, nil))
			if strings.HasPrefix(tt.from, "path.") {
				api.Handle("GET /tenants/{tenant}/orders", handler.New(func(ctx context.Context, in struct {
					Tenant string `path:"tenant"`
				}) (string, error) {
					return tenantOf(ctx, struct{}{})
				}))
			} else {
				api.Handle("GET /orders", handler.New(tenantOf))
			}
			for _, err := range app.Check() {
				t.Fatal(err)
			}
			g, err := local.NewGateway(api, doorways(t, app), fixed(nil))
			if err != nil {
				t.Fatal(err)
			}
			r := httptest.NewRequest("GET", tt.path, nil)
			for i := 0; i < len(tt.headers); i += 2 {
				r.Header.Add(tt.headers[i], tt.headers[i+1])
			}
			resp := do(t, g, r)
			if body := bodyText(t, resp); resp.StatusCode != tt.status || tt.status == 200 && body != `"`+tt.want+`"` {
				t.Errorf("answered %d %s, want %d for %q", resp.StatusCode, body, tt.status, tt.want)
			}
		})
	}
}

// TestPerTenantByCognito: the claim is that of the token which the gateway has checked.
func TestPerTenantByCognito(t *testing.T) {
	t.Parallel()
	keys := newIssuer(t)
	app := tier.New("shop")
	api := app.API("orders", tier.TenantIsolation("claim.tenant"))
	api.Authorize(tier.Cognito("users", tier.CognitoSettings{Pools: []string{poolARN}}))
	api.Use(middleware.Tenant(middleware.LambdaTenant, nil))
	api.Handle("GET /orders", handler.New(tenantOf))
	for _, err := range app.Check() {
		t.Fatal(err)
	}
	opts := fixed(&local.Options{Identities: &local.Identities{Issuers: map[string]local.Issuer{"users": {JWKS: keys.URL}}}})
	g, err := local.NewGateway(api, doorways(t, app), opts)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		claims members
		status int
		want   string
	}{
		{members{"tenant": "acme"}, 200, `"acme"`},
		{nil, 500, "Internal server error"},
	} {
		status, _, body := (&gated{Gateway: g}).ask(t, "GET /orders", "Authorization: Bearer "+rs256(t, idToken(tt.claims)), "X-Tenant: globex")
		if status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("with the claims %v: %d %s, want %d %s", tt.claims, status, body, tt.status, tt.want)
		}
	}
}

// TestLambdaPerTenant: programs name the tenant, of a function that is one per tenant and
// of no other.
func TestLambdaPerTenant(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	of := handler.Chain(handler.New(tenantOf), middleware.Tenant(middleware.LambdaTenant, &middleware.TenantOptions{Optional: true}))
	app.Function("isolated", tier.TenantIsolation("")).Invoke(of)
	app.Function("shared").Invoke(of)
	l, err := local.NewLambda(app, nil, &local.LambdaOptions{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for _, tt := range []struct {
		function string
		headers  []string
		status   int
		want     string
	}{
		{"isolated", []string{"X-Amz-Tenant-Id", "acme"}, 200, `"acme"`},
		{"isolated", nil, 400, "Tenant ID"},
		{"shared", []string{"X-Amz-Tenant-Id", "acme"}, 400, "Tenant ID"},
		{"shared", nil, 200, `""`},
	} {
		resp := invokeLambda(l, tt.function, "{}", tt.headers...)
		if body := bodyText(t, resp); resp.StatusCode != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s with %v: %d %s, want %d %s", tt.function, tt.headers, resp.StatusCode, body, tt.status, tt.want)
		}
	}
}
