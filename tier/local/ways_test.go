package local_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestOtherSpellings: however a path is spelled, the function runs the route
// whose authorizer the gateway asked, and not one beside it that its own mux
// would find (RTE-03, RTE-07, RTE-21, RTE-24).
func TestOtherSpellings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		guarded, open string
		kind          string
		target        string
	}{
		{"GET /admin", "GET /{id}", "REST", "/%61dmin"},
		{"GET /admin/{id}", "GET /{rest...}", "REST", "/%61dmin/7"},
		{"GET /admin", "GET /{rest...}", "HTTP 2.0", "/admin/"},
		{"GET /admin", "GET /{rest...}", "HTTP 1.0", "/admin/"},
		{"GET /admin/{id}", "GET /{rest...}", "HTTP 2.0", "/admin/7/"},
		{"GET /admin/{rest...}", "GET /{x}/b", "HTTP 2.0", "/admin/b"},
		{"GET /admin/{rest...}", "GET /{x}/{y}", "HTTP 1.0", "/admin/b"},
	} {
		kind := kinds[tt.kind]
		app := tier.New("shop")
		api := app.API("orders", kind.opts...)
		api.Handle(tt.guarded, lookHandler, tier.IAM())
		api.Handle(tt.open, lookHandler, tier.Public())
		if errs := app.Check(); len(errs) > 0 {
			t.Fatal(errs)
		}
		status, body, saw := lookAt(t, serving(t, api, &local.Options{Door: kind.door}), tt.target)
		if saw == nil || saw.Pattern != tt.open {
			t.Errorf("%s, %s guarded, %s open: GET %s: %d %s, want it to run the open route", tt.kind, tt.guarded, tt.open, tt.target, status, body)
		}
	}
}

// TestPolicyOfEveryStage: a resource policy holds in each stage of an API, with
// and without IAM.
func TestPolicyOfEveryStage(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /a", noop, tier.IAM())
	api.Handle("GET /open", noop, tier.Public())
	api.Stages(tier.Stage{Name: "dev"}, tier.Stage{Name: "live"})
	api.ResourcePolicy(
		tier.PolicyStatement{Effect: tier.Allow},
		tier.PolicyStatement{Effect: tier.Deny, Conditions: office("IpAddress")},
	)
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	g := newGateway(t, api, &local.Options{Identities: whoMayCall(t, mayAll)}, answering(`{}`))
	for _, target := range []string{"/dev/a", "/live/a", "/dev/open", "/live/open"} {
		r := signing{keys: adaKeys}.request(t, "GET", target, "")
		if resp := do(t, g, r); resp.StatusCode != 403 {
			t.Errorf("GET %s from an address that is denied: %d, want 403", target, resp.StatusCode)
		}
	}
}

// TestCallersOfEveryStage: who may call is told by the policy of each stage.
func TestCallersOfEveryStage(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Handle("GET /a", noop, tier.IAM())
	api.Stages(tier.Stage{Name: "dev"}, tier.Stage{Name: "live"})
	api.ResourcePolicy(tier.PolicyStatement{Effect: tier.Deny})
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	for _, c := range newGateway(t, api, &local.Options{Identities: whoMayCall(t, mayAll)}, answering(`{}`)).Callers() {
		if len(c.May) != 0 || len(c.MayNot) != 1 {
			t.Errorf("%s may call %v and not %v; the resource policy denies all in both stages", c.Name, c.May, c.MayNot)
		}
	}
}

// TestDeniedWithSlash: what a policy denies, a slash at the end of the path does
// not open; what it allows, the slash does not either (RTE-07).
func TestDeniedWithSlash(t *testing.T) {
	t.Parallel()
	deny := `{"Effect":"Deny","Action":"execute-api:Invoke","Resource":"` + arnOf("local/GET/a") + `"}`
	for name, c := range map[string]struct {
		policy, target string
		status         int
	}{
		"denied":                {mayAll + "," + deny, "/a", 403},
		"denied, with a slash":  {mayAll + "," + deny, "/a/", 403},
		"denied, with slashes":  {mayAll + "," + deny, "//a/", 403},
		"another":               {mayAll + "," + deny, "/ab/", 200},
		"allowed without":       {allow("local/GET/a"), "/a/", 403},
		"allowed with or not":   {allow("local/GET/a*"), "/a/", 200},
		"the root, not a slash": {mayAll + "," + deny, "/", 200},
	} {
		g := newGateway(t, guardedAPI(t), &local.Options{Identities: whoMayCall(t, c.policy)}, answering(`{}`))
		if resp := do(t, g, signing{keys: adaKeys}.request(t, "GET", c.target, "")); resp.StatusCode != c.status {
			t.Errorf("IAM, %s: GET %s: %d, want %d", name, c.target, resp.StatusCode, c.status)
		}
	}
	gate := guard(t, local.REST{}, tier.AuthorizerSettings{Token: "Authorization"},
		saying(policy("", statement("Allow", "*"), statement("Deny", "*/GET/a"))), "GET /a")
	for _, line := range []string{"GET /a", "GET /a/"} {
		if status, _, body := gate.ask(t, line, "Authorization: x"); status != 403 || !strings.Contains(body, "explicit deny") {
			t.Errorf("Lambda authorizer: %s: %d %s, want the explicit deny", line, status, body)
		}
	}
	api := guardedAPI(t)
	api.ResourcePolicy(tier.PolicyStatement{Effect: tier.Allow}, tier.PolicyStatement{Effect: tier.Deny, Routes: []string{"GET /public"}})
	g := newGateway(t, api, nil, answering(`{}`))
	if resp := do(t, g, httptest.NewRequest("GET", "/public/", nil)); resp.StatusCode != 403 {
		t.Errorf("resource policy: GET /public/: %d, want 403", resp.StatusCode)
	}
}

// TestRefreshByIAM: a caller who is allowed execute-api:InvalidateCache gets a
// fresh answer, others get what the API says (CCH-03).
func TestRefreshByIAM(t *testing.T) {
	t.Parallel()
	invalidate := func(effect, resource string) string {
		return `{"Effect":"` + effect + `","Action":"execute-api:InvalidateCache","Resource":"` + arnOf(resource) + `"}`
	}
	for name, c := range map[string]struct {
		policy, fresh string
	}{
		"not allowed":         {allow("local/GET/a"), `403 {"Message":"User is not authorized to perform: execute-api:InvalidateCache"}`},
		"allowed":             {allow("local/GET/a") + "," + invalidate("Allow", "local/GET/a"), "200 2"},
		"allowed for another": {allow("local/GET/a") + "," + invalidate("Allow", "local/GET/b"), `403 {"Message":"User is not authorized to perform: execute-api:InvalidateCache"}`},
		"denied":              {mayAll + "," + invalidate("Deny", "local/GET/*"), `403 {"Message":"User is not authorized to perform: execute-api:InvalidateCache"}`},
	} {
		g := newTraffic(t, local.Options{Identities: whoMayCall(t, c.policy)}, func(api *tier.API) {
			api.Cache(tier.Cache{Size: 0.5, Invalidation: tier.Refuse})
			api.Handle("GET /a", noop, tier.IAM(), tier.Cached(0, tier.ByPath(), tier.SharedByCallers()))
		})
		ask := func(headers ...string) string {
			r := signing{keys: adaKeys}.request(t, "GET", "/a", "")
			return g.get(t, "/a", append(headers, "Authorization", r.Header.Get("Authorization"), "X-Amz-Date", r.Header.Get("X-Amz-Date"))...)
		}
		if got := ask(); got != "200 1" {
			t.Fatalf("%s: %s", name, got)
		}
		if got := ask("Cache-Control", "max-age=0"); got != c.fresh {
			t.Errorf("%s: fresh: %s, want %s", name, got, c.fresh)
		}
		if got, want := ask(), "200 "+map[bool]string{true: "2", false: "1"}[c.fresh == "200 2"]; got != want {
			t.Errorf("%s: after that %s, want %s", name, got, want)
		}
	}
}

// TestOverriddenMethod: who signed a request did not sign that it has another
// method (RST-16), unless he signed the header that says so.
func TestOverriddenMethod(t *testing.T) {
	t.Parallel()
	g := newGateway(t, guardedAPI(t), &local.Options{Identities: whoMayCall(t, mayAll)}, answering(`{}`))
	const header = "X-HTTP-Method-Override"
	for name, c := range map[string]struct {
		sign   signing
		before bool // the header is there when the request is signed
		status int
	}{
		"header, signed":     {signing{keys: adaKeys}, true, 200},
		"header, added":      {signing{keys: adaKeys}, false, 403},
		"presigned, added":   {signing{keys: adaKeys, presigned: 60e9}, false, 403},
		"presigned, a token": {signing{keys: cleoKeys, presigned: 60e9}, false, 403},
	} {
		r := httptest.NewRequest("GET", "/orders/7", nil)
		if c.before {
			r.Header.Set(header, "POST")
		}
		c.sign.sign(t, r, "")
		r.Header.Set(header, "POST")
		resp := do(t, g, r)
		if resp.StatusCode != c.status || c.status == 403 && value(resp.Header, "x-amzn-ErrorType") != "InvalidSignatureException" {
			t.Errorf("%s: %d %s, want %d", name, resp.StatusCode, value(resp.Header, "x-amzn-ErrorType"), c.status)
		}
	}
	r := httptest.NewRequest("GET", "/orders/7", nil)
	signing{keys: adaKeys}.sign(t, r, "")
	r.Header.Set(header, "GET")
	if resp := do(t, g, r); resp.StatusCode != 200 {
		t.Errorf("an override that changes nothing: %d", resp.StatusCode)
	}
}
