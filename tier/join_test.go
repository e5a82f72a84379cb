package tier_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	caches "github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/secret"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// running answers the function that runs.
var running = handler.New(func(ctx context.Context, _ struct{}) (string, error) {
	name, _ := datastore.FunctionFrom(ctx)
	return name, nil
})

func ignore(context.Context, string) error { return nil }

// TestJoin: which functions are one, and why others are not.
func TestJoin(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	tests := []struct {
		name    string
		declare func(*tier.App)
		want    []string // the Handlers
		apart   map[string]string
	}{
		{"functions of an API, a WebSocket API and a queue", func(app *tier.App) {
			api := app.API("orders")
			api.Handle("GET /a", running)
			api.Function("files").Handle("GET /b", running)
			app.WebSocket("chat").Handle("say", running)
			tier.On(app.Function("worker"), queue.New[string](data, "jobs"), ignore)
		}, []string{"orders*"}, nil},
		{"one function", func(app *tier.App) { app.API("orders").Handle("GET /a", running) }, []string{"orders"}, nil},
		{"one that rotates a secret", func(app *tier.App) {
			own := secret.New[secret.Text](data, "signing", secret.Manager, nil)
			tier.On(app.Function("rotator"), own.Rotation(30*24*time.Hour), func(context.Context, *secret.Turn[secret.Text]) error { return nil })
			api := app.API("orders")
			api.Handle("GET /a", running)
			api.Function("files").Handle("GET /b", running)
		}, []string{"rotator", "orders*"}, map[string]string{"rotator": "gives a secret its values"}},
		{"two APIs", func(app *tier.App) {
			for _, name := range []string{"orders", "office"} {
				api := app.API(name)
				api.Handle("GET /a", running)
				api.Function(name+"-files").Handle("GET /b", running)
			}
			app.API("third").Handle("GET /a", running)
		}, []string{"orders*", "office*", "third"}, map[string]string{"third": "from API orders or API third"}},
		{"two WebSocket APIs", func(app *tier.App) {
			app.WebSocket("chat").Handle("say", running)
			app.WebSocket("news").Handle("say", running)
		}, []string{"chat", "news"}, map[string]string{"news": "WebSocket API chat or WebSocket API news"}},
		{"settings", func(app *tier.App) {
			api := app.API("orders")
			api.Handle("GET /a", running)
			api.Function("large", tier.Memory(512)).Handle("GET /b", running)
			api.Function("slow", tier.Timeout(20*time.Second)).Handle("GET /c", running)
			api.Function("live", tier.Live(tier.Rollout{})).Handle("GET /d", running)
			api.Function("few", tier.Reserved(2)).Handle("GET /e", running)
			api.Function("loop", tier.Recursive()).Handle("GET /f", running)
			api.Function("door", tier.URL(tier.FunctionURL{})).Handle("GET /g", running)
		}, []string{"orders", "large", "slow", "live", "few", "loop", "door"}, map[string]string{
			"large": "512 MB", "slow": "20s", "live": "its versions do not take over as those of orders do", "few": "reserved", "loop": "itself", "door": "URL",
		}},
		{"versions that take over alike", func(app *tier.App) {
			rollout := tier.Rollout{Shift: tier.Canary10Percent5Minutes, Alarms: []string{"full"}}
			api := app.API("orders", tier.Live(rollout))
			api.Handle("GET /a", running)
			api.Function("files", tier.Live(rollout)).Handle("GET /b", running)
			app.WebSocket("chat", tier.Live(rollout), tier.Provisioned(1, 2)).Handle("say", running)
			tier.On(app.Function("worker", tier.Live(rollout)), queue.New[string](data, "jobs"), ignore)
		}, []string{"orders*", "chat"}, map[string]string{"chat": "tier.Provisioned"}},
		{"the private network", func(app *tier.App) {
			api := app.API("orders")
			api.Handle("GET /a", running)
			sessions := api.Function("sessions")
			sessions.Handle("GET /b", running)
			datastore.Use[caches.Getter[string]](sessions, caches.New[string](data, "sessions"))
			tier.On(app.Function("worker"), queue.New[string](data, "jobs"), ignore)
		}, []string{"orders*", "sessions"}, map[string]string{"sessions": "it is in the private network, and orders is not"}},
		{"an authorizer and a function that programs invoke", func(app *tier.App) {
			gate := app.Authorizer("gate", tier.AuthorizerSettings{Token: "Authorization"})
			gate.Check(func(context.Context, handler.Check) (handler.Verdict, error) { return handler.Verdict{}, nil })
			api := app.API("orders")
			api.Authorize(gate)
			api.Handle("GET /a", running)
			app.Function("price").Invoke(running)
		}, []string{"gate", "orders", "price"}, map[string]string{"gate": "decides", "price": "by its name"}},
		{"functions per tenant and on instances", func(app *tier.App) {
			api := app.API("orders")
			api.Handle("GET /a", running)
			api.Function("own", tier.TenantIsolation("header.X-Tenant")).Handle("GET /b", running)
			api.Function("large", tier.OnInstances(tier.Instances{}), tier.Memory(2048), tier.Live(tier.Rollout{})).Handle("GET /c", running)
		}, []string{"orders", "own", "large"}, map[string]string{"own": "tenants", "large": "instances"}},
		{"a hook", func(app *tier.App) {
			check := app.Function("check")
			check.AnswerRollout(datastore.Caller(), running, func(func(string) (string, bool)) handler.Middleware { return nil })
			app.API("orders", tier.Live(tier.Rollout{Shift: tier.AllAtOnce, Before: check})).Handle("GET /a", running)
			app.WebSocket("chat", tier.Live(tier.Rollout{Shift: tier.AllAtOnce})).Handle("say", running)
		}, []string{"check", "orders", "chat"}, map[string]string{"check": "it is a hook", "chat": "take over"}},
		{"a function that another one calls", func(app *tier.App) {
			app.API("orders").Handle("GET /a", running)
			tier.On(app.Function("worker"), queue.New[string](data, "called-jobs"), ignore)
			again := app.Function("again")
			datastore.Use[call.Caller[string, string]](again, call.New[string, string](data, "worker"))
			tier.On(again, queue.New[string](data, "again"), ignore)
		}, []string{"orders*", "worker"}, map[string]string{"worker": "function again calls it by its name"}},
		{"two functions on a topic", func(app *tier.App) {
			placed := topic.New[string](data, "placed")
			tier.On(app.Function("mail"), placed, ignore)
			tier.On(app.Function("count"), placed, ignore)
		}, []string{"mail", "count"}, map[string]string{"count": "function mail on topic placed"}},
		{"events that are given up otherwise", func(app *tier.App) {
			tier.On(app.Function("mail"), topic.New[string](data, "placed"), ignore, tier.Retries(1))
			tier.On(app.Function("count"), topic.New[string](data, "paid"), ignore)
		}, []string{"mail", "count"}, map[string]string{"count": "gives up otherwise"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			app := tier.New("shop")
			tt.declare(app)
			apart := app.Join()
			for _, err := range app.Check() {
				t.Error(err)
			}
			var entries []string
			for _, f := range app.Functions() {
				entries = append(entries, f.Entry())
				if app.Deployed(f.Entry()) != f {
					t.Errorf("Deployed(%q) is another function", f.Entry())
				}
			}
			if d := cmp.Diff(tt.want, entries); d != "" {
				t.Errorf("Handlers (-want +got):\n%s", d)
			}
			if len(apart) != len(tt.apart) {
				t.Errorf("%d functions are apart: %v; want %d", len(apart), apart, len(tt.apart))
			}
			for _, a := range apart {
				if why := tt.apart[a.Function.Name()]; why == "" || !strings.Contains(a.Why, why) {
					t.Errorf("%s is apart: %s; want %q", a.Function.Name(), a.Why, why)
				}
			}
		})
	}
}

// TestJoinedRoutes: what is joined runs as the function that it was declared for, the
// middleware of the API included, and answers what it has no route for as the API does.
func TestJoinedRoutes(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("orders")
	api.Use(func(next handler.Handler) handler.Handler {
		return handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
			name, _ := datastore.FunctionFrom(ctx)
			resp, err := next.Handle(ctx, req)
			if err != nil {
				resp = handler.Respond(req, err)
			}
			resp.SetHeader("X-Around", name)
			return resp, nil
		})
	})
	api.Handle("GET /a", running)
	api.Function("files").Handle("POST /a", running)
	app.Join()
	h, err := app.Deployed("orders*").Handler()
	if err != nil {
		t.Fatal(err)
	}
	ctx := datastore.WithFunction(context.Background(), "orders")
	for _, tt := range []struct {
		method, path string
		status       int
		body, around string
		allow        string
	}{
		{"GET", "/a", 200, `"orders"`, "orders", ""},
		{"POST", "/a", 200, `"files"`, "files", ""},
		{"PUT", "/a", 405, "", "orders", "GET, HEAD, POST"},
		{"GET", "/c", 404, "", "orders", ""},
	} {
		resp, err := h.Handle(ctx, handlertest.Request(tt.method, tt.path))
		if err != nil {
			t.Fatalf("%s %s: %v", tt.method, tt.path, err)
		}
		if resp.StatusCode() != tt.status || resp.Header.Get("X-Around") != tt.around || resp.Header.Get("Allow") != tt.allow || tt.body != "" && string(resp.Body) != tt.body {
			t.Errorf("%s %s = %d %s %v, want %+v", tt.method, tt.path, resp.StatusCode(), resp.Body, resp.Header, tt)
		}
	}
}

// TestJoinedAnswers: whatever routes there are, a joined function answers as the API does
// that serves them in functions of their own.
func TestJoinedAnswers(t *testing.T) {
	t.Parallel()
	where := handler.HandlerFunc(func(ctx context.Context, req *handler.Request) (*handler.Response, error) {
		name, _ := datastore.FunctionFrom(ctx)
		return &handler.Response{Body: []byte(name + " " + req.Pattern() + " " + req.Version() + " " + req.PathValue("id") + req.PathValue("path"))}, nil
	})
	apps := map[string]func() (*tier.App, *tier.API){
		"mocks, any method, the rest of a path, CORS": func() (*tier.App, *tier.API) {
			app := tier.New("shop")
			api := app.API("orders")
			api.CORS(handler.CORS{Origins: []string{"https://app.example"}})
			files := api.Function("files")
			api.Handle("GET /orders/{id}", where)
			files.Handle("/orders", where)
			files.Handle("GET /files/{path...}", where)
			files.Handle("GET /later", handler.New(func(context.Context, struct{}) (string, error) { return "", nil }, handler.Example("soon")), tier.Mock())
			return app, api
		},
		"versions by path": func() (*tier.App, *tier.API) {
			app := tier.New("shop")
			api := app.API("orders", tier.HTTP, tier.VersionByPath())
			one := api.Version("1")
			one.Handle("GET /orders", where)
			api.Function("files").Handle("GET /files/{path...}", where, tier.In(one))
			api.Version("2").Handle("GET /more", where)
			return app, api
		},
		"versions by header": func() (*tier.App, *tier.API) {
			app := tier.New("shop")
			api := app.API("orders", tier.VersionByHeader("Api-Version"), tier.DefaultVersion("1"))
			one := api.Version("1")
			one.Handle("GET /orders", where)
			api.Function("files").Handle("GET /files/{path...}", where, tier.In(one))
			api.Version("2").Handle("GET /orders/{id}", where)
			return app, api
		},
	}
	requests := []string{
		"GET /orders/7", "PUT /orders/7", "HEAD /orders/7", "OPTIONS /orders/7", "GET /orders", "DELETE /orders", "OPTIONS /orders",
		"GET /files/a/b", "POST /files/a/b", "GET /later", "GET /none", "GET /files/%zz", "GET /orders/%zz",
		"GET /v1/orders", "GET /v1/files/a", "GET /v2/files/a", "GET /v2/more", "GET /v1/more", "GET /v3/orders", "OPTIONS /v1/orders",
	}
	for name, newApp := range apps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, api := newApp()
			declared, err := api.Handler()
			if err != nil {
				t.Fatal(err)
			}
			app, _ := newApp()
			joined, err := app.Deployed("orders*").Handler()
			if err != nil {
				t.Fatal(err)
			}
			answered := 0
			for _, request := range requests {
				for _, version := range []string{"", "1", "2", "9"} {
					method, path, _ := strings.Cut(request, " ")
					answer := func(h handler.Handler) string {
						req := handlertest.Request(method, path, handlertest.Header("Origin", "https://app.example"),
							handlertest.Header("Access-Control-Request-Method", "GET"), handlertest.Header("Api-Version", version))
						resp, err := h.Handle(context.Background(), req)
						if err != nil {
							resp = handler.Respond(req, err)
						}
						return fmt.Sprintf("%d %v %s", resp.StatusCode(), resp.Header, resp.Body)
					}
					want := answer(declared)
					if got := answer(joined); got != want {
						t.Errorf("%s of version %q: %s, want %s", request, version, got, want)
					}
					if strings.HasPrefix(want, "200") {
						answered++
					}
				}
			}
			if answered < 3 {
				t.Errorf("%d requests were answered", answered)
			}
		})
	}
}

// TestJoinedEvents: records, the end of a window and messages of a WebSocket API run as
// the function that they were declared for, too.
func TestJoinedEvents(t *testing.T) {
	t.Parallel()
	data, app, ran := datastore.New(nil, nil), tier.New("shop"), ""
	note := func(ctx context.Context, _ string) error {
		ran, _ = datastore.FunctionFrom(ctx)
		return nil
	}
	app.API("orders").Handle("GET /a", running)
	tier.On(app.Function("first"), queue.New[string](data, "jobs"), note)
	tier.On(app.Function("second"), queue.New[string](data, "mails"), note)
	chat := app.WebSocket("chat")
	chat.Handle("say", running)
	chat.Function("talk").Handle("ask", running)
	app.Join()
	f := app.Deployed("orders*")
	ctx := datastore.WithFunction(context.Background(), f.Name())
	for i, want := range []string{"first", "second"} {
		h, err := f.Triggers()[i].Handler()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Handle(ctx, handlertest.Request("RECORD", "/", handlertest.Body("application/json", []byte(`"x"`)))); err != nil || ran != want {
			t.Errorf("a record of %s ran as %q, %v", want, ran, err)
		}
	}
	socket, err := f.Socket()
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"say": `"chat"`, "ask": `"talk"`} {
		resp, err := socket.Handle(ctx, handlertest.Request("MESSAGE", "/"+key))
		if err != nil {
			t.Fatal(err)
		}
		if string(resp.Body) != want {
			t.Errorf("message %s ran as %s, want %s", key, resp.Body, want)
		}
	}
}
