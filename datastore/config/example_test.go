package config_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/config"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/fileconfig"
)

type Limits struct {
	PerMinute int  `json:"perMinute"`
	Signup    bool `json:"signup"`
}

func (l Limits) Validate() error {
	if l.PerMinute <= 0 {
		return errors.New("perMinute is 0 or less")
	}
	return nil
}

// A document counts until it is MaxAge old; one that is wrong does not count at all.
func ExampleNew() {
	ctx, configs := context.Background(), fileconfig.Memory()
	now := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	data := datastore.New([]datastore.Driver{configs}, &datastore.Options{Now: func() time.Time { return now }})
	api := function("api") // a tier.API

	limits := datastore.Use[config.Reader[Limits]](api,
		config.New(data, "limits", config.AppConfig, Limits{PerMinute: 60, Signup: true}, &config.Options{Log: quiet}))
	fmt.Println(limits.Get(ctx))

	for _, document := range []string{`{"perMinute": 10}`, `{"perMinute": 0}`} {
		if err := configs.Set("", "limits", []byte(document)); err != nil {
			fmt.Println(err)
		}
		now = now.Add(time.Minute)
		fmt.Println(limits.Get(ctx))
	}
	// Output:
	// {60 true} <nil>
	// {10 false} <nil>
	// {10 false} <nil>
}

func ExampleStatic() {
	limits := config.Static(Limits{PerMinute: 60})
	fmt.Println(limits.Get(context.Background()))
	// Output: {60 false} <nil>
}
