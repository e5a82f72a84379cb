package valkeycache_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/paired"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

type texts interface {
	cache.Getter[string]
	cache.ManyGetter[string]
	cache.Setter[string]
	cache.Counter
}

// BenchmarkDriver is the driver beside the bare client, on the same commands to the
// same server:
//
//	go test -run '^$' -bench Driver -count 6 ./datastore/vpc/valkeycache
func BenchmarkDriver(b *testing.B) {
	driver, client := compared(b)
	ctx := paired.Context(b)
	value := strings.Repeat("x", 1024)
	must(b, driver.Set(ctx, "k0", value, 0))
	paired.Compare(b, "get", func() error {
		_, err := client.Do(ctx, client.B().Get().Key("bench:texts:v:k0").Build()).ToString()
		return err
	}, func() error {
		_, err := driver.Get(ctx, "k0")
		return err
	})
	paired.Compare(b, "set", func() error {
		return client.Do(ctx, client.B().Set().Key("bench:texts:v:k0").Value(value).Px(time.Minute).Build()).Error()
	}, func() error { return driver.Set(ctx, "k0", value, time.Minute) })
	paired.Compare(b, "incr", func() error {
		return client.Do(ctx, client.B().Incrby().Key("bench:texts:v:n").Increment(1).Build()).Error()
	}, func() error {
		_, err := driver.Incr(ctx, "n", 1, 0)
		return err
	})
	bare, driven := getMany(ctx, b, 100)
	paired.Compare(b, "get 100", bare, driven)
}

func TestAllocations(t *testing.T) {
	paired.PerItem(t, "GetMany", 10, 110, func(n int) (bare, driver func() error) { return getMany(t.Context(), t, n) })
}

func getMany(ctx context.Context, tb testing.TB, n int) (bare, driver func() error) {
	tb.Helper()
	driven, client := compared(tb)
	var short, long []string
	for i := range n {
		short, long = append(short, fmt.Sprint("k", i)), append(long, fmt.Sprint("bench:texts:v:k", i))
		must(tb, driven.Set(ctx, short[i], strings.Repeat("x", 1024), time.Hour))
	}
	return func() error {
			list, err := client.Do(ctx, client.B().Mget().Key(long...).Build()).ToArray()
			if err != nil {
				return err
			}
			found := make(map[string]string, n)
			for i := range list {
				if found[short[i]], err = list[i].ToString(); err != nil {
					return err
				}
			}
			return nil
		}, func() error {
			found, err := driven.GetMany(ctx, short)
			if err == nil && len(found) != n {
				err = fmt.Errorf("%d values", len(found))
			}
			return err
		}
}

// compared are the driver and a client with the same settings.
func compared(tb testing.TB) (texts, valkey.Client) {
	tb.Helper()
	url := servers.URL(tb, "TIERKIT_TEST_REDIS")
	opt, err := valkey.ParseURL(url)
	must(tb, err)
	opt.ForceSingleClient, opt.DisableCache, opt.DisableRetry, opt.PipelineMultiplex = true, true, true, -1
	opt.ReadBufferEachConn, opt.WriteBufferEachConn = 32<<10, 32<<10
	client, err := valkey.NewClient(opt)
	must(tb, err)
	tb.Cleanup(client.Close)
	return datastore.Use[texts](function{}, cache.New[string](onServer(url, "bench", nil), "texts")), client
}
