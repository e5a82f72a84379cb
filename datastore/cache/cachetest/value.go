package cachetest

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/cache"
)

// short is a ttl that a case waits out, and long one that it does not.
const (
	short = 40 * time.Millisecond
	long  = time.Hour
)

var getRules = []rule{
	{"missing", "Get of a key that is not there answers ErrNotFound, with the store and the operation", func(t *testing.T, h Harness) {
		items := start[item](t, h)
		got, err := items.Get(t.Context(), "none")
		wantError(t, "Get of a missing key", err, datastore.ErrNotFound)
		if e, ok := errors.AsType[*datastore.Error](err); !ok || e.Store != "cache items" || e.Op != "get" {
			t.Errorf("Get of a missing key: error = %#v, want a *datastore.Error of cache items, get", err)
		}
		if d := cmp.Diff(item{}, got); d != "" {
			t.Errorf("Get of a missing key (-want +got):\n%s", d)
		}
	}},
	{"json", "values are JSON without escaped HTML, which another type can read", func(t *testing.T, h Harness) {
		items, raw := start[item](t, h), start[string](t, h)
		want := item{Name: "<b> & é\u2028", N: -5, More: map[string]int{"a": 1}}
		must(t, items.Set(t.Context(), "k", want, long))
		got, err := items.Get(t.Context(), "k")
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("Get: error = %v, (-want +got):\n%s", err, d)
		}
		wantValue(t, raw, "k", "{\"name\":\"<b> & é\\u2028\",\"n\":-5,\"more\":{\"a\":1}}")
	}},
	{"bytes", "bytes and strings come back as they are, none and the largest included", func(t *testing.T, h Harness) {
		blobs, texts := start[[]byte](t, h), start[string](t, h)
		for name, want := range map[string][]byte{
			"none": {}, "binary": {0, 255, '\r', '\n'}, "marked": []byte("\x00k"), "loaded": []byte("\x00k\x01and so on"),
			"large": bytes.Repeat([]byte("x\r\n"), 1<<20),
		} {
			must(t, blobs.Set(t.Context(), name, want, long))
			got, err := blobs.Get(t.Context(), name)
			if err != nil || got == nil || !bytes.Equal(got, want) {
				t.Errorf("Get(%s) = %d bytes, nil %t, %v, want %d bytes", name, len(got), got == nil, err, len(want))
			}
			wantValue(t, texts, name, string(want))
		}
	}},
	{"corrupt", "a value that does not fit the type answers ErrCorrupt, and does not tell the value", func(t *testing.T, h Harness) {
		items, raw := start[item](t, h), start[string](t, h)
		for _, text := range []string{"not json secret", `{"name":5}`, `{"name":"secret"} x`, "", "\"secret\""} {
			must(t, raw.Set(t.Context(), "k", text, long))
			_, err := items.Get(t.Context(), "k")
			wantError(t, "Get of "+text, err, datastore.ErrCorrupt)
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error tells the value: %v", err)
			}
		}
	}},
	{"many", "GetMany has what is there by its key, keys given twice once", func(t *testing.T, h Harness) {
		numbers := start[int](t, h)
		want := map[string]int{}
		var keys []string
		for i := range 2500 {
			key := "n" + strconv.Itoa(i)
			if keys = append(keys, key); i%10 == 0 {
				want[key] = i
				must(t, numbers.Set(t.Context(), key, i, long))
			}
		}
		got, err := numbers.GetMany(t.Context(), append(keys, "n0", "n1"))
		if d := cmp.Diff(want, got); err != nil || d != "" {
			t.Errorf("GetMany: error = %v, (-want +got):\n%s", err, d)
		}
		none, err := numbers.GetMany(t.Context(), nil)
		if len(none) != 0 || err != nil {
			t.Errorf("GetMany of none = %v, %v", none, err)
		}
	}},
	{"many partly", "values that cannot be read are a PartialError with their positions, beside the others", func(t *testing.T, h Harness) {
		numbers, raw := start[int](t, h), start[string](t, h)
		must(t, numbers.Set(t.Context(), "a", 1, long))
		must(t, raw.Set(t.Context(), "b", "x", long))
		got, err := numbers.GetMany(t.Context(), []string{"a", "none", "b"})
		wantError(t, "GetMany", err, datastore.ErrCorrupt)
		partial, ok := errors.AsType[*datastore.PartialError](err)
		if !ok || len(partial.Failed) != 1 || partial.Failed[0].Index != 2 || len(got) != 1 || got["a"] != 1 {
			t.Errorf("GetMany = %v, %v, want a, and an error of item 2", got, err)
		}
	}},
	{"late", "an operation after the deadline answers ErrNoBudget and is not tried", func(t *testing.T, h Harness) {
		numbers, ctx := start[int](t, h), late(t)
		must(t, numbers.Set(t.Context(), "k", 1, long))
		_, getErr := numbers.Get(ctx, "k")
		_, manyErr := numbers.GetMany(ctx, []string{"k"})
		_, incrErr := numbers.Incr(ctx, "k", 1, 0)
		_, lockErr := numbers.Lock(ctx, "k", long)
		_, loadErr := numbers.Load(ctx, "k", long, func(context.Context) (int, error) { return 0, nil })
		for op, err := range map[string]error{
			"Get": getErr, "GetMany": manyErr, "Incr": incrErr, "Lock": lockErr, "Load": loadErr,
			"Set": numbers.Set(ctx, "k", 2, 0), "Add": numbers.Add(ctx, "l", 2, 0), "Delete": numbers.Delete(ctx, "k"),
		} {
			wantError(t, op+" after the deadline", err, datastore.ErrNoBudget)
		}
		wantValue(t, numbers, "k", 1)
		wantNone(t, numbers, "l")
	}},
}

var setRules = []rule{
	{"replace", "Set replaces the value and its ttl", func(t *testing.T, h Harness) {
		texts := start[string](t, h)
		must(t, texts.Set(t.Context(), "k", "a", short))
		must(t, texts.Set(t.Context(), "k", "b", long))
		must(t, texts.Set(t.Context(), "l", "a", short))
		must(t, texts.Set(t.Context(), "l", "b", 0))
		h.Elapse(short)
		wantValue(t, texts, "k", "b")
		wantValue(t, texts, "l", "b")
	}},
	{"expires", "a value is gone after its ttl", func(t *testing.T, h Harness) {
		texts := start[string](t, h)
		must(t, texts.Set(t.Context(), "k", "a", short))
		must(t, texts.Set(t.Context(), "l", "a", time.Nanosecond))
		h.Elapse(short)
		wantNone(t, texts, "k")
		wantNone(t, texts, "l")
		if got, err := texts.GetMany(t.Context(), []string{"k", "l"}); err != nil || len(got) != 0 {
			t.Errorf("GetMany of what has expired = %v, %v, want none", got, err)
		}
	}},
	{"delete", "Delete removes a value, and that there is none is no error", func(t *testing.T, h Harness) {
		texts := start[string](t, h)
		must(t, texts.Set(t.Context(), "k", "a", long))
		must(t, texts.Delete(t.Context(), "k"))
		wantNone(t, texts, "k")
		must(t, texts.Delete(t.Context(), "k"))
	}},
	{"refused", "a negative ttl answers ErrInvalid, and nothing is written", func(t *testing.T, h Harness) {
		numbers := start[int](t, h)
		_, incrErr := numbers.Incr(t.Context(), "k", 1, -1)
		_, lockErr := numbers.Lock(t.Context(), "k", 0)
		_, loadErr := numbers.Load(t.Context(), "k", 0, nil)
		for op, err := range map[string]error{
			"Set": numbers.Set(t.Context(), "k", 1, -1), "Add": numbers.Add(t.Context(), "k", 1, -time.Hour),
			"Incr": incrErr, "Lock": lockErr, "Load": loadErr,
		} {
			wantError(t, op, err, datastore.ErrInvalid)
		}
		wantNone(t, numbers, "k")
	}},
	{"forever", "a ttl over all measure is taken", func(t *testing.T, h Harness) {
		texts := start[string](t, h)
		must(t, texts.Set(t.Context(), "k", "a", math.MaxInt64))
		wantValue(t, texts, "k", "a")
	}},
}

var addRules = []rule{
	{"once", "Add keeps a value only if there is none", func(t *testing.T, h Harness) {
		texts := start[string](t, h)
		must(t, texts.Add(t.Context(), "k", "a", 10*short))
		wantError(t, "Add of a key that is there", texts.Add(t.Context(), "k", "b", short), datastore.ErrConflict)
		wantValue(t, texts, "k", "a")
		h.Elapse(10 * short)
		must(t, texts.Add(t.Context(), "k", "c", 0))
		wantValue(t, texts, "k", "c")
		wantError(t, "Add of a key that is there", texts.Add(t.Context(), "k", "d", 0), datastore.ErrConflict)
	}},
	{"race", "of many that add one key one succeeds", func(t *testing.T, h Harness) {
		numbers := start[int](t, h)
		var group sync.WaitGroup
		var added atomic.Int32
		for i := range 20 {
			group.Go(func() {
				switch err := numbers.Add(t.Context(), "k", i, long); {
				case err == nil:
					added.Add(1)
				default:
					wantError(t, "Add", err, datastore.ErrConflict)
				}
			})
		}
		group.Wait()
		if n := added.Load(); n != 1 {
			t.Errorf("%d Adds of one key succeeded, want 1", n)
		}
	}},
}

var incrRules = []rule{
	{"counts", "a counter begins at 0, goes both ways, and is a value", func(t *testing.T, h Harness) {
		counter := start[int64](t, h)
		for _, c := range []struct{ n, want int64 }{{5, 5}, {-7, -2}, {0, -2}, {math.MaxInt64, math.MaxInt64 - 2}} {
			if got, err := counter.Incr(t.Context(), "k", c.n, long); err != nil || got != c.want {
				t.Errorf("Incr(%d) = %d, %v, want %d", c.n, got, err, c.want)
			}
		}
		wantValue(t, counter, "k", math.MaxInt64-2)
		must(t, counter.Set(t.Context(), "k", 41, long))
		if got, err := counter.Incr(t.Context(), "k", 1, 0); err != nil || got != 42 {
			t.Errorf("Incr of a value = %d, %v, want 42", got, err)
		}
	}},
	{"ttl", "a counter gets its ttl when it begins, and keeps it", func(t *testing.T, h Harness) {
		counter := start[int64](t, h)
		for _, ttl := range []time.Duration{10 * short, long, 0} {
			if _, err := counter.Incr(t.Context(), "k", 1, ttl); err != nil {
				t.Fatal(err)
			}
		}
		for _, ttl := range []time.Duration{0, short} {
			if _, err := counter.Incr(t.Context(), "forever", 1, ttl); err != nil {
				t.Fatal(err)
			}
		}
		h.Elapse(10 * short)
		wantNone(t, counter, "k")
		wantValue(t, counter, "forever", 2)
	}},
	{"refused", "what is no integer answers ErrCorrupt, what would not fit ErrTooLarge; nothing is written", func(t *testing.T, h Harness) {
		counter, raw := start[int64](t, h), start[string](t, h)
		for _, ttl := range []time.Duration{0, long} {
			for _, c := range []struct {
				value string
				n     int64
				want  error
			}{
				{"x", 1, datastore.ErrCorrupt}, {"", 1, datastore.ErrCorrupt}, {"1.5", 1, datastore.ErrCorrupt},
				{"9223372036854775808", 1, datastore.ErrCorrupt}, {" 1", 1, datastore.ErrCorrupt},
				{"9223372036854775807", 1, datastore.ErrTooLarge}, {"-9223372036854775808", -1, datastore.ErrTooLarge},
			} {
				must(t, raw.Set(t.Context(), "k", c.value, long))
				_, err := counter.Incr(t.Context(), "k", c.n, ttl)
				wantError(t, "Incr of "+strconv.Quote(c.value), err, c.want)
				wantValue(t, raw, "k", c.value)
			}
		}
	}},
	{"race", "no Incr is lost", func(t *testing.T, h Harness) {
		counter := start[int64](t, h)
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if _, err := counter.Incr(t.Context(), "k", 2, long); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		wantValue(t, counter, "k", 100)
	}},
}

var keyRules = []rule{
	{"any", "any text is a key, and none is another's", func(t *testing.T, h Harness) {
		texts := start[string](t, h)
		keys := []string{
			"a", "A", " a", "a ", "a\r\nb", "a\x00b", "\xff\xfe", "ключ", "{a}b", "}{", "{}", "a*", "a?", "[a]", "k:v", "::", `"`,
			strings.Repeat("x", cache.MaxKey), strings.Repeat("x", cache.MaxKey-1),
		}
		for _, key := range keys {
			must(t, texts.Set(t.Context(), key, key, long))
		}
		for _, key := range keys {
			wantValue(t, texts, key, key)
		}
		got, err := texts.GetMany(t.Context(), keys)
		if err != nil || len(got) != len(keys) {
			t.Errorf("GetMany = %d values, %v, want %d", len(got), err, len(keys))
		}
	}},
	{"refused", "no key answers ErrInvalid, a long one ErrTooLarge", func(t *testing.T, h Harness) {
		texts := start[string](t, h)
		for key, want := range map[string]error{"": datastore.ErrInvalid, strings.Repeat("x", cache.MaxKey+1): datastore.ErrTooLarge} {
			_, getErr := texts.Get(t.Context(), key)
			_, manyErr := texts.GetMany(t.Context(), []string{"a", key})
			_, incrErr := texts.Incr(t.Context(), key, 1, 0)
			_, loadErr := texts.Load(t.Context(), key, long, nil)
			_, lockErr := texts.Lock(t.Context(), key, long)
			for op, err := range map[string]error{
				"Get": getErr, "GetMany": manyErr, "Incr": incrErr, "Load": loadErr, "Lock": lockErr,
				"Set": texts.Set(t.Context(), key, "", 0), "Add": texts.Add(t.Context(), key, "", 0), "Delete": texts.Delete(t.Context(), key),
			} {
				wantError(t, op, err, want)
			}
		}
	}},
	{"stores", "caches of other names have other values", func(t *testing.T, h Harness) {
		data := h.Data()
		items := datastore.Use[all[string]](function{}, cache.New[string](data, Name))
		others := datastore.Use[all[string]](function{}, cache.New[string](data, "others"))
		must(t, items.Set(t.Context(), "k", "item", long))
		wantNone(t, others, "k")
		must(t, others.Set(t.Context(), "k", "other", long))
		wantValue(t, items, "k", "item")
	}},
	{"sorts", "locks, counters and values of one key do not touch each other, but counters are values", func(t *testing.T, h Harness) {
		texts := start[string](t, h)
		lock, err := texts.Lock(t.Context(), "k", long)
		must(t, err)
		wantNone(t, texts, "k")
		must(t, texts.Set(t.Context(), "k", "a", long))
		must(t, texts.Delete(t.Context(), "k"))
		must(t, lock.Unlock(t.Context()))
	}},
}
