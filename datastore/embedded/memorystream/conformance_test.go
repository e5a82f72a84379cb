package memorystream_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/stream/streamtest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	streamtest.Run(t, func(_ testing.TB, spec stream.Spec) streamtest.Harness {
		driver := memorystream.New()
		data := datastore.New([]datastore.Driver{driver}, nil)
		return streamtest.Harness{Data: data, Read: func(t testing.TB, n int) (all []streamtest.Read) {
			t.Helper()
			s := driver.Stream(data, spec)
			for i := range s.Shards() {
				records, _ := s.Iterator(i, memorystream.Start{}).Read(memorystream.Batch{})
				for _, r := range records {
					all = append(all, streamtest.Read{Place: r.Place, Key: r.Key, Body: string(r.Body)})
				}
			}
			if len(all) < n {
				t.Fatalf("read %d records, want %d", len(all), n)
			}
			return all
		}}
	})
}
