package middleware_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
)

// tenantSeen answers the tenant for which it runs.
var tenantSeen = handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
	id, _ := datastore.Tenant(ctx)
	noted := ""
	for fact := range middleware.Notes(ctx) {
		if fact.Key == "tenant" {
			noted = fact.Value.String()
		}
	}
	if noted != id {
		return nil, errors.New("noted is " + noted + " and not " + id)
	}
	return &handler.Response{Body: []byte(id)}, nil
})

func withTenantClaim(id string) handlertest.Option {
	return handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada", Claims: map[string]string{"tenant": id}})
}

func TestTenant(t *testing.T) {
	t.Parallel()
	claim, head := middleware.TenantClaim("tenant"), middleware.TenantHeader("X-Tenant")
	attribute := func(ctx context.Context, _ *handler.Request) (string, error) {
		return datastore.RecordFrom(ctx).Attribute("tenant"), nil
	}
	unknown := func(context.Context, *handler.Request) (string, error) {
		return "", &handler.Error{Status: 404, Code: "unknown_host"}
	}
	in := t.Context()
	lambda := lambdacontext.NewContext(in, &lambdacontext.LambdaContext{TenantID: "blue"})
	record := datastore.WithRecord(in, &datastore.Record{Attributes: []datastore.Attribute{{Name: "tenant", Type: datastore.AttributeString, Value: "acme"}}})
	for _, test := range []struct {
		name string
		from middleware.TenantSource
		opts *middleware.TenantOptions
		ctx  context.Context
		req  *handler.Request
		want string // the tenant; "" for 403
	}{
		{"a claim", claim, nil, in, get("/", withTenantClaim("acme")), "acme"},
		{"all that a claim can have", claim, nil, in, get("/", withTenantClaim("a Z0_.:/=+-@")), "a Z0_.:/=+-@"},
		{"a claim of nobody", claim, nil, in, get("/", handlertest.As(handler.Caller{Claims: map[string]string{"tenant": "acme"}})), ""},
		{"no claim", claim, nil, in, get("/", as("ada")), ""},
		{"an empty claim", claim, nil, in, get("/", withTenantClaim("")), ""},
		{"a claim that is a list", claim, nil, in, get("/", withTenantClaim("[acme globex]")), ""},
		{"a claim that is a list in JSON", claim, nil, in, get("/", withTenantClaim(`["acme"]`)), ""},
		{"a pattern", claim, nil, in, get("/", withTenantClaim("*")), ""},
		{"a variable of a policy", claim, nil, in, get("/", withTenantClaim("${aws:username}")), ""},
		{"beyond ASCII", claim, nil, in, get("/", withTenantClaim("acmé")), ""},
		{"a line break", claim, nil, in, get("/", withTenantClaim("acme\nadmin")), ""},
		{"too long", claim, nil, in, get("/", withTenantClaim(strings.Repeat("a", 257))), ""},
		{"as long as can be", claim, nil, in, get("/", withTenantClaim(strings.Repeat("a", 256))), strings.Repeat("a", 256)},
		{"a forged header beside a claim", claim, nil, in, get("/", withTenantClaim("acme"), header("X-Tenant", "globex"), header("Tenant", "globex"), header("Lambda-Runtime-Aws-Tenant-Id", "globex"), header("X-Amz-Tenant-Id", "globex")), "acme"},
		{"a forged header without a caller", claim, nil, in, get("/", header("X-Tenant", "globex"), header("Tenant", "globex")), ""},
		{"a forged header without a claim", claim, nil, in, get("/", as("ada"), header("X-Tenant", "globex"), header("Tenant", "globex")), ""},
		{"a claim in the query", claim, nil, in, get("/?tenant=globex"), ""},
		{"a header", head, nil, in, get("/", header("x-tenant", "acme")), "acme"},
		{"no header", head, nil, in, get("/"), ""},
		{"a header twice", head, nil, in, get("/", header("X-Tenant", "acme", "globex")), ""},
		{"a header twice in a line", head, nil, in, get("/", header("X-Tenant", "acme, globex")), ""},
		{"Lambda's", middleware.LambdaTenant, nil, lambda, get("/", header("X-Amz-Tenant-Id", "globex")), "blue"},
		{"of an invocation without", middleware.LambdaTenant, nil, lambdaCtx(in), get("/", header("Lambda-Runtime-Aws-Tenant-Id", "globex")), ""},
		{"outside of Lambda", middleware.LambdaTenant, nil, in, get("/"), ""},
		{"of a record", attribute, nil, record, get("/"), "acme"},
		{"another outside", claim, nil, datastore.WithTenant(in, "globex"), get("/", withTenantClaim("acme")), ""},
		{"optional and wrong", claim, &middleware.TenantOptions{Optional: true}, in, get("/", withTenantClaim("*")), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := middleware.Tenant(test.from, test.opts)(tenantSeen)
			a, err := handlertest.Do(test.ctx, h, test.req)
			switch {
			case test.want == "":
				wantStatus(t, a, 403, "no_tenant")
				if !errors.Is(err, middleware.ErrNoTenant) || strings.Contains(err.Error()+string(a.Body), "globex") {
					t.Errorf("the error is %v, the answer %s", err, a.Body)
				}
			case err != nil || string(a.Body) != test.want:
				t.Errorf("ran for %q (%v), want %q", a.Body, err, test.want)
			}
		})
	}
	for name, req := range map[string]*handler.Request{"nobody": get("/"), "no claim": get("/", as("ada"))} {
		a, err := handlertest.Do(in, middleware.Tenant(claim, &middleware.TenantOptions{Optional: true})(tenantSeen), req)
		if err != nil || a.Status != 200 || len(a.Body) > 0 {
			t.Errorf("optional, %s: %d %q, %v", name, a.Status, a.Body, err)
		}
	}
	a, err := handlertest.Do(in, handler.Chain(tenantSeen, middleware.Tenant(claim, nil), middleware.Tenant(head, nil)), get("/", withTenantClaim("acme"), header("X-Tenant", "acme")))
	if err != nil || string(a.Body) != "acme" {
		t.Errorf("two that find the same: %q, %v", a.Body, err)
	}
	a, _ = handlertest.Do(in, middleware.Tenant(unknown, &middleware.TenantOptions{Optional: true})(tenantSeen), get("/"))
	wantStatus(t, a, 404, "unknown_host")
}

func TestTenantDeclaration(t *testing.T) {
	t.Parallel()
	wantRefused(t, "there is no source", func() { middleware.Tenant(nil, nil) })
	wantRefused(t, "name a claim", func() { middleware.TenantClaim("") })
	wantRefused(t, "name of a header", func() { middleware.TenantHeader("X Tenant") })
	e := handler.EffectOf("GET", middleware.Tenant(middleware.TenantClaim("tenant"), nil))
	if len(e.Errors) != 1 || e.Errors[0].StatusCode() != 403 {
		t.Errorf("the effect is %+v, want 403", e)
	}
}

// TestTenantInside: what looks for answers without the tenant cannot stand outside of it,
// or a user of two tenants would get the one's answer as the other.
func TestTenantInside(t *testing.T) {
	t.Parallel()
	k, w := newKitchen(t), newWorld(t)
	cached := middleware.Cache(k.answers, time.Minute, nil)
	tenant := middleware.Tenant(middleware.TenantClaim("tenant"), nil)
	optional := middleware.Tenant(middleware.TenantClaim("tenant"), &middleware.TenantOptions{Optional: true})
	post := func(opts ...handlertest.Option) *handler.Request { return place("k", opts...) }
	for _, test := range []struct {
		name   string
		h      handler.Handler
		req    *handler.Request
		status int
	}{
		{"Cache outside", handler.Chain(tenantSeen, cached, tenant), get("/1", withTenantClaim("acme")), 500},
		{"Cache inside", handler.Chain(tenantSeen, tenant, cached), get("/2", withTenantClaim("acme")), 200},
		{"Cache outside of no tenant", handler.Chain(tenantSeen, cached, optional), get("/3", as("ada")), 200},
		{"Cache between two", handler.Chain(tenantSeen, tenant, cached, tenant), get("/4", withTenantClaim("acme")), 200},
		{"Once outside", w.once(tenant(tenantSeen).Handle), post(withTenantClaim("acme")), 500},
		{"Once inside", tenant(w.once(tenantSeen)), post(withTenantClaim("acme")), 200},
		{"Once that leaves it alone", w.once(tenant(tenantSeen).Handle), handlertest.Request("POST", "/orders", withTenantClaim("acme")), 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, err := handlertest.Do(t.Context(), test.h, test.req)
			if a.Status != test.status || test.status == 500 && !strings.Contains(err.Error(), "write Tenant before them") {
				t.Errorf("answered %d, %v, want %d", a.Status, err, test.status)
			}
		})
	}
	// What is called in the same process is another request, for a tenant of its own.
	called := handler.Chain(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		return tenant(tenantSeen).Handle(ctx, get("/called", withTenantClaim("globex")))
	}), cached)
	if a, err := handlertest.Do(t.Context(), called, get("/5", as("ada"))); err != nil || string(a.Body) != "globex" {
		t.Errorf("what was called ran for %q, %v", a.Body, err)
	}
}

// TestTenantConcurrent: requests that one sandbox works on at once are each for their own.
func TestTenantConcurrent(t *testing.T) {
	t.Parallel()
	h := middleware.Tenant(middleware.TenantHeader("X-Tenant"), nil)(tenantSeen)
	var all sync.WaitGroup
	for _, id := range []string{"a", "b", "a/b", "A"} {
		all.Go(func() {
			for range 200 {
				if a, err := handlertest.Do(t.Context(), h, get("/", header("X-Tenant", id))); err != nil || string(a.Body) != id {
					t.Errorf("tenant %s: ran for %q, %v", id, a.Body, err)
				}
			}
		})
	}
	all.Wait()
}

// BenchmarkTenant is what it costs beside the bare handler.
func BenchmarkTenant(b *testing.B) {
	run := func(name string, h handler.Handler) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			ctx, req := middleware.WithNotes(b.Context()), get("/", withTenantClaim("acme"))
			for b.Loop() {
				if _, err := h.Handle(ctx, req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	bare := emptyHandler{&handler.Response{Header: http.Header{}}}
	run("bare", bare)
	run("claim", middleware.Tenant(middleware.TenantClaim("tenant"), nil)(bare))
}

// TestTenantAllocates: no more than the context with the tenant, where what tells about the
// request has made room for notes.
func TestTenantAllocates(t *testing.T) {
	if underRace {
		t.Skip("the race detector allocates")
	}
	h := middleware.Tenant(middleware.TenantClaim("tenant"), nil)(emptyHandler{&handler.Response{}})
	ctx, req := middleware.WithNotes(t.Context()), get("/", withTenantClaim("acme"))
	if n := testing.AllocsPerRun(100, func() { _, _ = h.Handle(ctx, req) }); n > 1 {
		t.Errorf("%.0f allocations, want 1", n)
	}
}

// TestTenantTold: the lines of the log, and the line about the request, have the tenant.
func TestTenantTold(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	logs := middleware.NewLogs(&middleware.LogOptions{Handler: slog.NewJSONHandler(&out, nil)})
	h := handler.Chain(handler.HandlerFunc(func(ctx context.Context, _ *handler.Request) (*handler.Response, error) {
		logs.Logger().InfoContext(ctx, "worked")
		return &handler.Response{}, nil
	}), logs.Middleware(), middleware.Tenant(middleware.TenantClaim("tenant"), nil))
	if _, err := handlertest.Do(t.Context(), h, get("/", withTenantClaim("acme"))); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), `"tenant":"acme"`); n != 2 {
		t.Errorf("%d lines have the tenant, want 2:\n%s", n, out.String())
	}
}
