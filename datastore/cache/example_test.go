package cache_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorycache"
)

func ExampleNew() {
	type store interface { // what this function may do, and no more
		cache.Setter[Profile]
		cache.Getter[Profile]
		cache.Deleter
	}
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	api := function("api") // a tier.API
	profiles := datastore.Use[store](api, cache.New[Profile](data, "profiles"))

	ctx := context.Background()
	fmt.Println(profiles.Set(ctx, "42", Profile{Name: "Ada"}, 10*time.Minute))
	p, err := profiles.Get(ctx, "42")
	fmt.Println(p.Name, err)
	fmt.Println(profiles.Delete(ctx, "42"))
	_, err = profiles.Get(ctx, "42")
	fmt.Println(errors.Is(err, datastore.ErrNotFound))
	// Output:
	// <nil>
	// Ada <nil>
	// <nil>
	// true
}

// A value that is not there is made by one caller, and kept for the others.
func ExampleLoader() {
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	profiles := datastore.Use[cache.Loader[Profile]](function("api"), cache.New[Profile](data, "profiles"))

	ctx, reads := context.Background(), 0
	read := func(context.Context) (Profile, error) { // from a database
		reads++
		return Profile{Name: "Ada"}, nil
	}
	for range 3 {
		p, err := profiles.Load(ctx, "42", 10*time.Minute, read)
		fmt.Println(p.Name, err, reads)
	}
	// Output:
	// Ada <nil> 1
	// Ada <nil> 1
	// Ada <nil> 1
}

// A limit of requests in a minute.
func ExampleCounter() {
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	counts := datastore.Use[cache.Counter](function("api"), cache.New[int64](data, "requests"))

	for range 3 {
		n, err := counts.Incr(context.Background(), "ada", 1, time.Minute)
		fmt.Println(n, n > 2, err)
	}
	// Output:
	// 1 false <nil>
	// 2 false <nil>
	// 3 true <nil>
}

// An Add is for what only the first may do. Who must know whether the work was done
// uses a Locker.
func ExampleAdder() {
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	sent := datastore.Use[cache.Adder[string]](function("api"), cache.New[string](data, "sent"))

	ctx := context.Background()
	fmt.Println(sent.Add(ctx, "welcome/ada", "2030-01-02", time.Hour))
	err := sent.Add(ctx, "welcome/ada", "2030-01-02", time.Hour)
	fmt.Println(errors.Is(err, datastore.ErrConflict))
	// Output:
	// <nil>
	// true
}

func ExampleLocker() {
	data := datastore.New([]datastore.Driver{memorycache.New(nil)}, nil)
	locks := datastore.Use[cache.Locker](function("report"), cache.New[string](data, "jobs"))
	ctx := context.Background()
	lock, err := locks.Lock(ctx, "monthly", time.Minute)
	fmt.Println(lock.Fence() > 0, err)
	_, err = locks.Lock(ctx, "monthly", time.Minute)
	fmt.Println(err)
	fmt.Println(lock.Unlock(ctx))
	// Output:
	// true <nil>
	// cache jobs: lock: conflict: the lock is held
	// <nil>
}
