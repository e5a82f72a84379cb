package streamtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

var manyRules = []rule{
	{"many", "any number of records is written, in their order, and is where PutMany says", many},
	{"many/bytes", "records that are more than a request holds are written in several", manyBytes},
	{"many/none", "no records are no request", manyNone},
	{"many/refused", "one record that is refused refuses them all", manyRefused},
}

func many(t *testing.T, on target) {
	clicks, h := start[Click](t, on, stream.Shards(2))
	var records []stream.Record[Click]
	for i := range stream.MaxBatch + 50 {
		records = append(records, stream.Record[Click]{Key: string(rune('a' + i%4)), Body: Click{Page: fmt.Sprint(i)}})
	}
	places, err := clicks.PutMany(t.Context(), records)
	if err != nil {
		t.Fatal(err)
	}
	var want []Read
	for i, r := range records {
		want = append(want, Read{places[i], r.Key, fmt.Sprintf(`{"page":"%d"}`, i)})
	}
	slices.SortStableFunc(want, func(a, b Read) int { return cmp.Compare(a.Shard, b.Shard) })
	if diff := gocmp.Diff(want, h.Read(t, len(want))); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func manyBytes(t *testing.T, on target) {
	texts, h := start[string](t, on, stream.Shards(1))
	size, n := stream.DefaultRecord-1, 11
	var records []stream.Record[string]
	for i := range n {
		records = append(records, stream.Record[string]{Key: "k", Body: strings.Repeat(string(rune('a'+i)), size)})
	}
	ctx := t.Context()
	if on.has(SmallRequests) {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Second)
		defer cancel()
	}
	_, err := texts.PutMany(ctx, records)
	if on.has(SmallRequests) {
		if err == nil {
			t.Error("a request of 10 MiB is taken: the difference is gone")
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range h.Read(t, n) {
		if r.Body != records[i].Body {
			t.Errorf("record %d was not read as written", i)
		}
	}
}

func manyNone(t *testing.T, on target) {
	clicks, _ := start[Click](t, on)
	if places, err := clicks.PutMany(t.Context(), nil); len(places) != 0 || err != nil {
		t.Errorf("PutMany of no records = %v, %v, want none", places, err)
	}
}

func manyRefused(t *testing.T, on target) {
	texts, h := start[string](t, on)
	_, err := texts.PutMany(t.Context(), []stream.Record[string]{{Key: "k", Body: "good"}, {Key: "", Body: "bad"}})
	if !errors.Is(err, datastore.ErrInvalid) || !strings.Contains(err.Error(), "item 1") {
		t.Errorf("PutMany without a key: error = %v, want %v of item 1", err, datastore.ErrInvalid)
	}
	want := []Read{{put(t, texts, "k", "next"), "k", "next"}}
	if diff := gocmp.Diff(want, h.Read(t, 1)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}
