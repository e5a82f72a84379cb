package memorystream_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorystream"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// open is an empty stream, and a function that moves its clock.
func open(t testing.TB, opts ...stream.Option) (*memorystream.Stream, func(time.Duration)) {
	t.Helper()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	data := datastore.New(nil, &datastore.Options{Now: func() time.Time { return at }})
	spec := stream.New[string](data, "clicks", opts...).Spec().(stream.Spec)
	for _, err := range data.Errs() {
		t.Fatal(err)
	}
	return memorystream.New().Stream(data, spec), func(d time.Duration) { at = at.Add(d) }
}

func put(t testing.TB, s *memorystream.Stream, bodies ...string) (places []stream.Place) {
	t.Helper()
	for _, body := range bodies {
		place, err := s.Put(t.Context(), stream.Envelope{Key: "k", Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, place)
	}
	return places
}

func text(records []memorystream.Record) string {
	var list []string
	for _, r := range records {
		list = append(list, string(r.Body))
	}
	return strings.Join(list, " ")
}

func TestIterators(t *testing.T) {
	t.Parallel()
	s, advance := open(t, stream.Shards(1))
	begin := s.Iterator(0, memorystream.Start{Latest: true})
	places := put(t, s, "a", "b")
	advance(time.Minute)
	noon := time.Date(2030, 1, 2, 3, 5, 0, 0, time.UTC)
	places = append(places, put(t, s, "c")...)
	for _, c := range []struct {
		name string
		it   *memorystream.Iterator
		want string
	}{
		{"oldest", s.Iterator(0, memorystream.Start{}), "a b c"},
		{"latest, before them", begin, "a b c"},
		{"latest", s.Iterator(0, memorystream.Start{Latest: true}), ""},
		{"at", s.Iterator(0, memorystream.Start{At: places[1].Sequence}), "b c"},
		{"after", s.Iterator(0, memorystream.Start{After: places[1].Sequence}), "c"},
		{"time", s.Iterator(0, memorystream.Start{Time: noon}), "c"},
	} {
		got, behind := c.it.Read(memorystream.Batch{})
		if text(got) != c.want || behind != 0 {
			t.Errorf("%s: Read = %q, %v behind, want %q", c.name, text(got), behind, c.want)
		}
		if again, _ := c.it.Read(memorystream.Batch{}); len(again) != 0 {
			t.Errorf("%s: the second Read = %q, want none", c.name, text(again))
		}
	}
	it := s.Iterator(0, memorystream.Start{})
	if got, behind := it.Read(memorystream.Batch{Max: 1}); text(got) != "a" || behind != time.Minute {
		t.Errorf("Read of one = %q, %v behind, want a and a minute", text(got), behind)
	}
	if got, _ := it.Read(memorystream.Batch{Bytes: 1}); text(got) != "b" {
		t.Errorf("Read of one byte = %q, want b", text(got))
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	s, advance := open(t, stream.Shards(1))
	it := s.Iterator(0, memorystream.Start{})
	put(t, s, "a")
	advance(stream.DefaultRetention - time.Second)
	put(t, s, "b")
	advance(time.Second)
	if got, _ := it.Read(memorystream.Batch{}); text(got) != "b" {
		t.Errorf("Read after the retention of a = %q, want b", text(got))
	}
}

func TestShards(t *testing.T) {
	t.Parallel()
	s, _ := open(t)
	if diff := cmp.Diff([]string{"shardId-000000000000", "shardId-000000000001", "shardId-000000000002", "shardId-000000000003"}, s.Shards()); diff != "" {
		t.Errorf("Shards (-want +got):\n%s", diff)
	}
	used := map[string]bool{}
	for i := range 40 {
		place, err := s.Put(t.Context(), stream.Envelope{Key: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		used[place.Shard] = true
	}
	if len(used) != 4 {
		t.Errorf("40 keys go to %d of 4 shards", len(used))
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data := datastore.New(nil, nil)
		s := memorystream.New().Stream(data, stream.New[string](data, "clicks", stream.Shards(1)).Spec().(stream.Spec))
		begin := time.Now()
		go func() {
			for i := range 4 {
				time.Sleep(time.Second)
				put(t, s, fmt.Sprint(i))
			}
		}()
		it := s.Iterator(0, memorystream.Start{})
		got, err := it.Next(t.Context(), memorystream.Batch{Window: 1500 * time.Millisecond})
		if took := time.Since(begin); text(got) != "0 1" || err != nil || took != 2500*time.Millisecond {
			t.Errorf("Next with a window = %q, %v after %v, want 0 and 1 after 2.5 s", text(got), err, took)
		}
		got, err = it.Next(t.Context(), memorystream.Batch{Max: 1, Window: time.Hour})
		if text(got) != "2" || err != nil {
			t.Errorf("Next that is full = %q, %v, want 2", text(got), err)
		}
		if got, err = it.Next(t.Context(), memorystream.Batch{}); text(got) != "3" || err != nil {
			t.Errorf("Next = %q, %v, want 3", text(got), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := it.Next(ctx, memorystream.Batch{}); len(got) != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Next of nothing = %q, %v, want %v", text(got), err, context.DeadlineExceeded)
		}
	})
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

func ExampleNew() {
	streams := memorystream.New()
	data := datastore.New([]datastore.Driver{streams}, nil)
	clicks := stream.New[string](data, "clicks", stream.Shards(1))
	writer := datastore.Use[stream.Writer[string]](function{}, clicks)

	place, err := writer.Put(context.Background(), "user-1", "/home")
	fmt.Println(place.Shard, err)
	it := streams.Stream(data, clicks.Spec().(stream.Spec)).Iterator(0, memorystream.Start{}) // for who follows it
	records, _ := it.Read(memorystream.Batch{})
	fmt.Println(records[0].Key, string(records[0].Body))
	// Output:
	// shardId-000000000000 <nil>
	// user-1 /home
}
