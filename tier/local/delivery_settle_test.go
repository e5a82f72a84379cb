package local_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

// TestSettleEnds: functions that start each other for ever end with the context.
func TestSettleEnds(t *testing.T) {
	t.Parallel()
	data, app := datatest.New(t), tier.New("shop")
	worker := app.Function("worker")
	files := blob.New(data, "files")
	put := datastore.Use[blob.Putter](worker, files)
	tier.On(worker, files.Created(), func(ctx context.Context, e blob.Event) error {
		_, err := put.Put(ctx, e.Key, strings.NewReader(""))
		return err
	})
	d := delivering(t, app, data, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := put.Put(t.Context(), "1", strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- d.Settle(ctx) }()
	select {
	case err := <-done:
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Settle = %v, want %v", err, context.DeadlineExceeded)
		}
	case <-time.After(20 * time.Second):
		t.Error("Settle does not end with its context")
	}
}

// TestSettleAfterFailure: what a function sent before it failed is worked off as well,
// and its record is tried again once its pause is over by the clock of the Data.
func TestSettleAfterFailure(t *testing.T) {
	t.Parallel()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	data, app, h := datatest.New(t, datatest.Now(func() time.Time { return now })), tier.New("shop"), &heard{}
	worker, reader := app.Function("worker"), app.Function("reader")
	jobs, clicks := queue.New[string](data, "jobs"), stream.New[parcel](data, "clicks", stream.Shards(1))
	send := datastore.Use[queue.Sender[string]](reader, jobs)
	tier.On(worker, jobs, func(_ context.Context, job string) error {
		h.add("job %s", job)
		return nil
	})
	tier.On(reader, clicks, func(ctx context.Context, p parcel) error {
		if _, err := send.Send(ctx, p.ID); err != nil {
			return err
		}
		return errors.New("no")
	})
	put := datastore.Use[stream.Writer[parcel]](reader, clicks)
	d := delivering(t, app, data, nil)
	if _, err := put.Put(t.Context(), "key", parcel{ID: "1"}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		after time.Duration
		want  []string
	}{{0, []string{"job 1"}}, {0, nil}, {time.Minute, []string{"job 1"}}} {
		now = now.Add(step.after)
		if err := d.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkHeard(t, h, step.want...)
	}
}

// TestDeliverPauses: a record that fails keeps its pauses, however much is worked off
// beside it.
func TestDeliverPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data, app := datatest.New(t, datatest.Now(time.Now)), tier.New("shop")
		worker := app.Function("worker")
		clicks := stream.New[parcel](data, "clicks", stream.Shards(1))
		var tries []time.Time
		h := &heard{}
		tier.On(worker, clicks, func(ctx context.Context, p parcel) error {
			if p.ID == "bad" {
				tries = append(tries, time.Now()) // of one lane, one after the other
				return errors.New("no")
			}
			h.add("%s", p.ID)
			return nil
		}, tier.BatchSize(1), tier.Retries(3), tier.MaxConcurrent(2))
		put := datastore.Use[stream.Writer[parcel]](worker, clicks)
		d := delivering(t, app, data, nil)
		if _, err := put.Put(t.Context(), "a", parcel{ID: "bad"}); err != nil {
			t.Fatal(err)
		}
		for range 20 {
			if _, err := put.Put(t.Context(), "b", parcel{ID: "good"}); err != nil {
				t.Fatal(err)
			}
		}
		running(t, d)
		time.Sleep(time.Hour)
		synctest.Wait()
		if got := len(h.take()); got != 20 {
			t.Errorf("%d other records were worked off, want 20", got)
		}
		if len(tries) != 4 {
			t.Fatalf("%d tries, want 4", len(tries))
		}
		for i, pause := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			if got := tries[i+1].Sub(tries[i]); got < pause {
				t.Errorf("try %d comes after %v, want %v", i+2, got, pause)
			}
		}
	})
}

// TestTwoDeliveries: those of two Apps on the same stores, of which one is closed.
func TestTwoDeliveries(t *testing.T) {
	t.Parallel()
	data, h := datatest.New(t), &heard{}
	files, parcels := blob.New(data, "files"), table.New[parcel](data, "parcels")
	var all []*local.Delivery
	var put blob.Putter
	var items table.Putter[parcel]
	for _, name := range []string{"first", "second"} {
		app := tier.New(name)
		worker := app.Function("worker")
		put, items = datastore.Use[blob.Putter](worker, files), datastore.Use[table.Putter[parcel]](worker, parcels)
		tier.On(worker, files.Created(), func(_ context.Context, e blob.Event) error {
			h.add("%s file %s", name, e.Key)
			return nil
		})
		tier.On(worker, parcels.Changes(), func(_ context.Context, c table.ItemChange[parcel]) error {
			h.add("%s parcel %s", name, c.New.ID)
			return nil
		})
		all = append(all, delivering(t, app, data, nil))
	}
	write := func(id string) {
		t.Helper()
		_, err1 := put.Put(t.Context(), id, strings.NewReader(""))
		_, err2 := items.Put(t.Context(), parcel{ID: id})
		errs := errors.Join(err1, err2)
		for _, d := range all {
			errs = errors.Join(errs, d.Settle(t.Context()))
		}
		if errs != nil {
			t.Fatal(errs)
		}
	}
	check := func(want ...string) {
		t.Helper()
		got := h.take() // in any order: nobody waits for the functions of a bucket
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("functions heard (-want +got):\n%s", d)
		}
	}
	write("1")
	check("first file 1", "first parcel 1", "second file 1", "second parcel 1")
	all[1].Close()
	all = all[:1]
	write("2")
	check("first file 2", "first parcel 2")
}

// TestDeliverAnswer: an answer with white space before it names what failed, too.
func TestDeliverAnswer(t *testing.T) {
	t.Parallel()
	data, app := datatest.New(t), tier.New("shop")
	worker := app.Function("worker")
	jobs := queue.New[string](data, "jobs")
	tier.On(worker, jobs, func(context.Context, string) error { return nil })
	send := datastore.Use[queue.Sender[string]](worker, jobs)
	id, err := send.Send(t.Context(), "job")
	if err != nil {
		t.Fatal(err)
	}
	lambda, err := local.NewLambda(app, func(name string) local.Function {
		return local.Function{Name: name, Invoke: func(context.Context, []byte) ([]byte, error) {
			return []byte("\n{\"batchItemFailures\": [{\"itemIdentifier\": \"" + id + "\"}]}"), nil
		}}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer lambda.Close()
	d, err := local.NewDelivery(app, data, lambda, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left := datatest.Sent[string](t, data, "jobs"); len(left) != 1 {
		t.Errorf("%d messages are left, want the one that failed", len(left))
	}
}
