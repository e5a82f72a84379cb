package local_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/lambda"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

func ExampleShareDomains() {
	app := tier.New("shop")
	var gateways []*local.Gateway
	for _, name := range []string{"orders", "films"} {
		api := app.API(name)
		api.Handle("GET /{id}", handler.HandlerFunc(func(_ context.Context, req *handler.Request) (*handler.Response, error) {
			return &handler.Response{Body: []byte(name + " " + req.PathValue("id"))}, nil
		}))
		api.Domain(tier.Domain{Name: "api.shop.example", Certificate: "arn:aws:acm:eu-west-1:123456789012:certificate/0b8f7a52", BasePath: name})
		h, err := api.Handler()
		if err != nil {
			fmt.Println(err)
			return
		}
		doorway := lambda.New(h, &lambda.Options{BasePaths: api.BasePaths()})
		g, err := local.NewGateway(api, func(string) local.Function { return local.Function{Invoke: doorway.Invoke} }, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		gateways = append(gateways, g)
	}
	local.ShareDomains(gateways...)
	for _, path := range []string{"/orders/7", "/films/8"} {
		w := httptest.NewRecorder()
		gateways[0].ServeHTTP(w, httptest.NewRequest("GET", "http://api.shop.example.localhost"+path, nil))
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 orders 7
	// 200 films 8
}
