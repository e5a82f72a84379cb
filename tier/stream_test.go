package tier_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func rows(context.Context, struct{}) (handler.NDJSON[thing], error)        { return nil, nil }
func events(context.Context, struct{}) (handler.EventStream, error)        { return nil, nil }
func reading(context.Context, struct{}) (io.Reader, error)                 { return nil, nil }
func control(context.Context, struct{}) (*handler.Response, error)         { return nil, nil }
func things(context.Context, struct{}) ([]thing, error)                    { return nil, nil }
func content(context.Context, struct{}) (handler.Content, error)           { return handler.Content{}, nil }
func untyped(context.Context, *handler.Request) (*handler.Response, error) { return nil, nil }

// streamMistakes are those of an App with one API.
func streamMistakes(declare func(api *tier.API), opts ...tier.APIOption) error {
	app := tier.New("shop")
	declare(app.API("x", opts...))
	return errors.Join(app.Check()...)
}

// judge compares the mistakes with what they should be, "" for none.
func judge(t *testing.T, err error, want, file string) {
	t.Helper()
	switch {
	case want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("Check = %v, want %q", err, want)
	case want != "" && strings.Count(err.Error(), want) != 1:
		t.Errorf("Check = %v, want it said once", err)
	case want != "" && !strings.Contains(err.Error(), file+":"):
		t.Errorf("no Go line in %v", err)
	}
}

// A mismatch of handler, route and API is refused where it is declared (T202).
func TestStream(t *testing.T) {
	t.Parallel()
	stream := func(h handler.Handler, opts ...tier.RouteOption) func(*tier.API) {
		return func(api *tier.API) { api.Handle("GET /a", h, append(opts, tier.Stream())...) }
	}
	for name, c := range map[string]struct {
		declare func(*tier.API)
		opts    []tier.APIOption
		want    string
	}{
		"NDJSON":      {stream(handler.New(rows)), nil, ""},
		"events":      {stream(handler.New(events)), nil, ""},
		"reader":      {stream(handler.New(reading)), nil, ""},
		"response":    {stream(handler.New(control)), nil, ""},
		"untyped":     {stream(handler.HandlerFunc(untyped)), nil, ""},
		"net/http":    {stream(handler.FromHTTP(http.NotFoundHandler())), nil, ""},
		"JSON":        {stream(handler.New(things)), nil, "route GET /a: tier.Stream, but the function returns []tier_test.thing as JSON in one piece"},
		"content":     {stream(handler.New(content)), nil, "returns its body in one piece"},
		"no body":     {stream(handler.New(ok)), nil, "returns no body in one piece"},
		"an HTTP API": {stream(handler.New(rows)), []tier.APIOption{tier.HTTP}, "an HTTP API has no way to have response streaming"},
		"buffered": {func(api *tier.API) {
			api.Handle("GET /a", handler.New(rows))
			api.Handle("GET /b", handler.New(events))
		}, []tier.APIOption{tier.HTTP}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			judge(t, streamMistakes(c.declare, c.opts...), c.want, "stream_test.go")
		})
	}
}

// STR-03: a function whose answers are all streamed may take 15 minutes.
func TestStreamTimeout(t *testing.T) {
	t.Parallel()
	url := tier.URL(tier.FunctionURL{Stream: true})
	for name, c := range map[string]struct {
		timeout time.Duration
		opts    []tier.APIOption
		mixed   bool // one route is not streamed
		want    string
	}{
		"streams":                   {15 * time.Minute, nil, false, ""},
		"mixed":                     {29 * time.Second, nil, true, ""},
		"mixed and long":            {30 * time.Second, nil, true, "timeout 30s, but API Gateway waits 29s for its route GET /b"},
		"mixed with a URL":          {30 * time.Second, []tier.APIOption{url}, true, ""},
		"mixed with a buffered URL": {30 * time.Second, []tier.APIOption{tier.URL(tier.FunctionURL{})}, true, "timeout 30s, but API Gateway waits 29s"},
		"too long":                  {901 * time.Second, nil, false, "timeout 15m1s; write whole seconds from 1s to 29s, the most that API Gateway waits for, or to 15m0s for streams"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			judge(t, streamMistakes(func(api *tier.API) {
				api.Handle("GET /a", handler.New(rows), tier.Stream())
				if c.mixed {
					api.Handle("GET /b", handler.New(rows))
				}
			}, append(c.opts, tier.Timeout(c.timeout))...), c.want, "stream_test.go")
		})
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	guarded := func(api *tier.API) { api.Handle("GET /a", handler.New(ok), tier.IAM()) }
	open := func(api *tier.API) { api.Handle("GET /a", handler.New(ok)) }
	url := func(u tier.FunctionURL) []tier.APIOption { return []tier.APIOption{tier.URL(u)} }
	for name, c := range map[string]struct {
		declare func(*tier.API)
		opts    []tier.APIOption
		want    string
	}{
		"IAM by default":        {open, url(tier.FunctionURL{}), ""},
		"public":                {open, url(tier.FunctionURL{Auth: tier.URLPublic}), ""},
		"another auth":          {open, url(tier.FunctionURL{Auth: "JWT"}), `the auth of its URL is "JWT"; write tier.URLIAM or tier.URLPublic`},
		"two":                   {open, append(url(tier.FunctionURL{}), url(tier.FunctionURL{})...), "two URLs"},
		"IAM routes":            {guarded, url(tier.FunctionURL{}), ""},
		"no routes":             {func(api *tier.API) { api.Function("y").Handle("GET /a", handler.New(ok)) }, url(tier.FunctionURL{}), "function x: a URL, but no routes that it could serve"},
		"public and IAM routes": {guarded, url(tier.FunctionURL{Auth: tier.URLPublic}), "route GET /a: the URL of function x (NONE) would serve it past authorizer iam"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			judge(t, streamMistakes(c.declare, c.opts...), c.want, "stream_test.go")
		})
	}
	app := tier.New("shop")
	api := app.API("x", tier.URL(tier.FunctionURL{Stream: true}))
	api.Handle("GET /a", handler.New(ok))
	plain := api.Function("plain")
	plain.Handle("GET /b", handler.New(ok))
	if u := app.FunctionNamed("x").URL(); u == nil || *u != (tier.FunctionURL{Auth: tier.URLIAM, Stream: true}) || plain.URL() != nil {
		t.Errorf("URL = %+v, %+v", u, plain.URL())
	}
}

// What a doorway is told of the modes of its front doors.
func TestFunctionStreams(t *testing.T) {
	t.Parallel()
	app := tier.New("shop")
	api := app.API("x")
	api.Handle("GET /files/{path...}", handler.New(reading), tier.Stream())
	api.Handle("/files/{path...}", handler.HandlerFunc(untyped))
	api.Handle("/any", handler.HandlerFunc(untyped), tier.Stream())
	api.Handle("POST /any", handler.HandlerFunc(untyped))
	live := api.Function("live", tier.URL(tier.FunctionURL{Stream: true}))
	live.Handle("GET /live", handler.New(events))
	buffered := api.Function("buffered", tier.URL(tier.FunctionURL{}))
	buffered.Handle("GET /buffered", handler.New(events))
	if buffered.Streams() != nil {
		t.Error("a function of which nothing streams asks")
	}
	for _, tt := range []struct {
		f                           *tier.Function
		frontDoor, resource, method string
		want                        bool
	}{
		{app.FunctionNamed("x"), "rest", "/files/{path+}", "GET", true},
		{app.FunctionNamed("x"), "rest", "/files/{path+}", "PUT", false},
		{app.FunctionNamed("x"), "rest", "/any", "PUT", true},
		{app.FunctionNamed("x"), "rest", "/any", "POST", false},
		{app.FunctionNamed("x"), "rest", "/other", "GET", false},
		{app.FunctionNamed("x"), "http", "/any", "GET", false},
		{app.FunctionNamed("x"), "url", "", "GET", false},
		{live, "url", "", "GET", true},
		{live, "rest", "/live", "GET", false},
	} {
		if got := tt.f.Streams()(tt.frontDoor, tt.resource, tt.method); got != tt.want {
			t.Errorf("%s: Streams(%s, %s, %s) = %v", tt.f.Name(), tt.frontDoor, tt.resource, tt.method, got)
		}
	}
}

func ExampleStream() {
	app := tier.New("shop")
	api := app.API("orders", tier.Timeout(5*time.Minute))
	api.Handle("GET /orders", handler.New(func(context.Context, struct{}) (handler.NDJSON[thing], error) {
		return func(yield func(thing, error) bool) { yield(thing{ID: "7"}, nil) }, nil
	}), tier.Stream())
	fmt.Println(api.Routes()[0], api.Routes()[0].Streams(), app.Check())
	// Output: GET /orders true []
}

func ExampleURL() {
	app := tier.New("shop")
	api := app.API("orders")
	live := api.Function("live", tier.URL(tier.FunctionURL{Auth: tier.URLPublic, Stream: true}))
	live.Handle("GET /live", handler.New(events))
	fmt.Println(live.URL().Auth, live.URL().Stream)
	// Output: NONE true
}
