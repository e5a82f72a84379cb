package middleware_test

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorycache"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// A catalogue that is the same for everybody is read once a minute for each language.
func ExampleCache() {
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	api := tier.New("shop").API("catalogue")
	answers := datastore.Use[middleware.Answers](api, cache.New[[]byte](data, "answers"))

	type query struct {
		Language string `header:"Accept-Language"`
	}
	type product struct {
		Name string `json:"name"`
	}
	read := 0
	list := handler.New(func(_ context.Context, in query) ([]product, error) {
		read++
		return []product{{map[string]string{"de": "Stuhl"}[in.Language]}}, nil
	})
	api.Handle("GET /products", list, tier.With(middleware.Cache(answers, time.Minute, &middleware.CacheOptions{
		Shared: true, Headers: []string{"Accept-Language"}, Stale: time.Hour,
	})))

	h, err := api.Handler()
	if err != nil {
		fmt.Println(err)
	}
	for _, language := range []string{"de", "de", "en"} {
		a, _ := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/products", handlertest.Header("Accept-Language", language)))
		fmt.Printf("%s kept: %t, read %d\n", a.Body, a.Header.Get("Age") != "", read)
	}
	// Output:
	// [{"name":"Stuhl"}] kept: false, read 1
	// [{"name":"Stuhl"}] kept: true, read 1
	// [{"name":""}] kept: false, read 2
}
