package template_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

type lookup struct {
	Page int    `query:"page"`
	Tags string `query:"tag"`
	Lang string `header:"Accept-Language"`
	User string `header:"authorization"`
	Shop string `path:"shop"`
}

func find(context.Context, lookup) ([]order, error) { return nil, nil }

// traffic has all that is about requests that do not reach a function.
func traffic(*datastore.Data) *tier.App {
	app := tier.New("shop")
	api := app.API("orders")
	api.CORS(handler.CORS{Origins: []string{"https://app.example"}})
	api.Throttle(100, 200)
	api.Cache(tier.Cache{Size: 1.6, TTL: time.Minute, Encrypted: true})
	api.Handle("GET /", handler.New(list), tier.KeyRequired(), tier.Throttle(0.5, 1))
	api.Handle("GET /shops/{shop}", handler.New(find), tier.Cached(0))
	api.Handle("GET /files/{path...}", handler.New(file), tier.Cached(time.Hour), tier.Throttle(0, 0))
	api.Handle("/any", handler.New(list), tier.KeyRequired(), tier.Throttle(5, 10))
	api.Handle("GET /any", handler.New(list))
	api.Plan(tier.UsagePlan{Name: "basic", Rate: 2.5, Burst: 5, Quota: tier.Quota{Limit: 1000, Period: tier.Month, Offset: 20},
		Keys: []string{"mobile", "web"}, Routes: map[string]tier.Throttling{"GET /": {Rate: 1, Burst: 1}, "/any": {}}})
	api.Plan(tier.UsagePlan{Name: "large", Keys: []string{"partner"}})
	api.GatewayResponse(tier.GatewayResponse{Type: "THROTTLED", Status: 503, Body: `{"message":$context.error.messageString,"id":"$context.requestId"}`,
		Header: map[string]string{"Retry-After": "1", "X-Id": "$context.requestId"}})
	other := app.API("other")
	other.Handle("POST /{id}", handler.New(get), tier.KeyRequired())
	other.Plan(tier.UsagePlan{Name: "basic", Keys: []string{"web"}})
	return app
}

// TestNoFormInTemplate: what CloudFormation cannot say is refused with its line.
func TestNoFormInTemplate(t *testing.T) {
	t.Parallel()
	for how, refused := range map[tier.Invalidation]bool{
		"": false, tier.IgnoreWithWarning: false, tier.IgnoreSilently: true, tier.Refuse: true, tier.ByAnyone: true,
	} {
		app := tier.New("shop")
		api := app.API("orders")
		api.Cache(tier.Cache{Size: 0.5, Invalidation: how})
		api.Handle("GET /", handler.New(list), tier.Cached(0))
		_, err := template.New(app)
		var d *datastore.DeclarationError
		if errors.As(err, &d) != refused || refused && (!strings.Contains(err.Error(), "leave Invalidation out") || filepath.Base(d.At.File) != "traffic_test.go") {
			t.Errorf("invalidation %q: %v, want it refused: %v", how, err, refused)
		}
	}
}
