package middleware_test

import (
	"context"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/filetable"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorycache"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/middleware"
	"github.com/seed-18e8afb5/tierkit/tier"
)

func hello(context.Context, struct{}) (string, error) { return "hello", nil }

// A caller may ask twice a minute; the buckets of tokens are in a table.
func ExampleRateLimit() {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	api := tier.New("shop").API("greetings")
	buckets := datastore.Use[middleware.Buckets](api, table.New[middleware.Bucket](data, "buckets"))
	limit := middleware.RateLimit(middleware.TokenBuckets(buckets, nil), middleware.Rate{Limit: 2, Per: time.Minute}, nil)
	api.Handle("GET /hello", handler.New(hello), tier.With(limit))

	h, err := api.Handler()
	if err != nil {
		fmt.Println(err)
	}
	for range 3 {
		a, _ := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/hello"))
		fmt.Printf("%d %s retry: %q\n", a.Status, a.Header.Get("RateLimit-Policy"), a.Header.Get("Retry-After"))
	}
	// Output:
	// 200 "default";q=2;w=60 retry: ""
	// 200 "default";q=2;w=60 retry: ""
	// 429 "default";q=2;w=60 retry: "30"
}

// Each address may ask once an hour, counted in a cache.
func ExampleSlidingWindows() {
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	api := tier.New("shop").API("greetings")
	windows := datastore.Use[middleware.Windows](api, cache.New[int64](data, "windows"))
	limit := middleware.RateLimit(middleware.SlidingWindows(windows), middleware.Rate{Limit: 1, Per: time.Hour},
		&middleware.RateLimitOptions{Name: "address", By: middleware.ByAddress})
	api.Handle("GET /hello", handler.New(hello), tier.With(limit))

	h, err := api.Handler()
	if err != nil {
		fmt.Println(err)
	}
	for range 2 {
		a, _ := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/hello"))
		fmt.Println(a.Status, a.Header.Get("RateLimit-Policy"))
	}
	// Output:
	// 200 "address";q=1;w=3600
	// 429 "address";q=1;w=3600
}
