package local_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/tier"
)

// parcels is what the records of a window come to.
type parcels struct {
	Count int      `json:"count"`
	IDs   []string `json:"ids"`
}

// add fails the parcel "bad" after it has counted it.
func (s *parcels) add(p parcel) error {
	s.Count++
	s.IDs = append(s.IDs, p.ID)
	if p.ID == "bad" {
		return errors.New("no")
	}
	return nil
}

// windowed is a function that sums parcels up in windows of ten seconds, by a clock
// that the test moves.
type windowed struct {
	t     *testing.T
	now   time.Time
	heard heard
	fails int // how often the end of a window fails
	put   stream.Writer[parcel]
	data  *datastore.Data
	app   *tier.App
}

var windowStart = time.Date(2030, 1, 2, 3, 4, 50, 0, time.UTC)

func newWindowed(t *testing.T, opts ...tier.TriggerOption) *windowed {
	w := &windowed{t: t, now: windowStart.Add(time.Second), app: tier.New("shop")}
	w.data = datatest.New(t, datatest.Now(func() time.Time { return w.now }))
	counter := w.app.Function("counter")
	clicks := stream.New[parcel](w.data, "clicks", stream.Shards(1))
	w.put = datastore.Use[stream.Writer[parcel]](counter, clicks)
	opts = append(opts, tier.OnFailure(queue.New[string](w.data, "lost")))
	tier.Window(counter, clicks, 10*time.Second, func(_ context.Context, sum *parcels, p parcel) error { return sum.add(p) }, w.end, opts...)
	return w
}

func (w *windowed) end(_ context.Context, over datastore.Window, sum parcels) error {
	w.heard.add("%s to %s: %d %v, %s %s", over.Start.Format("05"), over.End.Format("05"), sum.Count, sum.IDs, over.Shard, over.Source)
	if w.fails--; w.fails >= 0 {
		return errors.New("no")
	}
	return nil
}

func (w *windowed) send(ids ...string) {
	w.t.Helper()
	for _, id := range ids {
		if _, err := w.put.Put(w.t.Context(), "key", parcel{ID: id}); err != nil {
			w.t.Fatal(err)
		}
	}
}

const of = ", shardId-000000000000 arn:aws:kinesis:us-east-1:000000000000:stream/clicks"

// TestDeliverWindow: a window has the records that arrived in it, in however many
// batches, and ends when a record of the next one comes, or when its time is over.
func TestDeliverWindow(t *testing.T) {
	t.Parallel()
	w := newWindowed(t, tier.BatchSize(2))
	d := delivering(t, w.app, w.data, nil)
	settle := func() {
		t.Helper()
		if err := d.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	w.send("a", "b", "c")
	settle()
	w.now = windowStart.Add(9 * time.Second)
	w.send("d")
	settle()
	checkHeard(t, &w.heard)
	w.now = windowStart.Add(10 * time.Second)
	w.send("e") // is of the next window
	settle()
	checkHeard(t, &w.heard, "50 to 00: 4 [a b c d]"+of)
	w.now = windowStart.Add(19 * time.Second)
	settle()
	checkHeard(t, &w.heard)
	w.now = windowStart.Add(20 * time.Second)
	settle()
	checkHeard(t, &w.heard, "00 to 10: 1 [e]"+of)
	w.now = w.now.Add(time.Hour)
	settle()
	checkHeard(t, &w.heard) // a window without records is none
}

// TestDeliverWindowBacklog: records of several windows that wait are told apart.
func TestDeliverWindowBacklog(t *testing.T) {
	t.Parallel()
	w := newWindowed(t)
	for _, id := range []string{"a", "b", "c"} {
		w.send(id, id)
		w.now = w.now.Add(20 * time.Second)
	}
	if err := delivering(t, w.app, w.data, nil).Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkHeard(t, &w.heard, "50 to 00: 2 [a a]"+of, "10 to 20: 2 [b b]"+of, "30 to 40: 2 [c c]"+of)
}

// TestDeliverWindowFailures: a record that fails is in no sum, those beside it are in it
// once, and a window whose end fails is ended again before the next begins.
func TestDeliverWindowFailures(t *testing.T) {
	t.Parallel()
	w := newWindowed(t, tier.Retries(1))
	w.fails = 2
	d := delivering(t, w.app, w.data, nil)
	w.send("a", "b", "bad", "c", "bad", "d")
	for range 30 {
		if err := d.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Second)
		if w.now.Equal(windowStart.Add(10 * time.Second)) {
			w.send("e")
		}
	}
	sum := "50 to 00: 4 [a b c d]" + of
	checkHeard(t, &w.heard, sum, sum, sum, "00 to 10: 1 [e]"+of)
	if lost := datatest.Sent[string](t, w.data, "lost"); len(lost) != 2 {
		t.Errorf("given up: %v, want both bad records", lost)
	}
}

// TestRunWindow: Run ends a window when its time is over, though no record comes.
func TestRunWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data, app, h := datatest.New(t, datatest.Now(time.Now)), tier.New("shop"), &heard{}
		counter := app.Function("counter")
		orders := table.New[parcel](data, "orders")
		put := datastore.Use[table.Putter[parcel]](counter, orders)
		fails := 1
		tier.Window(counter, orders.Changes(), time.Minute, func(_ context.Context, sum *parcels, c table.ItemChange[parcel]) error {
			return sum.add(*c.New)
		}, func(_ context.Context, w datastore.Window, sum parcels) error {
			h.add("%v %d %s", time.Since(w.End).Round(time.Second), sum.Count, w.Source)
			if fails--; fails >= 0 {
				return errors.New("no")
			}
			return nil
		})
		running(t, delivering(t, app, data, nil))
		for i := range 3 {
			if _, err := put.Put(t.Context(), parcel{ID: fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
		}
		time.Sleep(5 * time.Minute)
		const of = " 3 arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2020-01-01T00:00:00.000"
		checkHeard(t, h, "0s"+of, "1s"+of)
	})
}

// TestWindowSoak: whatever fails, and however often, each record is in one sum once.
func TestWindowSoak(t *testing.T) {
	t.Parallel()
	n := 5_000
	if testing.Short() {
		n = 500
	}
	synctest.Test(t, func(t *testing.T) {
		data, app := datatest.New(t, datatest.Now(time.Now)), tier.New("shop")
		counter := app.Function("counter", tier.Timeout(10*time.Second))
		clicks := stream.New[int](data, "clicks", stream.Shards(3))
		put := datastore.Use[stream.Writer[int]](counter, clicks)
		var mu sync.Mutex
		random := rand.New(rand.NewPCG(1, 2))
		fails := func(in int) error {
			mu.Lock()
			defer mu.Unlock()
			switch random.IntN(in) {
			case 0:
				return errors.New("no")
			case 1:
				panic("no")
			}
			return nil
		}
		type sum struct{ Seen map[string]int }
		total := map[string]int{}
		tier.Window(counter, clicks, 7*time.Second, func(_ context.Context, s *sum, i int) error {
			if s.Seen == nil {
				s.Seen = map[string]int{}
			}
			s.Seen[fmt.Sprint(i)]++ // and then it fails
			return fails(40)
		}, func(_ context.Context, w datastore.Window, s sum) error {
			if err := fails(4); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			for id, times := range s.Seen {
				total[id] += times
			}
			return nil
		}, tier.BatchSize(20))
		running(t, delivering(t, app, data, nil))
		for i := range n {
			if _, err := put.Put(t.Context(), fmt.Sprint(i%50), i); err != nil {
				t.Fatal(err)
			}
			if i%10 == 0 {
				time.Sleep(time.Second)
			}
		}
		time.Sleep(time.Hour)
		mu.Lock()
		defer mu.Unlock()
		for i := range n {
			if times := total[fmt.Sprint(i)]; times != 1 {
				t.Fatalf("record %d is in the sums %d times, want once", i, times)
			}
		}
	})
}
