package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// gated is an API whose routes are guarded, behind a gateway.
type gated struct {
	*local.Gateway

	mu     sync.Mutex
	asked  [][]byte // the events that the authorizer got
	events [][]byte // those that the function got
	now    time.Time
}

// verdicts are what an authorizer of a test answers.
type authorizerFunc func(ctx context.Context, event []byte) ([]byte, error)

func saying(output string) authorizerFunc {
	return func(context.Context, []byte) ([]byte, error) { return []byte(output), nil }
}

func failing(err error) authorizerFunc {
	return func(context.Context, []byte) ([]byte, error) { return nil, err }
}

// guard puts an authorizer "gate" before routes.
func guard(tb testing.TB, door local.Door, s tier.AuthorizerSettings, gate authorizerFunc, patterns ...string) *gated {
	tb.Helper()
	kind := tier.REST
	if _, ok := door.(local.HTTP); ok {
		kind = tier.HTTP
	}
	app := tier.New("shop")
	api := app.API("orders", kind)
	auth := app.Authorizer("gate", s)
	auth.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
	for _, p := range patterns {
		api.Handle(p, noop, auth)
	}
	return serveGated(tb, app, api, &local.Options{Door: door}, gate)
}

// serveGated serves an API whose authorizer, if it has a Lambda one, runs gate.
// Its function answers 200.
func serveGated(tb testing.TB, app *tier.App, api *tier.API, opts *local.Options, gate authorizerFunc) *gated {
	tb.Helper()
	if errs := app.Check(); len(errs) > 0 {
		tb.Fatal(errs)
	}
	g := &gated{now: at}
	o := *opts
	if o.Now == nil {
		o.Now = g.clock
	}
	o.Random = sequence{}
	gateway, err := local.NewGateway(api, func(name string) local.Function {
		if name == "gate" {
			return local.Function{Invoke: func(ctx context.Context, event []byte) ([]byte, error) {
				g.mu.Lock()
				g.asked = append(g.asked, event)
				g.mu.Unlock()
				return gate(ctx, event)
			}}
		}
		return local.Function{Invoke: func(_ context.Context, event []byte) ([]byte, error) {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.events = append(g.events, event)
			return []byte(`{"statusCode":200,"body":"in"}`), nil
		}}
	}, &o)
	if err != nil {
		tb.Fatal(err)
	}
	g.Gateway = gateway
	return g
}

func (g *gated) clock() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *gated) move(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

// invocations are how often authorizer and function were invoked.
func (g *gated) invocations() (asked, in int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.asked), len(g.events)
}

// ask sends a request with headers "Name: value".
func (g *gated) ask(tb testing.TB, line string, headers ...string) (status int, header http.Header, body string) {
	tb.Helper()
	method, target, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, target, nil)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	resp := do(tb, g, r)
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(text)
}

// authorizer is requestContext.authorizer of the last event of the function.
func (g *gated) authorizer(tb testing.TB) string {
	tb.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.events) == 0 {
		tb.Fatal("the function was not invoked")
	}
	var e struct {
		RequestContext struct{ Authorizer json.RawMessage }
	}
	if err := json.Unmarshal(g.events[len(g.events)-1], &e); err != nil {
		tb.Fatal(err)
	}
	return string(e.RequestContext.Authorizer)
}

// policy is an authorizer's answer with these statements and further members.
func policy(more string, statements ...string) string {
	return `{"principalId":"ada","policyDocument":{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}` + more + `}`
}

func statement(effect, resource string) string {
	return `{"Effect":"` + effect + `","Action":"execute-api:Invoke","Resource":"` + resource + `"}`
}

// restARN is a route of the API "orders", httpARN one of it as an HTTP API.
const (
	restARN = "arn:aws:execute-api:us-east-1:000000000000:*/local/"
	httpARN = "arn:aws:execute-api:us-east-1:000000000000:*/$default/"
)

var allowAll = policy("", statement("Allow", "*"))

const (
	restUnauthorized = `{"message":"Unauthorized"}`
	restDenied       = `{"Message":"User is not authorized to access this resource"}`
	restDeniedByName = `{"Message":"User is not authorized to access this resource with an explicit deny"}`
	restBroken       = `{"message":null}`
	httpForbidden    = `{"message":"Forbidden"}`
	httpBroken       = `{"message":"Internal Server Error"}`
)

// TestLambdaAuthorizerAnswers: what a client gets for what an authorizer says.
func TestLambdaAuthorizerAnswers(t *testing.T) {
	t.Parallel()
	rest, http2 := local.REST{}, local.HTTP{}
	token := tier.AuthorizerSettings{Token: "Authorization"}
	whole, simple := tier.AuthorizerSettings{}, tier.AuthorizerSettings{Simple: true}
	for _, tt := range []struct {
		name     string
		door     local.Door
		settings tier.AuthorizerSettings
		gate     authorizerFunc
		status   int
		body     string
		why      string
	}{
		{"allowed", rest, token, saying(allowAll), 200, "in", "AUT-02"},
		{"exactly", rest, token, saying(policy("", statement("Allow", restARN+"GET/a"))), 200, "in", "AUT-01"},
		{"only a prefix", rest, token, saying(policy("", statement("Allow", restARN+"GET/"))), 403, restDenied, "T163, AUT-01"},
		{"another method", rest, token, saying(policy("", statement("Allow", restARN+"POST/a"))), 403, restDenied, "GWR-09"},
		{"another case", rest, token, saying(policy("", statement("Allow", restARN+"GET/A"))), 403, restDenied, "AUT-01"},
		{"another action", rest, token, saying(strings.Replace(allowAll, "Invoke", "ManageConnections", 1)), 403, restDenied, "AUT-02"},
		{"all actions", rest, token, saying(strings.Replace(allowAll, `"execute-api:Invoke"`, `["s3:*","execute-api:*"]`, 1)), 200, "in", "AUT-02"},
		{"denied by name", rest, token, saying(policy("", statement("Allow", "*"), statement("Deny", restARN+"GET/*"))), 403, restDeniedByName, "T164, AUT-02, GWR-08"},
		{"condition", rest, token, saying(strings.Replace(allowAll, `"Action"`, `"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}},"Action"`, 1)), 200, "in", "AUT-02"},
		{"another address", rest, token, saying(strings.Replace(allowAll, `"Action"`, `"Condition":{"IpAddress":{"aws:SourceIp":"198.51.100.0/24"}},"Action"`, 1)), 403, restDenied, "AUT-02"},
		{"Unauthorized", rest, token, failing(errors.New("Unauthorized")), 401, restUnauthorized, "T168, AUT-16, GWR-07"},
		{"unauthorized", rest, token, failing(errors.New("unauthorized")), 500, restBroken, "T168, AUT-16, GWR-10"},
		{"more than the word", rest, token, failing(errors.New("Unauthorized: no token")), 500, restBroken, "AUT-16"},
		{"panic", rest, token, func(context.Context, []byte) ([]byte, error) { panic("Unauthorized") }, 500, restBroken, "GWR-10"},
		{"throttled", rest, token, failing(local.ErrThrottled), 500, restBroken, "GWR-10"},
		{"no JSON", rest, token, saying(`ok`), 500, restBroken, "AUT-15"},
		{"null", rest, token, saying(`null`), 500, restBroken, "AUT-15"},
		{"no policy", rest, token, saying(`{"principalId":"ada"}`), 500, restBroken, "AUT-12"},
		{"no principal", rest, token, saying(strings.Replace(allowAll, "principalId", "principal", 1)), 500, restBroken, "AUT-12"},
		{"principal of another type", rest, token, saying(strings.Replace(allowAll, `"ada"`, `7`, 1)), 500, restBroken, "AUT-12"},
		{"a word after it", rest, token, saying(allowAll + "x"), 500, restBroken, "AUT-15"},
		{"no statement", rest, token, saying(policy("")), 500, restBroken, "AUT-15"},
		{"two policies", rest, token, saying(strings.Replace(allowAll, `{"principal`, `{"policyDocument":{},"principal`, 1)), 500, restBroken, "AUT-15: never the kinder of two"},
		{"long resource", rest, token, saying(policy("", statement("Allow", restARN+strings.Repeat("a", 512)), statement("Allow", "*"))), 500, restBroken, "AUT-03"},
		{"nested context", rest, token, saying(policy(`,"context":{"o":{"k":1}}`, statement("Allow", "*"))), 500, restBroken, "AUT-12"},
		{"list in the context", rest, token, saying(policy(`,"context":{"l":[1]}`, statement("Allow", "*"))), 500, restBroken, "AUT-12"},
		{"context that is none", rest, token, saying(policy(`,"context":"x"`, statement("Allow", "*"))), 500, restBroken, "AUT-12"},
		{"isAuthorized is of HTTP APIs", rest, whole, saying(`{"isAuthorized":true}`), 500, restBroken, "AUT-21"},

		{"HTTP, allowed", http2, whole, saying(policy("", statement("Allow", httpARN+"GET/a"))), 200, "in", "AUT-21"},
		{"HTTP, denied", http2, whole, saying(policy("", statement("Allow", httpARN+"GET/b"))), 403, httpForbidden, "AUT-23"},
		{"HTTP, denied by name", http2, whole, saying(policy("", statement("Deny", "*"))), 403, httpForbidden, "AUT-23"},
		{"HTTP, Unauthorized", http2, whole, failing(errors.New("Unauthorized")), 401, restUnauthorized, "AUT-16"},
		{"HTTP, an error", http2, whole, failing(errors.New("broken")), 500, httpBroken, "AUT-23"},
		{"HTTP, malformed", http2, whole, saying(`[]`), 500, httpBroken, "AUT-23, AUT-15"},
		{"HTTP, simple not enabled", http2, whole, saying(`{"isAuthorized":true}`), 500, httpBroken, "AUT-21"},
		{"simple yes", http2, simple, saying(`{"isAuthorized":true}`), 200, "in", "AUT-21"},
		{"simple no", http2, simple, saying(`{"isAuthorized":false}`), 403, httpForbidden, "AUT-23"},
		{"simple, a text", http2, simple, saying(`{"isAuthorized":"true"}`), 500, httpBroken, "AUT-21: never allowed"},
		{"simple, a number", http2, simple, saying(`{"isAuthorized":1}`), 500, httpBroken, "AUT-21: never allowed"},
		{"simple, null", http2, simple, saying(`{"isAuthorized":null}`), 500, httpBroken, "AUT-21: never allowed"},
		{"simple, another case", http2, simple, saying(`{"isauthorized":true}`), 500, httpBroken, "AUT-21: never allowed"},
		{"simple, twice", http2, simple, saying(`{"isAuthorized":false,"isAuthorized":true}`), 500, httpBroken, "AUT-15"},
		{"simple, or a policy", http2, simple, saying(allowAll), 200, "in", "AUT-21"},
		{"simple and a policy", http2, simple, saying(strings.Replace(allowAll, "{", `{"isAuthorized":true,`, 1)), 500, httpBroken, "AUT-15"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := guard(t, tt.door, tt.settings, tt.gate, "GET /a")
			status, header, body := g.ask(t, "GET /a", "Authorization: Bearer t")
			if status != tt.status || body != tt.body {
				t.Errorf("%d %s, want %d %s\n%s", status, body, tt.status, tt.body, tt.why)
			}
			asked, in := g.invocations()
			if asked != 1 || (in == 1) != (tt.status == 200) {
				t.Errorf("authorizer invoked %d times, function %d times\n%s", asked, in, tt.why)
			}
			want := map[string]string{restUnauthorized: "UnauthorizedException", restDenied: "AccessDeniedException",
				restDeniedByName: "AccessDeniedException", restBroken: "AuthorizerConfigurationException"}[tt.body]
			if _, isHTTP := tt.door.(local.HTTP); isHTTP {
				want = ""
			}
			if got := value(header, "x-amzn-ErrorType"); got != want {
				t.Errorf("x-amzn-ErrorType %q, want %q\nGWR-06 to GWR-10", got, want)
			}
		})
	}
}

// TestIdentitySources: a request without one is answered before anybody is asked.
func TestIdentitySources(t *testing.T) {
	t.Parallel()
	rest, http2 := local.REST{}, local.HTTP{}
	token := tier.AuthorizerSettings{Token: "X-Token", Expression: "^Bearer [a-z]+$"}
	sources := tier.AuthorizerSettings{Sources: []string{"header.X-Key", "query.tenant"}}
	kept := sources
	kept.TTL = time.Minute
	for _, tt := range []struct {
		name     string
		door     local.Door
		settings tier.AuthorizerSettings
		line     string
		headers  []string
		status   int
		asked    int
		why      string
	}{
		{"token", rest, token, "GET /a", []string{"X-Token: Bearer abc"}, 200, 1, "AUT-10"},
		{"no token", rest, token, "GET /a", nil, 401, 0, "AUT-10, GWR-06, T172"},
		{"empty token", rest, token, "GET /a", []string{"X-Token: "}, 401, 0, "AUT-10"},
		{"another header", rest, token, "GET /a", []string{"Authorization: Bearer abc"}, 401, 0, "AUT-10"},
		{"no match", rest, token, "GET /a", []string{"X-Token: Bearer abc1"}, 401, 0, "AUT-10, T174"},
		{"only a part matches", rest, tier.AuthorizerSettings{Token: "X-Token", Expression: "[a-z]+"}, "GET /a", []string{"X-Token: abc1"}, 401, 0, "AUT-10, T174"},
		{"or alternatives", rest, tier.AuthorizerSettings{Token: "X-Token", Expression: "a|b"}, "GET /a", []string{"X-Token: ax"}, 401, 0, "AUT-10, T174"},
		{"a line break at the end", rest, tier.AuthorizerSettings{Token: "X-Token", Expression: "^a$"}, "GET /a", []string{"X-Token: a\n"}, 401, 0, "AUT-10"},
		{"REST, not kept", rest, sources, "GET /a", nil, 200, 1, "AUT-11: with TTL 0 the function decides"},
		{"REST, kept", rest, kept, "GET /a?tenant=t", nil, 401, 0, "AUT-11, T172"},
		{"REST, kept, empty", rest, kept, "GET /a?tenant=", []string{"X-Key: k"}, 401, 0, "AUT-11"},
		{"REST, kept, all", rest, kept, "GET /a?tenant=t", []string{"x-key: k"}, 200, 1, "AUT-11"},
		{"HTTP, not kept", http2, sources, "GET /a?tenant=t", nil, 401, 0, "AUT-23, T172"},
		{"HTTP, all", http2, sources, "GET /a?tenant=t", []string{"x-key: k"}, 200, 1, "AUT-24: header names without case"},
		{"HTTP, query with case", http2, sources, "GET /a?Tenant=t", []string{"x-key: k"}, 401, 0, "AUT-24: query names with case"},
		{"HTTP, none declared", http2, tier.AuthorizerSettings{}, "GET /a", nil, 200, 1, "AUT-23"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := guard(t, tt.door, tt.settings, saying(allowAll), "GET /a")
			status, _, body := g.ask(t, tt.line, tt.headers...)
			if asked, _ := g.invocations(); status != tt.status || asked != tt.asked || status == 401 && body != restUnauthorized {
				t.Errorf("%d %s, asked %d times; want %d, %d times\n%s", status, body, asked, tt.status, tt.asked, tt.why)
			}
		})
	}
}

// TestAuthorizerContext: what a verdict says of who is calling reaches the
// function as AWS writes it.
func TestAuthorizerContext(t *testing.T) {
	t.Parallel()
	const context = `,"context":{"n":1,"b":true,"s":"text","f":1.50}`
	for _, tt := range []struct {
		name     string
		door     local.Door
		settings tier.AuthorizerSettings
		output   string
		want     string
		why      string
	}{
		{"REST", local.REST{}, tier.AuthorizerSettings{}, policy(context, statement("Allow", "*")),
			`{"n":"1","b":"true","s":"text","f":"1.50","principalId":"ada","integrationLatency":0}`, "T166, AUT-13"},
		{"REST, none", local.REST{}, tier.AuthorizerSettings{}, allowAll, `{"principalId":"ada","integrationLatency":0}`, "AUT-13"},
		{"REST, forged", local.REST{}, tier.AuthorizerSettings{}, policy(`,"context":{"principalId":"root","integrationLatency":1,"x":"y"}`, statement("Allow", "*")),
			`{"x":"y","principalId":"ada","integrationLatency":0}`, "AUT-13: the gateway's own members"},
		{"HTTP", local.HTTP{}, tier.AuthorizerSettings{}, policy(`,"context":{"n":1,"b":true,"l":["x",1],"o":{"k":null}}`, statement("Allow", "*")),
			`{"lambda":{"n":1,"b":true,"l":["x",1],"o":{"k":null}}}`, "T166, AUT-22"},
		{"HTTP, simple", local.HTTP{}, tier.AuthorizerSettings{Simple: true}, `{"isAuthorized":true,"context":{"n":1}}`, `{"lambda":{"n":1}}`, "AUT-22"},
		{"HTTP, none", local.HTTP{}, tier.AuthorizerSettings{Simple: true}, `{"isAuthorized":true}`, `{"lambda":null}`, "AUT-22"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := guard(t, tt.door, tt.settings, saying(tt.output), "GET /a")
			if status, _, body := g.ask(t, "GET /a"); status != 200 {
				t.Fatalf("%d %s", status, body)
			}
			if got := g.authorizer(t); got != tt.want {
				t.Errorf("requestContext.authorizer\n%s, want\n%s\n%s", got, tt.want, tt.why)
			}
		})
	}
}

// textLog writes a log without times.
func textLog(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }
