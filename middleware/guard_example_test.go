package middleware_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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

// What fails for a moment is tried again.
func ExampleNewRetry() {
	tries := 0
	quote := func(context.Context, struct{}) (int, error) {
		if tries++; tries < 3 {
			return 0, datastore.ErrThrottled
		}
		return 42, nil
	}
	retry := middleware.NewRetry(nil)
	api := tier.New("shop").API("quotes")
	api.Handle("GET /quote", handler.New(quote), tier.With(retry.Middleware()))

	h, err := api.Handler()
	if err != nil {
		fmt.Println(err)
	}
	a, err := handlertest.Do(context.Background(), h, handlertest.Request("GET", "/quote"))
	fmt.Printf("%d %s after %d attempts, %v\n", a.Status, a.Body, tries, err)
	// Output: 200 42 after 3 attempts, <nil>
}

// Two processes that share a table of states: what one learns, the other knows.
func ExampleNewBreaker() {
	data := datastore.New([]datastore.Driver{filetable.Memory()}, nil)
	api := tier.New("shop").API("orders")
	states := middleware.CircuitsInTable(datastore.Use[middleware.CircuitTable](api, table.New[middleware.Circuit](data, "circuits")))

	opts := &middleware.BreakerOptions{Calls: 3, Log: slog.New(slog.DiscardHandler)}
	one, other := middleware.NewBreaker("payments", states, opts), middleware.NewBreaker("payments", states, opts)
	pay := func(context.Context) (string, error) { return "", errors.New("payments: no answer") }

	for range 4 {
		_, err := middleware.Guarded(context.Background(), pay, one)
		fmt.Println(err)
	}
	_, err := middleware.Guarded(context.Background(), pay, other)
	fmt.Println("the other:", errors.Is(err, middleware.ErrCircuitOpen))
	// Output:
	// payments: no answer
	// payments: no answer
	// payments: no answer
	// 503 circuit_open: this has failed too often and is left alone for a while; try again later: middleware: the circuit is open: payments
	// the other: true
}

// The states of breakers in a cache.
func ExampleCircuitsInCache() {
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	api := tier.New("shop").API("orders")
	states := datastore.Use[middleware.CircuitCache](api, cache.New[middleware.Circuit](data, "circuits"))
	payments := middleware.NewBreaker("payments", middleware.CircuitsInCache(states), nil)

	paid, err := middleware.Guarded(context.Background(), func(context.Context) (string, error) { return "paid", nil }, payments)
	fmt.Println(paid, err)
	// Output: paid <nil>
}

// Two reports at once, and none waits.
func ExampleNewBulkhead() {
	reports := middleware.NewBulkhead("reports", 2, &middleware.BulkheadOptions{Waiting: -1})
	var report func(depth int) error
	report = func(depth int) error {
		_, err := middleware.Guarded(context.Background(), func(context.Context) (int, error) {
			if depth == 1 {
				return 0, nil
			}
			return 0, report(depth - 1)
		}, reports)
		return err
	}
	fmt.Println(report(2))
	fmt.Println(report(3))
	// Output:
	// <nil>
	// 503 busy: too much of this is under way; try again: middleware: the bulkhead is full: reports
}

// A read that hangs is begun a second time.
func ExampleNewHedge() {
	hedge := middleware.NewHedge(&middleware.HedgeOptions{Delay: 5 * time.Millisecond, Budget: 1})
	hangs := make(chan bool, 2)
	hangs <- true
	hangs <- false
	price, err := middleware.Guarded(context.Background(), func(ctx context.Context) (int, error) {
		if <-hangs {
			<-ctx.Done() // the other attempt was quicker
			return 0, ctx.Err()
		}
		return 42, nil
	}, hedge)
	fmt.Println(price, err)
	// Output: 42 <nil>
}
