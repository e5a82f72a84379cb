package local_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// step is a request after some time, and what becomes of it.
type step struct {
	after  time.Duration
	line   string
	header string
	status int
	asked  int // how often the authorizer was asked by then
}

func TestKeptVerdicts(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	token := tier.AuthorizerSettings{Token: "Authorization", TTL: minute}
	two := tier.AuthorizerSettings{Sources: []string{"header.X-A", "header.X-B"}, TTL: minute}
	simple := tier.AuthorizerSettings{Sources: []string{"header.X-A"}, TTL: minute, Simple: true}
	perRoute := simple
	perRoute.Sources = []string{"header.X-A", "context.routeKey"}
	onlyA := policy("", statement("Allow", restARN+"GET/a"))
	yesOnA := func(_ context.Context, event []byte) ([]byte, error) {
		return fmt.Appendf(nil, `{"isAuthorized":%t}`, strings.Contains(string(event), "/GET/a")), nil
	}
	failed := false
	for _, tt := range []struct {
		name     string
		door     local.Door
		settings tier.AuthorizerSettings
		gate     authorizerFunc
		steps    []step
		why      string
	}{
		{"by the token", local.REST{}, token, saying(allowAll), []step{
			{0, "GET /a", "Authorization: t", 200, 1}, {59 * time.Second, "GET /a", "Authorization: t", 200, 1},
			{0, "GET /a", "Authorization: u", 200, 2}, {time.Second, "GET /a", "Authorization: t", 200, 3}}, "AUT-14: until the TTL is over"},
		{"not without a TTL", local.REST{}, tier.AuthorizerSettings{Token: "Authorization"}, saying(allowAll), []step{
			{0, "GET /a", "Authorization: t", 200, 1}, {0, "GET /a", "Authorization: t", 200, 2}}, "AUT-14"},
		{"evaluated again", local.REST{}, token, saying(onlyA), []step{
			{0, "GET /a", "Authorization: t", 200, 1}, {0, "GET /b", "Authorization: t", 403, 1}, {0, "GET /a", "Authorization: t", 200, 1}}, "T169, AUT-14"},
		{"a denial, too", local.REST{}, token, saying(policy("", statement("Deny", "*"))), []step{
			{0, "GET /a", "Authorization: t", 403, 1}, {0, "GET /a", "Authorization: t", 403, 1}}, "AUT-14"},
		{"all sources", local.REST{}, two, saying(allowAll), []step{
			{0, "GET /a", "X-A: 1|X-B: 23", 200, 1}, {0, "GET /a", "X-A: 12|X-B: 3", 200, 2}, {0, "GET /a", "X-A: 1|X-B: 23", 200, 2}}, "AUT-14: 1,23 is not 12,3"},
		{"malformed is not kept", local.REST{}, token, saying(`{}`), []step{
			{0, "GET /a", "Authorization: t", 500, 1}, {0, "GET /a", "Authorization: t", 500, 2}}, "AUT-15"},
		{"an error is not kept", local.REST{}, token, func(context.Context, []byte) ([]byte, error) {
			if failed = !failed; failed {
				return nil, errors.New("Unauthorized")
			}
			return []byte(allowAll), nil
		}, []step{
			{0, "GET /a", "Authorization: t", 401, 1}, {0, "GET /a", "Authorization: t", 200, 2}}, "AUT-16"},
		{"a simple verdict", local.HTTP{}, simple, yesOnA, []step{
			{0, "GET /a", "X-A: 1", 200, 1}, {0, "GET /b", "X-A: 1", 200, 1}}, "AUT-24: it holds for every route"},
		{"a simple verdict a route", local.HTTP{}, perRoute, yesOnA, []step{
			{0, "GET /a", "X-A: 1", 200, 1}, {0, "GET /b", "X-A: 1", 403, 2}}, "AUT-24: with $context.routeKey"},
		{"a policy of an HTTP API", local.HTTP{}, tier.AuthorizerSettings{Sources: []string{"header.X-A"}, TTL: minute},
			saying(policy("", statement("Allow", httpARN+"GET/a"))), []step{
				{0, "GET /a", "X-A: 1", 200, 1}, {0, "GET /b", "X-A: 1", 403, 1}}, "AUT-24: it is evaluated again"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := guard(t, tt.door, tt.settings, tt.gate, "GET /a", "GET /b")
			for i, s := range tt.steps {
				g.move(s.after)
				status, _, body := g.ask(t, s.line, strings.Split(s.header, "|")...)
				if asked, _ := g.invocations(); status != s.status || asked != s.asked {
					t.Errorf("step %d: %d %s, asked %d times; want %d, %d times\n%s", i, status, body, asked, s.status, s.asked, tt.why)
				}
			}
		})
	}
}

// TestKeptApart: each authorizer keeps its own verdicts.
func TestKeptApart(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	check := func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil }
	kept := tier.AuthorizerSettings{Token: "Authorization", TTL: time.Hour}
	yes, no := app.Authorizer("yes", kept), app.Authorizer("no", kept)
	yes.Check(check)
	no.Check(check)
	api.Handle("GET /yes", noop, yes)
	api.Handle("GET /no", noop, no)
	api.Handle("GET /open", noop, tier.Public())
	if errs := app.Check(); len(errs) > 0 {
		t.Fatal(errs)
	}
	gateway, err := local.NewGateway(api, func(name string) local.Function {
		return local.Function{Invoke: map[string]func(context.Context, []byte) ([]byte, error){
			"orders": answering(`{}`), "yes": answering(allowAll), "no": answering(policy("", statement("Deny", "*"))),
		}[name]}
	}, fixed(nil))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for path, want := range map[string]int{"/yes": 200, "/no": 403, "/open": 200} {
			r := httptest.NewRequest("GET", path, nil)
			r.Header.Set("Authorization", "t")
			if got := do(t, gateway, r).StatusCode; got != want {
				t.Errorf("AUT-14: %s = %d, want %d", path, got, want)
			}
		}
	}
}

// TestCacheIsBounded: more clients than an authorizer remembers.
func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	g := guard(t, local.REST{}, tier.AuthorizerSettings{Token: "Authorization", TTL: time.Minute}, saying(allowAll), "GET /a")
	const clients = 10_500
	for i := range clients {
		if status, _, _ := g.ask(t, "GET /a", fmt.Sprint("Authorization: ", i)); status != 200 {
			t.Fatalf("status %d", status)
		}
	}
	g.ask(t, "GET /a", fmt.Sprint("Authorization: ", clients-1))
	if asked, _ := g.invocations(); asked != clients {
		t.Errorf("asked %d times, want %d: the last one is remembered", asked, clients)
	}
}

// TestConcurrentVerdicts is for the race detector.
func TestConcurrentVerdicts(t *testing.T) {
	t.Parallel()
	g := guard(t, local.REST{}, tier.AuthorizerSettings{Token: "Authorization", TTL: time.Minute}, saying(allowAll), "GET /a")
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 20 {
				if status, _, _ := g.ask(t, "GET /a", fmt.Sprint("Authorization: ", i%3)); status != 200 {
					t.Errorf("status %d", status)
				}
			}
		})
	}
	all.Wait()
}

// TestAuthorizerTimeout: GWR-10, AUT-24.
func TestAuthorizerTimeout(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		door    local.Door
		timeout time.Duration // of the authorizer's function
		body    string
		after   time.Duration
		why     string
	}{
		{local.HTTP{}, 30 * time.Second, httpBroken, 10 * time.Second, "AUT-24: 10 s"},
		{local.HTTP{}, 3 * time.Second, httpBroken, 3 * time.Second, "its own timeout is shorter"},
		{local.REST{}, 3 * time.Second, restBroken, 3 * time.Second, "GWR-10"},
	} {
		synctest.Test(t, func(t *testing.T) {
			app := tier.New("shop")
			api := app.API("orders")
			auth := app.Authorizer("gate", tier.AuthorizerSettings{})
			auth.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
			api.Handle("GET /a", noop, auth)
			gateway, err := local.NewGateway(api, func(name string) local.Function {
				if name != "gate" {
					return local.Function{Invoke: answering(`{}`)}
				}
				return local.Function{Timeout: tt.timeout, Invoke: func(ctx context.Context, _ []byte) ([]byte, error) {
					<-ctx.Done()
					return []byte(allowAll), nil
				}}
			}, &local.Options{Door: tt.door, Random: sequence{}})
			if err != nil {
				t.Fatal(err)
			}
			start, rec := time.Now(), httptest.NewRecorder()
			gateway.ServeHTTP(rec, httptest.NewRequest("GET", "/a", nil))
			if took := time.Since(start); rec.Code != http.StatusInternalServerError || rec.Body.String() != tt.body || took != tt.after {
				t.Errorf("%s: %d %s after %v, want 500 %s after %v\n%s", tt.door, rec.Code, rec.Body, took, tt.body, tt.after, tt.why)
			}
			time.Sleep(tt.timeout) // the bubble's clock: the abandoned invocation ends
		})
	}
}

// TestRoutedBeforeAuthorized: RTE-03: a method that a guarded resource lacks is
// served by an open one; the gateway's own answers need nobody's leave.
func TestRoutedBeforeAuthorized(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	auth := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
	auth.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
	api.CORS(handler.CORS{Origins: []string{"https://shop.example"}})
	api.Handle("GET /a", noop, auth)
	api.Handle("POST /{path...}", noop, tier.Public())
	g := serveGated(t, app, api, &local.Options{}, saying(allowAll))
	for _, tt := range []struct {
		line   string
		status int
	}{{"GET /a", 401}, {"POST /a", 200}, {"DELETE /a", 405}, {"GET /nothing/here", 404}, {"OPTIONS /a", 204}} {
		if status, _, body := g.ask(t, tt.line, "Origin: https://shop.example"); status != tt.status {
			t.Errorf("RTE-03: %s = %d %s, want %d", tt.line, status, body, tt.status)
		}
	}
	if _, header, _ := g.ask(t, "GET /a", "Origin: https://shop.example"); value(header, "Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("T161: a page cannot read the 401: %v", header)
	}
}

// TestUnguardedDoors: a front door that asks nobody does not serve what is
// guarded.
func TestUnguardedDoors(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	auth := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
	auth.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
	api.Handle("GET /a", noop, auth)
	for door, want := range map[local.Door]string{
		local.URL{}: "has no authorizer such as gate", local.ALB{}: "has no authorizer such as gate",
		local.URL{Function: "gate"}: `has no function "gate" with routes`,
	} {
		_, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: answering(`{}`)} }, &local.Options{Door: door})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", door, err)
		}
	}
	_, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: answering(`{}`)} }, &local.Options{Door: local.HTTP{}})
	if err == nil || !strings.Contains(err.Error(), "gives an authorizer the whole request, not a token") {
		t.Errorf("a token authorizer behind an HTTP API: %v", err)
	}
	_, err = local.NewGateway(api, func(name string) local.Function {
		if name == "gate" {
			return local.Function{}
		}
		return local.Function{Invoke: answering(`{}`)}
	}, nil)
	if err == nil || !strings.Contains(err.Error(), "function gate has no Invoke") {
		t.Errorf("an authorizer that does not run: %v", err)
	}
}

// FuzzAuthorizerAnswer: whatever an authorizer answers, nobody gets in but by a
// policy that allows, or by true.
func FuzzAuthorizerAnswer(f *testing.F) {
	for _, output := range []string{allowAll, `{"isAuthorized":true}`, `{"isAuthorized":false,"context":{"a":[1]}}`, `null`,
		policy(`,"context":{"n":1,"s":"x"},"usageIdentifierKey":"k"`, statement("Deny", "*"), statement("Allow", restARN+"GET/*")),
		strings.Replace(allowAll, `"*"`, `["arn:aws:execute-api:*:*:*/*/GET/?"]`, 1), strings.Replace(allowAll, "Resource", "NotResource", 1)} {
		f.Add([]byte(output))
	}
	var output []byte
	gate := func(context.Context, []byte) ([]byte, error) { return output, nil }
	rest := guard(f, local.REST{}, tier.AuthorizerSettings{}, gate, "GET /a")
	http2 := guard(f, local.HTTP{}, tier.AuthorizerSettings{Simple: true}, gate, "GET /a")
	f.Fuzz(func(t *testing.T, answer []byte) {
		output = answer
		for _, g := range []*gated{rest, http2} {
			status, _, body := g.ask(t, "GET /a")
			switch status {
			case 403, 500:
			case 200:
				allows := strings.Contains(string(answer), "Effect") || g == http2 && strings.Contains(string(answer), "true")
				if g.authorizer(t) == "" || !allows && !strings.Contains(string(answer), `\`) {
					t.Fatalf("%q lets in", answer)
				}
			default:
				t.Fatalf("%q: %d %s", answer, status, body)
			}
		}
	})
}
