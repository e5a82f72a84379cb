package template_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/template"
)

// signedInShop has routes for customers, for staff, for both, and for other services.
func signedInShop(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	customers := identity.NewExchange(data, "visitors", identity.New(data, "customers", identity.SelfSignUp()))
	staff := identity.NewExchange(data, "desk", identity.New(data, "employees"))
	orders := app.API("orders")
	orders.Authorize(tier.IAM())
	orders.Stages(tier.Stage{Name: "live"}, tier.Stage{Name: "test"})
	orders.Handle("GET /orders", handler.New(list), tier.SignedIn(customers), tier.SignedIn(staff))
	orders.Handle("GET /orders/{id}", handler.New(get), tier.SignedIn(customers), tier.IAM())
	orders.Handle("DELETE /orders/{id}", handler.New(remove), tier.SignedIn(staff))
	orders.Handle("POST /orders", handler.New(place))
	orders.Handle("GET /", handler.New(list), tier.Public())
	news := app.API("news", tier.HTTP)
	news.Handle("GET /news", handler.New(list), tier.IAM(), tier.SignedIn(customers))
	news.Handle("POST /news", handler.New(place), tier.SignedIn(staff))
	return app
}

// TestSignedInHasRoom: a role that IAM has no room for is refused with the line of a
// route.
func TestSignedInHasRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		routes int
		want   string
	}{{90, ""}, {120, "IAM allows 10240"}} {
		data := datastore.New(nil, nil)
		app := tier.New("shop")
		visitors := identity.NewExchange(data, "visitors", identity.New(data, "users"))
		api := app.API("orders")
		for i := range c.routes {
			api.Handle(fmt.Sprintf("GET /orders/of/customer-%03d", i), handler.New(list), tier.SignedIn(visitors))
		}
		_, err := template.New(app)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "signedin_test.go")) {
			t.Errorf("%d routes: %v, want %q", c.routes, err, c.want)
		}
	}
}
