package middleware_test

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// Invoice is a row of a tenant: all of them are in the tenant's partition.
type Invoice struct {
	Tenant string `json:"-" table:"tenant,pk"`
	ID     string `json:"id" path:"id" table:"id,sk"`
	Cents  int    `json:"cents"`
}

// Each tenant sees its own invoices: the tenant is the one of the caller's token, whatever
// else a request says.
func ExampleTenant() {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	api := tier.New("billing").API("invoices")
	api.Use(middleware.Tenant(middleware.TenantClaim("tenant"), nil))
	invoices := datastore.Use[interface {
		table.Getter[Invoice]
		table.Putter[Invoice]
	}](api, table.New[Invoice](data, "invoices").PerTenant())

	api.Handle("PUT /invoices/{id}", handler.New(func(ctx context.Context, in Invoice) (Invoice, error) {
		in.Tenant = datastore.TenantKey(ctx)
		return invoices.Put(ctx, in)
	}))
	api.Handle("GET /invoices/{id}", handler.New(func(ctx context.Context, in Invoice) (Invoice, error) {
		return invoices.Get(ctx, table.PKSK(datastore.TenantKey(ctx), in.ID))
	}))

	of := func(tenant string) handlertest.Option {
		return handlertest.As(handler.Caller{Kind: handler.CallerJWT, ID: "ada", Claims: map[string]string{"tenant": tenant}})
	}
	h, err := api.Handler()
	if err != nil {
		fmt.Println(err)
	}
	show := func(method string, opts ...handlertest.Option) {
		a, _ := handlertest.Do(context.Background(), h, handlertest.Request(method, "/invoices/7", opts...))
		if a.Status == 200 {
			fmt.Println(a.Status, string(a.Body))
			return
		}
		fmt.Println(a.Status)
	}
	show("PUT", of("acme"), handlertest.JSON(map[string]int{"cents": 500}))
	show("GET", of("acme"))
	show("GET", of("globex"))
	show("GET", of("globex"), handlertest.Header("X-Tenant", "acme"))
	show("GET", handlertest.Header("X-Tenant", "acme"))
	// Output:
	// 200 {"id":"7","cents":500}
	// 200 {"id":"7","cents":500}
	// 404
	// 404
	// 403
}
