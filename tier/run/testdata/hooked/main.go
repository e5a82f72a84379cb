// The program hooked has a rollout that is checked before and after, for the tests of
// package run.
package main

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/iam/lambdacall"
	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/hook"
	"github.com/seed-18e8afb5/tierkit/tier/run"
)

type basket struct {
	Items int `json:"items"`
}

type total struct {
	Cents int `json:"cents"`
}

func price(_ context.Context, in basket) (total, error) { return total{in.Items * 100}, nil }

type checker struct{ price call.Caller[basket, total] }

func (c checker) check(ctx context.Context, _ hook.Release) error {
	got, err := c.price.Call(ctx, basket{Items: 3})
	if err == nil && got.Cents != 300 {
		err = fmt.Errorf("three items cost %d", got.Cents)
	}
	return err
}

func newApp(data *datastore.Data) *tier.App {
	app := tier.New("shop")
	check := app.Function("check")
	c := checker{datastore.Use[call.Caller[basket, total]](check, call.New[basket, total](data, "price"))}
	hook.On(check, c.check)
	app.Function("price", tier.Live(tier.Rollout{Shift: tier.AllAtOnce, Before: check})).Invoke(handler.New(price))
	return app
}

func main() { run.Main(newApp, lambdacall.Driver) }
