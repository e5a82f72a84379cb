package local_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// sight is what a handler sees of where a request came in.
type sight struct {
	Path, Stage, Level, Host, Resource, Pattern string
}

// lookHandler answers with what it sees.
var lookHandler = handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
	facts := req.Facts()
	level, _ := req.StageVariable("level")
	body, err := json.Marshal(sight{req.Path(), facts.Stage, level, facts.Host, facts.Resource, req.Pattern()})
	return &handler.Response{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, err
})

// serving is the gateway of an API whose functions run behind the doorway.
func serving(tb testing.TB, api *tier.API, opts *local.Options) *local.Gateway {
	tb.Helper()
	g, err := local.NewGateway(api, func(name string) local.Function {
		for _, f := range api.Functions() {
			if f.Name() != name {
				continue
			}
			h, err := f.Handler()
			if err != nil {
				tb.Fatal(err)
			}
			return local.Function{Invoke: lambda.New(h, &lambda.Options{Function: name, BasePaths: api.BasePaths()}).Invoke}
		}
		return local.Function{}
	}, fixed(opts))
	if err != nil {
		tb.Fatal(err)
	}
	return g
}

// kinds are the ways to serve an API of each kind.
var kinds = map[string]struct {
	opts []tier.APIOption
	door local.Door
}{
	"REST":     {nil, local.REST{}},
	"HTTP 2.0": {[]tier.APIOption{tier.HTTP}, local.HTTP{}},
	"HTTP 1.0": {[]tier.APIOption{tier.HTTP, tier.PayloadV1}, local.HTTP{}},
}

// lookAt is what a handler sees of a request to a URL; nil if the answer is not
// 200.
func lookAt(tb testing.TB, h http.Handler, url string) (int, string, *sight) {
	tb.Helper()
	resp := do(tb, h, httptest.NewRequest("GET", url, nil))
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		return resp.StatusCode, string(body), nil
	}
	s := &sight{}
	if err := json.Unmarshal(body, s); err != nil {
		tb.Fatalf("%v in %s", err, body)
	}
	return resp.StatusCode, string(body), s
}

// TestStages: the first segment of a URL is the stage, which chooses the
// variables (HTP-07, RTE-20, T130, STG-02, GWR-20).
func TestStages(t *testing.T) {
	t.Parallel()
	for name, kind := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := tier.New("shop").API("orders", kind.opts...)
			api.Handle("GET /orders/{id}", lookHandler)
			api.Handle("GET /", lookHandler)
			api.Stages(tier.Stage{Name: "live", Variables: map[string]string{"level": "1"}}, tier.Stage{Name: "live-2"})
			g := serving(t, api, &local.Options{Door: kind.door})
			for url, want := range map[string]sight{
				"/live/orders/7":      {Path: "/orders/7", Stage: "live", Level: "1"},
				"/live-2/orders/live": {Path: "/orders/live", Stage: "live-2"},
				"/live":               {Path: "/", Stage: "live", Level: "1"},
				"/live/":              {Path: "/", Stage: "live", Level: "1"},
			} {
				status, body, got := lookAt(t, g, url)
				if got == nil || got.Path != want.Path || got.Stage != want.Stage || got.Level != want.Level {
					t.Errorf("GET %s = %d %s, want path %s, stage %s, level %q", url, status, body, want.Path, want.Stage, want.Level)
				}
			}
			unknown, says := http.StatusForbidden, `{"message":"Forbidden"}` // GWR-20
			if name != "REST" {
				unknown, says = http.StatusNotFound, `{"message":"Not Found"}` // RTE-20: no $default stage
			}
			for _, url := range []string{"/orders/7", "/dev/orders/7", "/livex/orders/7", "/"} {
				if status, body, _ := lookAt(t, g, url); status != unknown || body != says {
					t.Errorf("GET %s = %d %s, want %d %s", url, status, body, unknown, says)
				}
			}
		})
	}
}

// TestDefaultStageBeside: a named stage goes before $default, whose paths have no
// segment (RTE-20, T130).
func TestDefaultStageBeside(t *testing.T) {
	t.Parallel()
	for _, format := range []tier.PayloadFormat{tier.PayloadV1, tier.PayloadV2} {
		api := tier.New("shop").API("orders", tier.HTTP, format)
		api.Handle("GET /orders/{id}", lookHandler)
		api.Handle("GET /{any...}", lookHandler)
		api.Stages(tier.Stage{Name: tier.RootStage}, tier.Stage{Name: "test", Variables: map[string]string{"level": "9"}})
		g := serving(t, api, &local.Options{Door: local.HTTP{}})
		for url, want := range map[string]sight{
			"/orders/7":      {Path: "/orders/7", Stage: "$default"},
			"/test/orders/7": {Path: "/orders/7", Stage: "test", Level: "9"},
			"/tests/7":       {Path: "/tests/7", Stage: "$default"},
			"/$default/x":    {Path: "/$default/x", Stage: "$default"},
		} {
			status, body, got := lookAt(t, g, url)
			if got == nil || got.Path != want.Path || got.Stage != want.Stage || got.Level != want.Level {
				t.Errorf("payload %s: GET %s = %d %s, want %+v", format, url, status, body, want)
			}
		}
	}
}

// TestStageEvents: what the events say of a stage (RST-05, RST-06, STG-02,
// HTP-07, HTP-20).
func TestStageEvents(t *testing.T) {
	t.Parallel()
	declared := func(opts ...tier.APIOption) *tier.API {
		api := tier.New("shop").API("orders", opts...)
		api.Handle("GET /orders/{id}", noop)
		api.Stages(tier.Stage{Name: "live", Variables: map[string]string{"b": "2", "a": "1"}}, tier.Stage{Name: "bare"})
		return api
	}
	vars := map[string]string{"a": "1", "b": "2"}
	e, _ := eventOf(t, declared(), &local.Options{Door: local.REST{}}, httptest.NewRequest("GET", "//live//orders/7", nil))
	if e.Path != "/orders/7" || e.Context.Path != "/live//orders/7" || e.Context.Stage != "live" {
		t.Errorf("RST-06: path %q, requestContext.path %q, stage %q", e.Path, e.Context.Path, e.Context.Stage)
	}
	if d := cmp.Diff(vars, e.StageVariables); d != "" {
		t.Error("STG-02", d)
	}
	_, payload := eventOf(t, declared(), &local.Options{Door: local.REST{}}, httptest.NewRequest("GET", "/bare/orders/7", nil))
	if !strings.Contains(string(payload), `"stageVariables":null`) {
		t.Errorf("STG-02: a REST event without variables must have null: %s", payload)
	}
	var two struct {
		RawPath        string            `json:"rawPath"`
		StageVariables map[string]string `json:"stageVariables"`
	}
	payload = payloadOf(t, declared(tier.HTTP), local.HTTP{}, httptest.NewRequest("GET", "/live/orders/7", nil))
	if err := json.Unmarshal(payload, &two); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(vars, two.StageVariables); d != "" || two.RawPath != "/live/orders/7" {
		t.Errorf("HTP-07, STG-02: rawPath %q %s", two.RawPath, d)
	}
	payload = payloadOf(t, declared(tier.HTTP), local.HTTP{}, httptest.NewRequest("GET", "/bare/orders/7", nil))
	if strings.Contains(string(payload), "stageVariables") {
		t.Errorf("STG-02: an event of payload format 2.0 without variables must not have the key: %s", payload)
	}
}

// TestOneStage: a door that names a stage serves it alone.
func TestOneStage(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").API("orders")
	api.Handle("GET /x", lookHandler)
	api.Stages(tier.Stage{Name: "live"}, tier.Stage{Name: "test"})
	g := serving(t, api, &local.Options{Door: local.REST{Stage: "test"}})
	if status, body, _ := lookAt(t, g, "/test/x"); status != 200 {
		t.Errorf("the named stage: %d %s", status, body)
	}
	if status, body, _ := lookAt(t, g, "/live/x"); status != 403 {
		t.Errorf("another stage: %d %s", status, body)
	}
	if _, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: answering(`{}`)} },
		&local.Options{Door: local.REST{Stage: "dev"}}); err == nil || !strings.Contains(err.Error(), "live, test") {
		t.Errorf("an unknown stage: %v, want the names of those that there are", err)
	}
}

// draws is randomness whose first bytes of every eight are given in turn.
type draws struct{ values []byte }

func (d *draws) Read(p []byte) (int, error) {
	clear(p)
	if len(p) == 8 { // a canary's
		if len(d.values) == 0 {
			return 0, errors.New("nothing is left to draw")
		}
		p[7], d.values = d.values[0], d.values[1:]
	}
	return len(p), nil
}

// TestCanary: the part of the requests that is drawn sees other variables
// (STG-04).
func TestCanary(t *testing.T) {
	t.Parallel()
	api := tier.New("shop").API("orders")
	api.Handle("GET /x", noop)
	api.Stages(tier.Stage{Name: "live", Variables: map[string]string{"level": "1", "theme": "plain"},
		Canary: &tier.Canary{Percent: 10, Variables: map[string]string{"level": "2", "more": "yes"}}},
		tier.Stage{Name: "plain"})
	var c capture
	opts := fixed(&local.Options{Door: local.REST{}})
	opts.Random = &draws{[]byte{9, 10, 99, 0, 100}}
	g, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: c.invoke} }, opts)
	if err != nil {
		t.Fatal(err)
	}
	plain := map[string]string{"level": "1", "theme": "plain"}
	canary := map[string]string{"level": "2", "theme": "plain", "more": "yes"}
	for i, want := range []bool{true, false, false, true, true} {
		do(t, g, httptest.NewRequest("GET", "/live/x", nil))
		var e struct {
			StageVariables map[string]string
			RequestContext struct{ IsCanaryRequest *bool }
		}
		if err := json.Unmarshal(c.payload, &e); err != nil {
			t.Fatal(err)
		}
		vars := plain
		if want {
			vars = canary
		}
		if got := e.RequestContext.IsCanaryRequest; got == nil || *got != want || !cmp.Equal(vars, e.StageVariables) {
			t.Errorf("request %d: canary %v, variables %v; want %t, %v", i, got, e.StageVariables, want, vars)
		}
	}
	if resp := do(t, g, httptest.NewRequest("GET", "/live/x", nil)); resp.StatusCode != 500 {
		t.Errorf("nothing left to draw: %d, want 500", resp.StatusCode)
	}
	do(t, g, httptest.NewRequest("GET", "/plain/x", nil))
	if strings.Contains(string(c.payload), "isCanaryRequest") {
		t.Error("STG-04: isCanaryRequest of a stage without a canary")
	}
}

// TestStagesNeedAGateway: front doors without stages are refused, not served
// without the variables.
func TestStagesNeedAGateway(t *testing.T) {
	t.Parallel()
	staged := func(app *tier.App) *tier.API {
		api := app.API("orders")
		api.Handle("GET /x", noop)
		api.Stages(tier.Stage{Name: "live"})
		return api
	}
	for _, door := range []local.Door{local.URL{}, local.ALB{}} {
		_, err := local.NewGateway(staged(tier.New("shop")), func(string) local.Function {
			return local.Function{Invoke: answering(`{}`)}
		}, &local.Options{Door: door})
		if err == nil || !strings.Contains(err.Error(), "stages: only API Gateway has this") {
			t.Errorf("stages behind a %s: %v, want them refused", door, err)
		}
	}
}
