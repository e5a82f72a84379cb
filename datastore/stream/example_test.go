package stream_test

import (
	"context"
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

type Click struct {
	Page string `json:"page"`
}

func ExampleNew() {
	type tracker interface { // what this function may do, and no more
		stream.Writer[Click]
	}
	streams := memorystream.New()
	data := datastore.New([]datastore.Driver{streams}, nil)
	clicks := stream.New[Click](data, "clicks", stream.Shards(1))
	api := function("api") // a tier.API
	writer := datastore.Use[tracker](api, clicks)

	ctx := context.Background()
	for _, page := range []string{"/", "/orders"} {
		place, err := writer.Put(ctx, "user-1", Click{Page: page})
		fmt.Println(place.Shard, err)
	}
	records, _ := streams.Stream(data, clicks.Spec().(stream.Spec)).Iterator(0, memorystream.Start{}).Read(memorystream.Batch{})
	for _, r := range records {
		fmt.Println(r.Key, string(r.Body))
	}
	// Output:
	// shardId-000000000000 <nil>
	// shardId-000000000000 <nil>
	// user-1 {"page":"/"}
	// user-1 {"page":"/orders"}
}

// The records of a key are in one shard.
func ExampleManyWriter() {
	data := datastore.New([]datastore.Driver{memorystream.New()}, nil)
	writer := datastore.Use[stream.ManyWriter[Click]](function("api"), stream.New[Click](data, "clicks", stream.Shards(2)))

	places, err := writer.PutMany(context.Background(), []stream.Record[Click]{
		{Key: "user-1", Body: Click{"/"}},
		{Key: "user-1", Body: Click{"/orders"}},
		{Key: "user-2", Body: Click{"/"}},
	})
	fmt.Println(len(places), err, places[0].Shard == places[1].Shard, places[0].Sequence < places[1].Sequence)
	// Output: 3 <nil> true true
}
