package valkeycache_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/servers"
)

// BenchmarkGet and BenchmarkSet compare the driver, below a handle, with the bare
// client on the same command against the same server:
//
//	go test -run '^$' -bench . ./datastore/vpc/valkeycache
func BenchmarkGet(b *testing.B) {
	texts, client := compared(b)
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	must(b, texts.Set(ctx, "k", strings.Repeat("x", 1024), 0))
	b.Run("client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.Do(ctx, client.B().Get().Key("bench:texts:v:k").Build()).ToString(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("driver", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := texts.Get(ctx, "k"); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSet(b *testing.B) {
	texts, client := compared(b)
	ctx, cancel := context.WithTimeout(b.Context(), time.Hour)
	defer cancel()
	value := strings.Repeat("x", 1024)
	b.Run("client", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := client.Do(ctx, client.B().Set().Key("bench:texts:v:k").Value(value).Px(time.Minute).Build()).Error(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("driver", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := texts.Set(ctx, "k", value, time.Minute); err != nil {
				b.Fatal(err)
			}
		}
	})
}

type texts interface {
	cache.Getter[string]
	cache.Setter[string]
}

// compared are the driver and a client with the same settings.
func compared(b *testing.B) (texts, valkey.Client) {
	url := servers.URL(b, "TIERKIT_TEST_REDIS")
	opt, err := valkey.ParseURL(url)
	must(b, err)
	opt.ForceSingleClient, opt.DisableCache, opt.DisableRetry, opt.PipelineMultiplex = true, true, true, -1
	opt.ReadBufferEachConn, opt.WriteBufferEachConn = 32<<10, 32<<10
	client, err := valkey.NewClient(opt)
	must(b, err)
	b.Cleanup(client.Close)
	return datastore.Use[texts](function{}, cache.New[string](onServer(url, "bench", nil), "texts")), client
}
