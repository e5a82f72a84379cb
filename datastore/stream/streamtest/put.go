package streamtest

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

var putRules = []rule{
	{"put", "a record is where Put says, as its JSON, HTML not escaped", putJSON},
	{"put/bytes", "bytes are written as they are, none too", putBytes},
	{"put/largest", "1 MiB is taken, the key counted in", putLargest},
	{"put/larger", "a stream that is declared so takes 10 MiB", putLarger},
	{"put/order", "records of a key are in the order of the calls, with growing sequence numbers", putOrder},
	{"put/shard", "a record goes to the shard in whose range the MD5 of its key is", putShard},
	{"put/hash-key", "a hash key chooses the shard", putHashKey},
	{"put/cancelled", "a context that has ended writes nothing", putCancelled},
}

func putJSON(t *testing.T, on target) {
	clicks, h := start[Click](t, on)
	place := put(t, clicks, "u\u00e91", Click{Page: "/<a>&é"})
	want := []Read{{place, "u\u00e91", `{"page":"/<a>&é"}`}}
	if diff := cmp.Diff(want, h.Read(t, 1)); diff != "" || place.Shard == "" || place.Sequence == "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func putBytes(t *testing.T, on target) {
	raw, h := start[[]byte](t, on, stream.Shards(1))
	want := []Read{{put(t, raw, "k", []byte{0, 255}), "k", "\x00\xff"}, {put(t, raw, "k", nil), "k", ""}}
	if diff := cmp.Diff(want, h.Read(t, 2)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func putLargest(t *testing.T, on target) { putSize(t, on, stream.DefaultRecord) }

func putLarger(t *testing.T, on target) {
	if !on.has(SmallRequests) {
		putSize(t, on, stream.LargestRecord, stream.MaxRecord(stream.LargestRecord))
		return
	}
	size := stream.DefaultRecord * 5 / 4 // more takes such a server longer than an attempt lasts
	texts, h := start[string](t, on, stream.MaxRecord(stream.LargestRecord))
	put(t, texts, "k", strings.Repeat("x", size))
	if got := h.Read(t, 1); len(got[0].Body) != size {
		t.Errorf("read %d bytes, want the %d that were written", len(got[0].Body), size)
	}
}

func putSize(t *testing.T, on target, most int, opts ...stream.Option) {
	texts, h := start[string](t, on, append(opts, stream.Shards(1))...)
	text := strings.Repeat("x", most-len("key"))
	put(t, texts, "key", text)
	if got := h.Read(t, 1); got[0].Body != text {
		t.Errorf("read %d bytes, want the %d that were written", len(got[0].Body), len(text))
	}
	if _, err := texts.Put(t.Context(), "key+", text); !errors.Is(err, datastore.ErrTooLarge) {
		t.Errorf("Put of one byte more: error = %v, want %v", err, datastore.ErrTooLarge)
	}
}

func putOrder(t *testing.T, on target) {
	texts, h := start[string](t, on, stream.Shards(2))
	var want []Read
	last := new(big.Int)
	for i := range 12 {
		text := fmt.Sprint(i)
		place := put(t, texts, "one", text)
		want = append(want, Read{place, "one", text})
		n, ok := new(big.Int).SetString(place.Sequence, 10)
		if !ok || n.Cmp(last) <= 0 || place.Shard != want[0].Shard {
			t.Errorf("record %d is at %+v, want a sequence number over %v in the shard %s", i, place, last, want[0].Shard)
		}
		last = n
	}
	if diff := cmp.Diff(want, h.Read(t, 12)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

func putShard(t *testing.T, on target) {
	texts, _ := start[string](t, on, stream.Shards(2))
	for key, want := range map[string]string{ // by the first bit of the MD5
		"a": "shardId-000000000000", // 0cc1...
		"c": "shardId-000000000000", // 4a8a...
		"b": "shardId-000000000001", // 92eb...
		"d": "shardId-000000000001", // 8277...
	} {
		if place := put(t, texts, key, "x"); place.Shard != want {
			t.Errorf("the key %s goes to %s, want %s", key, place.Shard, want)
		}
	}
}

func putHashKey(t *testing.T, on target) {
	texts, _ := start[string](t, on, stream.Shards(2))
	first, second := "shardId-000000000000", "shardId-000000000001"
	for hash, want := range map[string]string{
		"0": first,
		"170141183460469231731687303715884105726": first,
		"170141183460469231731687303715884105727": first, // 2^127 - 1
		"170141183460469231731687303715884105728": second,
		"340282366920938463463374607431768211454": second,
		"340282366920938463463374607431768211455": second, // 2^128 - 1
	} {
		if strings.HasSuffix(hash, "727") && on.has(ShortFirstShard) {
			want = second
		}
		place, err := texts.Put(t.Context(), "k", "x", stream.HashKey(hash))
		if (strings.HasSuffix(hash, "727") || strings.HasSuffix(hash, "455")) && on.has(NoLastHashKey) {
			if !errors.Is(err, datastore.ErrUnknown) {
				t.Errorf("the hash key %s: error = %v, want %v: the difference is gone", hash, err, datastore.ErrUnknown)
			}
			continue
		}
		if err != nil || place.Shard != want {
			t.Errorf("the hash key %s goes to %s, %v, want %s", hash, place.Shard, err, want)
		}
	}
}

func putCancelled(t *testing.T, on target) {
	texts, h := start[string](t, on)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := texts.Put(ctx, "k", "late"); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("Put in a context that has ended: error = %v, want %v", err, datastore.ErrNoBudget)
	}
	if _, err := texts.PutMany(ctx, []stream.Record[string]{{Key: "k", Body: "late"}}); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("PutMany in a context that has ended: error = %v, want %v", err, datastore.ErrNoBudget)
	}
	want := []Read{{put(t, texts, "k", "next"), "k", "next"}}
	if diff := cmp.Diff(want, h.Read(t, 1)); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}
