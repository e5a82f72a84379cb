package local_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

type measured struct {
	ID    string  `path:"id"`
	Count int     `json:"count" validate:"required,lte=1000"`
	Size  float64 `json:"size" validate:"required,lte=1000"`
}

// TestHugeNumbers: a validator compares with exact fractions; no number of a
// client may fill the memory or end in a panic.
func TestHugeNumbers(t *testing.T) {
	t.Parallel()
	api := typedAPI(t, func(api *tier.API) { api.Handle("POST /a/{id}", handler.New(nothing[measured]), tier.Validated()) })
	g := newGateway(t, api, nil, answering(`{}`))
	for number, want := range map[string]int{
		"1": 200, "1e+2": 200, "1E-300": 200, "1001": 400,
		"1e99999999": 400, "-1e99999999": 400, "1e-99999999": 400, "1e999999999999999999999": 400,
		strings.Repeat("9", 1_000_000): 400, "0." + strings.Repeat("9", 1_000_000): 400,
	} {
		body := fmt.Sprintf(`{"count":1,"size":%s,"more":[{"a":%[1]s}]}`, number)
		if resp := do(t, g, httptest.NewRequest("POST", "/a/7", strings.NewReader(body))); resp.StatusCode != want {
			t.Errorf("size %.30s: %d, want %d", number, resp.StatusCode, want)
		}
	}
	nested := `{"count":1,"size":1,"more":` + strings.Repeat("[", 1000) + "1e99999999" + strings.Repeat("]", 1000) + "}"
	if resp := do(t, g, httptest.NewRequest("POST", "/a/7", strings.NewReader(nested))); resp.StatusCode != 400 {
		t.Errorf("nested: %d, want 400", resp.StatusCode)
	}
}

// TestExplainedMock: a mock has no function that could be named.
func TestExplainedMock(t *testing.T) {
	t.Parallel()
	e := explained(t, mocked(t, nil), local.REST{}, answering(`{}`), httptest.NewRequest("PUT", "/sketches/7?kind=x", nil))
	if got, want := lines(e), "router: PUT /sketches/{id} serves it, by a mock integration\n"; e.Answer.Status != 202 || e.Function != "" || !strings.Contains(got, want) {
		t.Errorf("%d by %q:\n%swant %s", e.Answer.Status, e.Function, got, want)
	}
}

// TestExplainedByTheOther: a request through a custom domain name is explained by
// the gateway that serves it.
func TestExplainedByTheOther(t *testing.T) {
	t.Parallel()
	for name, both := range map[string]struct{ first, second bool }{"the first": {true, false}, "the second": {false, true}, "neither": {}} {
		told := map[string]int{}
		open := func(base string, explains bool) *local.Gateway {
			api := tier.New("shop").API(base)
			api.Handle("GET /a", noop)
			api.Domain(tier.Domain{Name: "api.example.com", BasePath: base, Certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/1"})
			o := &local.Options{}
			if explains {
				o.Explain = func(*local.Explanation) { told[base]++ }
			}
			return newGateway(t, api, o, answering(`{}`))
		}
		first, second := open("first", both.first), open("second", both.second)
		local.ShareDomains(first, second)
		if resp := do(t, first, httptest.NewRequest("GET", "http://api.example.com/second/a", nil)); resp.StatusCode != 200 {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
		if want := map[bool]int{true: 1}[both.second]; told["second"] != want || told["first"] != 0 {
			t.Errorf("%s explains: told %v, want the second %d times", name, told, want)
		}
	}
}

// TestCacheOfCanary: the canary has a cache of its own unless it shares that of
// the stage (CCH-04).
func TestCacheOfCanary(t *testing.T) {
	t.Parallel()
	for _, shares := range []bool{false, true} {
		canary := &tier.Canary{Percent: 50, UseStageCache: shares}
		seen := map[string]string{}
		n := 0
		app := tier.New("shop")
		api := app.API("orders")
		api.Cache(tier.Cache{Size: 0.5})
		api.Handle("GET /a", noop, tier.Cached(0, tier.ByPath()))
		api.Stages(tier.Stage{Name: "live", Canary: canary}, tier.Stage{Name: "other"})
		if errs := app.Check(); len(errs) > 0 {
			t.Fatal(errs)
		}
		var level string // of the last invocation
		g, err := local.NewGateway(api, func(string) local.Function {
			return local.Function{Invoke: func(_ context.Context, event []byte) ([]byte, error) {
				n++
				level = fmt.Sprint(strings.Contains(string(event), `"isCanaryRequest":true`))
				return fmt.Appendf(nil, `{"body":"%s"}`, level), nil
			}}
		}, &local.Options{Now: newClock().Now})
		if err != nil {
			t.Fatal(err)
		}
		for range 64 { // that all are drawn alike happens once in 2^63 runs
			seen[bodyText(t, do(t, g, httptest.NewRequest("GET", "/live/a", nil)))] = level
		}
		if want := map[bool]int{false: 2, true: 1}[shares]; n != want || len(seen) != want {
			t.Errorf("UseStageCache %t: %d invocations, answers %v, want %d", shares, n, seen, want)
		}
		do(t, g, httptest.NewRequest("GET", "/other/a", nil))
		if want := map[bool]int{false: 3, true: 2}[shares]; n != want {
			t.Errorf("UseStageCache %t: another stage: %d invocations, want %d", shares, n, want)
		}
	}
}

// TestGatewayResponseWords: what variables of gateway responses say of stages,
// validators and authorizers (GWR-31).
func TestGatewayResponseWords(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
	gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
	api.Handle("POST /a/{id}", handler.New(nothing[measured]), tier.Validated(), tier.Public())
	api.Handle("GET /guarded", noop, gate)
	api.Stages(tier.Stage{Name: "live", Variables: map[string]string{"level": "a.b"}, Canary: &tier.Canary{Percent: 0}})
	api.GatewayResponse(tier.GatewayResponse{Type: "BAD_REQUEST_BODY", Header: map[string]string{"X-Level": "$stageVariables.level"},
		Body: `{"level":"$stageVariables.level$stageVariables.none","why":"$context.error.validationErrorString","at":"$context.path $context.resourcePath $context.resourceId",` +
			`"api":"$context.apiId","host":"$context.domainName $context.domainPrefix","canary":$context.isCanaryRequest}`})
	api.GatewayResponse(tier.GatewayResponse{Type: "ACCESS_DENIED", Body: `{"why":"$context.authorizer.why","who":"$context.authorizer.principalId"}`})
	g := serveGated(t, app, api, &local.Options{}, saying(`{"principalId":"ada","policyDocument":{"Version":"2012-10-17","Statement":[`+statement("Deny", "*")+`]},"context":{"why":"expired plan"}}`))

	resp := do(t, g, httptest.NewRequest("POST", "//live/a/7", strings.NewReader(`{"count":1}`)))
	want := `{"level":"a.b","why":"[body: breaks \"required\" of its model]","at":"/live/a/7 /a/{id} `
	body := bodyText(t, resp)
	if !strings.HasPrefix(body, want) || !strings.HasSuffix(body, `"api":"`+apiID+`","host":"example.com example","canary":false}`) || value(resp.Header, "X-Level") != "a.b" {
		t.Errorf("%s with level %q, want %s", body, value(resp.Header, "X-Level"), want)
	}
	if status, _, body := g.ask(t, "GET /live/guarded", "Authorization: x"); status != http.StatusForbidden || body != `{"why":"expired plan","who":"ada"}` {
		t.Errorf("GET /guarded: %d %s, want the context of the denial", status, body)
	}
}

// TestNobodyIsPrincipal: a policy about nobody lets nobody in (AUT-12).
func TestNobodyIsPrincipal(t *testing.T) {
	t.Parallel()
	for _, door := range []local.Door{local.REST{}, local.HTTP{}} {
		g := guard(t, door, tier.AuthorizerSettings{Sources: []string{"header.Authorization"}},
			saying(strings.Replace(policy("", statement("Allow", "*")), `"principalId":"ada"`, `"principalId":""`, 1)), "GET /a")
		if status, _, body := g.ask(t, "GET /a", "Authorization: x"); status != 500 {
			t.Errorf("%s: %d %s, want 500", door, status, body)
		}
	}
}
