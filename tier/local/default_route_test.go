package local_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestUnknownVersion: whatever the kind of the API, a path with a version that
// there is not is answered with those that exist; and what no route fits runs
// none of the routes, however the path is spelled (RTE-21, RTE-24).
func TestUnknownVersion(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind    tier.Kind
		format  tier.PayloadFormat
		guarded bool
	}{{tier.REST, "", false}, {tier.HTTP, "", false}, {tier.HTTP, tier.PayloadV1, false}, {tier.HTTP, "", true}} {
		app := tier.New("shop")
		opts := []tier.APIOption{tier.VersionByPath(), tt.kind}
		if tt.format != "" {
			opts = append(opts, tt.format)
		}
		api := app.API("orders", opts...)
		guard := tier.Public()
		if tt.guarded {
			guard = tier.IAM()
		}
		v1 := api.Version("1")
		v1.Handle("GET /orders/{id}", noop, guard)
		api.Version("2")
		if errs := app.Check(); len(errs) > 0 {
			t.Fatal(errs)
		}
		h, err := api.Functions()[0].Handler()
		if err != nil {
			t.Fatal(err)
		}
		door := local.Door(local.REST{})
		if tt.kind == tier.HTTP {
			door = local.HTTP{}
		}
		doorway := lambda.New(h, &lambda.Options{Logger: slog.New(slog.DiscardHandler)})
		g, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: doorway.Invoke} }, &local.Options{Door: door})
		if err != nil {
			t.Fatal(err)
		}
		for target, want := range map[string]string{
			"/v3/orders/7": "the versions of this API are /v1, /v2",
			"/":            "the versions of this API are /v1, /v2",
		} {
			resp := do(t, g, httptest.NewRequest("GET", target, nil))
			body, _ := io.ReadAll(resp.Body)
			var p handler.Problem
			if err := json.Unmarshal(body, &p); err != nil || resp.StatusCode != 404 || !strings.Contains(p.Detail, want) {
				t.Errorf("%v: GET %s = %d %s, want 404 and %q", tt, target, resp.StatusCode, body, want)
			}
		}
		// An HTTP API takes the slash for another path, the function's mux would not.
		resp := do(t, g, httptest.NewRequest("GET", "/v1/orders/7/", nil))
		if open := tt.kind == tier.REST && !tt.guarded; (resp.StatusCode == 200) != open {
			t.Errorf("%v: a slash at the end: %d", tt, resp.StatusCode)
		}
	}
}
