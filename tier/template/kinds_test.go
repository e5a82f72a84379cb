package template_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
)

const certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77"

// httpShop is an HTTP API with all that one can declare.
func httpShop(*datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders", tier.HTTP)
	reads := api.Function("reads")
	api.Authorize(tier.IAM())
	api.CORS(handler.CORS{Origins: []string{"https://app.example"}, MaxAge: time.Hour, Credentials: true, Expose: []string{"ETag"}})
	reads.Handle("GET /orders/{id}", handler.New(get))
	reads.Handle("GET /files/{path...}", handler.New(file), tier.Public())
	api.Handle("POST /orders", handler.New(place))
	api.Handle("/any/{id}/x", handler.New(remove))
	api.Stages(
		tier.Stage{Name: tier.RootStage, Variables: map[string]string{"table": "orders", "level": "1"}},
		tier.Stage{Name: "test", Variables: map[string]string{"table": "orders-test"}},
	)
	api.Domain(tier.Domain{Name: "api.shop.example", Certificate: certificate, BasePath: "orders"})
	old := app.API("old", tier.HTTP, tier.PayloadV1)
	old.Handle("GET /", handler.New(list))
	old.Domain(tier.Domain{Name: "api.shop.example", Certificate: certificate})
	return app
}

// stagedShop is a REST API with stages, a canary and domains.
func stagedShop(*datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	api.Cache(tier.Cache{Size: 0.5})
	api.Handle("GET /orders", handler.New(list), tier.Cached(time.Minute))
	api.Handle("GET /orders/{id}", handler.New(get))
	api.Stages(
		tier.Stage{
			Name: "live", Variables: map[string]string{"level": "1", "theme": "plain"},
			Canary: &tier.Canary{Percent: 10, Variables: map[string]string{"level": "2"}, UseStageCache: true},
		},
		tier.Stage{Name: "test", Variables: map[string]string{"level": "9"}, Canary: &tier.Canary{Percent: 50}},
		tier.Stage{Name: "dev_1"},
	)
	api.Domain(tier.Domain{Name: "api.shop.example", Certificate: certificate, BasePath: "shop/v1"})
	api.Domain(tier.Domain{Name: "test.shop.example", Certificate: certificate, Stage: "test"})
	return app
}

// versionedShop has versions by path, served by two functions, and by header.
func versionedShop(*datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders", tier.VersionByPath(), tier.DefaultVersion("1"))
	next := api.Function("next")
	v1 := api.Version("1", tier.Deprecated(time.Unix(1767323045, 0), time.Time{}, ""))
	v2 := api.Version("2")
	v1.Handle("GET /orders/{id}", handler.New(get))
	v1.Handle("GET /orders", handler.New(list))
	next.Handle("GET /orders/{id}", handler.New(get), tier.In(v2))
	v2.Remove("GET /orders")
	web := app.API("web", tier.HTTP, tier.VersionByHeader("Api-Version"))
	w1, w2 := web.Version("1"), web.Version("2")
	w1.Handle("GET /orders/{id}", handler.New(get))
	w2.Handle("GET /orders/{id}", handler.New(get))
	w2.Handle("GET /files/{path...}", handler.New(file))
	mobile := app.API("mobile", tier.HTTP, tier.VersionByPath())
	mobile.Version("1").Handle("GET /orders/{id}", handler.New(get))
	mobile.Version("2")
	return app
}

// TestStagePermissions: one a route and stage, and none for stages together
// (STG-06).
func TestStagePermissions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		app  func(*datastore.Data) *tier.App
		want []string
	}{
		"REST": {stagedShop, []string{
			"${OrdersApi}/dev_1/GET/orders", "${OrdersApi}/dev_1/GET/orders/*",
			"${OrdersApi}/live/GET/orders", "${OrdersApi}/live/GET/orders/*",
			"${OrdersApi}/test/GET/orders", "${OrdersApi}/test/GET/orders/*",
		}},
		"HTTP": {httpShop, []string{
			"${OldApi}/$default/GET/",
			"${OrdersApi}/$default/*/any/*/x", "${OrdersApi}/$default/GET/files/*", "${OrdersApi}/$default/GET/orders/*", "${OrdersApi}/$default/POST/orders",
			"${OrdersApi}/test/*/any/*/x", "${OrdersApi}/test/GET/files/*", "${OrdersApi}/test/GET/orders/*", "${OrdersApi}/test/POST/orders",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d doc
			if err := json.Unmarshal(sam(t, c.app), &d); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range d.Resources {
				if r.Type == "AWS::Lambda::Permission" {
					arn := r.Properties["SourceArn"].(map[string]any)["Fn::Sub"].(string)
					got = append(got, strings.TrimPrefix(arn, "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:"))
				}
			}
			slices.Sort(got)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}
