package lambda_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
)

// As many records are worked off at the same time as was said, and no more.
func TestParallelBound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ records, at, want int }{{20, 4, 4}, {3, 8, 3}, {5, 1, 1}, {5, 0, 1}} {
		synctest.Test(t, func(t *testing.T) {
			var now, most atomic.Int32
			w := &worker{fail: func(*datastore.Record) error {
				if n := now.Add(1); n > most.Load() {
					most.Store(n)
				}
				time.Sleep(time.Second)
				now.Add(-1)
				return nil
			}}
			start := time.Now()
			out, err := w.doorway("sqs", parallel(tt.at)).Invoke(t.Context(), queueEvent(make([]string, tt.records)...))
			if err != nil || string(out) != `{"batchItemFailures":[]}` || len(w.records) != tt.records {
				t.Errorf("Invoke = %s, %v, %d worked off", out, err, len(w.records))
			}
			took := time.Duration((tt.records+tt.want-1)/tt.want) * time.Second
			if int(most.Load()) != tt.want || time.Since(start) != took {
				t.Errorf("%d records, %d at once: %d at once in %v, want %d in %v", tt.records, tt.at, most.Load(), time.Since(start), tt.want, took)
			}
		})
	}
}

// Whatever fails and however long it takes: records of a group are worked off in
// their order, none is lost, and none that must wait is begun.
func TestParallelOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			service := []string{"sqs", "kinesis"}[random.IntN(2)]
			n, groups, at := 1+random.IntN(30), 1+random.IntN(6), 1+random.IntN(8)
			keys := make([]string, n)
			fails, takes := map[string]bool{}, map[string]time.Duration{}
			event := queueEvent
			first := 1
			if service == "kinesis" {
				event, first = streamEvent, 11
			}
			for i := range keys {
				keys[i] = fmt.Sprint("g", random.IntN(groups))
				id := fmt.Sprint(first + i)
				fails[id], takes[id] = random.IntN(8) == 0, time.Duration(random.IntN(100))*time.Millisecond
			}
			w := &worker{fail: func(r *datastore.Record) error {
				time.Sleep(takes[r.ID])
				if fails[r.ID] {
					return errWork
				}
				return nil
			}}
			out, err := w.doorway(service, parallel(at), fifo).Invoke(t.Context(), event(keys...))
			failed, readErr := handlertest.ReadFailures(out)
			if err != nil || readErr != nil {
				t.Fatalf("seed %d: Invoke = %s, %v, %v", seed, out, err, readErr)
			}
			checkOrder(t, seed, service, first, keys, w.ids(), failed, fails)
		})
	}
}

func checkOrder(t *testing.T, seed uint64, service string, first int, keys, worked, failed []string, fails map[string]bool) {
	t.Helper()
	place := func(id string) int {
		var n int
		fmt.Sscan(id, &n)
		return n - first
	}
	last, held := map[string]int{}, map[string]bool{}
	for _, id := range worked {
		i := place(id)
		if before, ok := last[keys[i]]; ok && before >= i {
			t.Fatalf("seed %d: record %d of %s was worked off after %d", seed, i, keys[i], before)
		}
		if held[keys[i]] {
			t.Fatalf("seed %d: record %d of %s was worked off after a failure", seed, i, keys[i])
		}
		last[keys[i]] = i
		held[keys[i]] = fails[id]
	}
	lowest := len(keys)
	for _, id := range failed {
		lowest = min(lowest, place(id))
	}
	for i := range keys {
		id := fmt.Sprint(first + i)
		again := slices.Contains(failed, id) || service == "kinesis" && i >= lowest
		done := slices.Contains(worked, id) && !fails[id]
		switch {
		case !again && !done:
			t.Fatalf("seed %d: %s: record %d is lost: %v failed, %v worked off", seed, service, i, failed, worked)
		case again && done && service == "sqs":
			t.Fatalf("seed %d: record %d was worked off and comes again", seed, i)
		case i < lowest && !done:
			t.Fatalf("seed %d: record %d before the first failure was not worked off", seed, i)
		}
	}
}

// A handler that ends its goroutine leaves nothing said that is not so.
func TestGoexit(t *testing.T) {
	t.Parallel()
	w := &worker{fail: func(r *datastore.Record) error {
		if r.ID == "1" {
			runtime.Goexit()
		}
		return nil
	}}
	out, err := w.doorway("sqs", parallel(2), fifo).Invoke(t.Context(), queueEvent("a", "b", "a", "b"))
	if out != nil || err == nil || !strings.Contains(err.Error(), "ended its goroutine") {
		t.Errorf("Invoke = %s, %v; want an error", out, err)
	}
}
