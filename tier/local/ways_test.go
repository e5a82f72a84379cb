package local_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestOtherSpellings: however a path is spelled, the function runs the route
// whose authorizer the gateway asked, and not one beside it that its own mux
// would find (RTE-03, RTE-07, RTE-21, RTE-24).
func TestOtherSpellings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		guarded, open string
		kind          string
		target        string
	}{
		{"GET /admin", "GET /{id}", "REST", "/%61dmin"},
		{"GET /admin/{id}", "GET /{rest...}", "REST", "/%61dmin/7"},
		{"GET /admin", "GET /{rest...}", "HTTP 2.0", "/admin/"},
		{"GET /admin", "GET /{rest...}", "HTTP 1.0", "/admin/"},
		{"GET /admin/{id}", "GET /{rest...}", "HTTP 2.0", "/admin/7/"},
		{"GET /admin/{rest...}", "GET /{x}/b", "HTTP 2.0", "/admin/b"},
		{"GET /admin/{rest...}", "GET /{x}/{y}", "HTTP 1.0", "/admin/b"},
	} {
		kind := kinds[tt.kind]
		app := tier.New("shop")
		api := app.API("orders", kind.opts...)
		api.Handle(tt.guarded, lookHandler, tier.IAM())
		api.Handle(tt.open, lookHandler, tier.Public())
		if errs := app.Check(); len(errs) > 0 {
			t.Fatal(errs)
		}
		status, body, saw := lookAt(t, serving(t, api, &local.Options{Door: kind.door}), tt.target)
		if saw == nil || saw.Pattern != tt.open {
			t.Errorf("%s, %s guarded, %s open: GET %s: %d %s, want it to run the open route", tt.kind, tt.guarded, tt.open, tt.target, status, body)
		}
	}
}

