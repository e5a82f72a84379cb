package middleware_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

func TestRequire(t *testing.T) {
	t.Parallel()
	ada := handler.Caller{Kind: handler.CallerJWT, ID: "ada", Scopes: []string{"orders/read", "orders/write"}, Groups: []string{"staff"},
		Claims: map[string]string{"tenant": "acme", "roles": "[admin editor]", "permissions": `["read","write all"]`, "plan": "gold silver", "none": ""}}
	type r = middleware.Requirement
	for _, c := range []struct {
		name   string
		caller handler.Caller
		want   []r
		status int
	}{
		{"somebody", ada, nil, 204},
		{"nobody", handler.Caller{}, nil, 401},
		{"nobody with scopes", handler.Caller{Scopes: ada.Scopes}, []r{middleware.Scopes("orders/read")}, 401},
		{"a scope", ada, []r{middleware.Scopes("orders/read")}, 204},
		{"all scopes", ada, []r{middleware.Scopes("orders/read", "orders/write")}, 204},
		{"one too many", ada, []r{middleware.Scopes("orders/read", "orders/refund")}, 403},
		{"a part of a scope", ada, []r{middleware.Scopes("orders")}, 403},
		{"in capitals", ada, []r{middleware.Scopes("ORDERS/READ")}, 403},
		{"any scope", ada, []r{middleware.AnyScope("orders/refund", "orders/write")}, 204},
		{"no such scope", ada, []r{middleware.AnyScope("orders/refund")}, 403},
		{"a group", ada, []r{middleware.Groups("staff")}, 204},
		{"two groups", ada, []r{middleware.Groups("staff", "admins")}, 403},
		{"any group", ada, []r{middleware.AnyGroup("admins", "staff")}, 204},
		{"a claim", ada, []r{middleware.Claim("tenant", "umbrella", "acme")}, 204},
		{"another claim", ada, []r{middleware.Claim("tenant", "umbrella")}, 403},
		{"a part of a claim", ada, []r{middleware.Claim("tenant", "acm")}, 403},
		{"a claim that is there", ada, []r{middleware.Claim("tenant")}, 204},
		{"a claim that is empty", ada, []r{middleware.Claim("none", "")}, 403},
		{"a claim that is not there", ada, []r{middleware.Claim("absent")}, 403},
		{"a list", ada, []r{middleware.ClaimHas("roles", "editor", "admin")}, 204},
		{"a list without it", ada, []r{middleware.ClaimHas("roles", "owner")}, 403},
		{"a list in JSON", ada, []r{middleware.ClaimHas("permissions", "write all")}, 204},
		{"a word of a list in JSON", ada, []r{middleware.ClaimHas("permissions", "write")}, 403},
		{"words", ada, []r{middleware.ClaimHas("plan", "silver")}, 204},
		{"a kind", ada, []r{middleware.Kinds(handler.CallerIAM, handler.CallerJWT)}, 204},
		{"another kind", ada, []r{middleware.Kinds(handler.CallerKey)}, 403},
		{"either", ada, []r{middleware.Either(middleware.Groups("admins"), middleware.Claim("tenant", "acme"))}, 204},
		{"neither", ada, []r{middleware.Either(middleware.Groups("admins"), middleware.Claim("tenant", "x"))}, 403},
		{"both", ada, []r{middleware.Groups("staff"), middleware.Claim("tenant", "acme")}, 204},
		{"one of both", ada, []r{middleware.Groups("staff"), middleware.Claim("tenant", "x")}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			code := map[int]string{401: "unauthenticated", 403: "forbidden"}[c.status]
			wantAnswer(t, middleware.Require(c.want...), authGet(handlertest.As(c.caller)), c.status, code)
		})
	}
	_, a, err := wantAnswer(t, middleware.Require(middleware.AnyScope("a", "b")), authGet(handlertest.As(ada)), 403, "forbidden")
	if got := a.Header.Get("Www-Authenticate"); got != `Bearer error="insufficient_scope", scope="a b"` {
		t.Errorf("challenge %s", got)
	}
	if !strings.Contains(err.Error(), "the caller has not one of the scopes a, b") || strings.Contains(string(a.Body), "scopes") {
		t.Errorf("logged %v, answered %s", err, a.Body)
	}
}

func TestRequireDeclaration(t *testing.T) {
	t.Parallel()
	for want, bad := range map[string]middleware.Requirement{
		"name a scope": middleware.Scopes(), "a scope is empty": middleware.AnyScope("a", ""), "name a group": middleware.Groups(), "a group is empty": middleware.AnyGroup("a\"b"),
		"a Claim has no name": middleware.Claim(""), "name a word of claim roles": middleware.ClaimHas("roles"), "name a kind": middleware.Kinds(),
		"Either has no requirement": middleware.Either(), "Require: name a group": middleware.Either(middleware.Groups()), "a requirement is nil": nil,
	} {
		wantMisdeclared(t, want, func() { middleware.Require(middleware.Scopes("x"), bad) })
	}
	wantMisdeclared(t, "Allow: there is no policy", func() { middleware.Allow(nil) })
}

func TestAllow(t *testing.T) {
	t.Parallel()
	no := errors.New("it is not hers")
	hidden := &handler.Error{Status: 404, Code: "not_found"}
	down := &datastore.Error{Op: "get", Kind: datastore.ErrUnavailable, Err: errors.New("down")}
	for _, c := range []struct {
		says   error
		status int
		code   string
	}{
		{nil, 204, ""}, {no, 403, "forbidden"}, {hidden, 404, "not_found"}, {down, 503, ""}, {context.Canceled, 403, "forbidden"},
	} {
		mw := middleware.Allow(func(_ context.Context, caller handler.Caller, req *handler.Request) error {
			if caller.ID != "ada" || req.Path() != "/orders/7" {
				t.Errorf("asked about %+v and %s", caller, req.Path())
			}
			return c.says
		})
		_, a, err := wantAnswer(t, mw, authGet(handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada"})), c.status, c.code)
		if c.says != nil && !errors.Is(err, c.says) || strings.Contains(string(a.Body), "hers") {
			t.Errorf("error %v, answer %s, for %v", err, a.Body, c.says)
		}
	}
	var none middleware.Policy[int]
	if err := none.Check(t.Context(), handler.Caller{}, 1); handler.AsError(err).StatusCode() != http.StatusForbidden {
		t.Errorf("no policy says %v", err)
	}
}

type authIdentity struct {
	Tenant string    `claim:"tenant,required"`
	Admin  bool      `claim:"admin"`
	Limit  int8      `claim:"limit"`
	Count  uint      `claim:"count"`
	Rate   float64   `claim:"rate"`
	Roles  []string  `claim:"roles"`
	Since  time.Time `claim:"since"`
	Plan   authPlan  `claim:"plan"`
	Place  struct{ City string }
	Home   *struct{ City string } `claim:"home"`
}

type authPlan string

func (p *authPlan) UnmarshalText(text []byte) error {
	if string(text) == "lead" {
		return errors.New("there is no such plan")
	}
	*p = authPlan(strings.ToUpper(string(text)))
	return nil
}

func TestClaims(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		claims map[string]string
		want   authIdentity
		status int
	}{
		{"all", map[string]string{"tenant": "acme", "admin": "true", "limit": "-7", "count": "8", "rate": "1.5", "roles": "[a b]", "since": "1772366400",
			"plan": "gold", "home": `{"City":"Ulm"}`, "Place": `{"City":"Ulm"}`},
			authIdentity{Tenant: "acme", Admin: true, Limit: -7, Count: 8, Rate: 1.5, Roles: []string{"a", "b"}, Since: authNow, Plan: "GOLD", Home: &struct{ City string }{"Ulm"}}, 204},
		{"few", map[string]string{"tenant": "acme", "roles": `["a b"]`, "since": "2026-03-01T13:00:00+01:00"}, authIdentity{Tenant: "acme", Roles: []string{"a b"}, Since: authNow}, 204},
		{"required is missing", map[string]string{"plan": "gold"}, authIdentity{}, 403},
		{"required is empty", map[string]string{"tenant": ""}, authIdentity{}, 403},
		{"no number", map[string]string{"tenant": "acme", "limit": "seven"}, authIdentity{}, 403},
		{"too large", map[string]string{"tenant": "acme", "limit": "128"}, authIdentity{}, 403},
		{"negative", map[string]string{"tenant": "acme", "count": "-1"}, authIdentity{}, 403},
		{"no float", map[string]string{"tenant": "acme", "rate": "x"}, authIdentity{}, 403},
		{"no boolean", map[string]string{"tenant": "acme", "admin": "1"}, authIdentity{}, 403},
		{"no time", map[string]string{"tenant": "acme", "since": "today"}, authIdentity{}, 403},
		{"no plan", map[string]string{"tenant": "acme", "plan": "lead"}, authIdentity{}, 403},
		{"no JSON", map[string]string{"tenant": "acme", "home": "Ulm"}, authIdentity{}, 403},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got authIdentity
			h := middleware.Claims[authIdentity]()(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
				got, _ = middleware.ClaimsFrom[authIdentity](ctx)
				return &handler.Response{Status: 204}, nil
			}))
			a, err := handlertest.Do(t.Context(), h, authGet(handlertest.As(handler.Caller{Kind: handler.CallerLambda, ID: "ada", Claims: c.claims})))
			if a.Status != c.status || err != nil && strings.Contains(err.Error(), "seven") {
				t.Errorf("answered %d, %v", a.Status, err)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Errorf("claims (-want +got)\n%s", d)
			}
		})
	}
	wantAnswer(t, middleware.Claims[authIdentity](), authGet(), 401, "unauthenticated")
	if _, ok := middleware.ClaimsFrom[authIdentity](t.Context()); ok {
		t.Error("claims without the middleware")
	}
	wantMisdeclared(t, "int is no struct", func() { middleware.Claims[int]() })
	wantMisdeclared(t, "no field with a tag", func() { middleware.Claims[struct{ A string }]() })
	wantMisdeclared(t, "field A: the tag is", func() {
		middleware.Claims[struct {
			A string `claim:"a,optional"`
		}]()
	})
	wantMisdeclared(t, "field a cannot be set", func() {
		middleware.Claims[struct {
			a string `claim:"a"`
		}]()
	})
	wantMisdeclared(t, "another field is claim", func() {
		middleware.Claims[struct {
			A string `claim:"a"`
			B string `claim:"a"`
		}]()
	})
	wantMisdeclared(t, "cannot be read from a text", func() {
		middleware.Claims[struct {
			A chan int `claim:"a"`
		}]()
	})
}
