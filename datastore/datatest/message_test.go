package datatest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/call"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

type job struct{ N int }

func TestSent(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	type sender interface {
		queue.Sender[job]
		queue.ManySender[job]
	}
	jobs := datastore.Use[sender](function{}, queue.New[job](data, "jobs"))
	if got := datatest.Sent[job](t, data, "jobs"); got != nil {
		t.Errorf("Sent to an empty queue = %v", got)
	}
	if _, err := jobs.Send(t.Context(), job{1}, queue.Delay(time.Minute), queue.Group("g")); err != nil {
		t.Fatal(err)
	}
	datatest.Fail(t, data, datatest.Fault{Store: "queue jobs", Op: "Send", Err: datastore.ErrUnknown, Applied: true})
	if _, err := jobs.Send(t.Context(), job{2}); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Send under a fault: error = %v, want %v", err, datastore.ErrUnknown)
	}
	datatest.Fail(t, data, datatest.Fault{Store: "queue jobs", Op: "SendMany", Err: datastore.ErrThrottled})
	_, err := jobs.SendMany(t.Context(), []queue.Message[job]{{Body: job{3}}})
	if !errors.Is(err, datastore.ErrThrottled) {
		t.Errorf("SendMany under a fault: error = %v, want %v", err, datastore.ErrThrottled)
	}
	if diff := cmp.Diff([]job{{1}, {2}}, datatest.Sent[job](t, data, "jobs")); diff != "" {
		t.Errorf("Sent (-want +got):\n%s", diff)
	}
	if got := datatest.SentTo(t, data, "jobs").Messages()[0].Group; got != "g" {
		t.Errorf("the first message has the group %q, want g", got)
	}
}

func TestPublished(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	notes := datastore.Use[topic.Publisher[string]](function{}, topic.New[string](data, "notes"))
	for _, text := range []string{"a", "b"} {
		if _, err := notes.Publish(t.Context(), text, topic.Subject("News")); err != nil {
			t.Fatal(err)
		}
	}
	datatest.Fail(t, data, datatest.Fault{Store: "topic notes", Op: "Publish", Err: datastore.ErrThrottled})
	if _, err := notes.Publish(t.Context(), "c"); !errors.Is(err, datastore.ErrThrottled) {
		t.Errorf("Publish under a fault: error = %v, want %v", err, datastore.ErrThrottled)
	}
	if diff := cmp.Diff([]string{"a", "b"}, datatest.Published[string](t, data, "notes")); diff != "" {
		t.Errorf("Published (-want +got):\n%s", diff)
	}
	if got := datatest.PublishedTo(t, data, "notes")[0].Subject; got != "News" {
		t.Errorf("the subject = %q, want News", got)
	}
}

func TestWritten(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	clicks := datastore.Use[stream.Writer[job]](function{}, stream.New[job](data, "clicks"))
	var want []job
	for n := range 9 {
		if _, err := clicks.Put(t.Context(), string(rune('a'+n)), job{n}); err != nil {
			t.Fatal(err)
		}
		want = append(want, job{n})
	}
	datatest.Fail(t, data, datatest.Fault{Store: "stream clicks", Op: "Put", Err: datastore.ErrThrottled})
	if _, err := clicks.Put(t.Context(), "k", job{}); !errors.Is(err, datastore.ErrThrottled) {
		t.Errorf("Put under a fault: error = %v, want %v", err, datastore.ErrThrottled)
	}
	if diff := cmp.Diff(want, datatest.Written[job](t, data, "clicks")); diff != "" {
		t.Errorf("Written (-want +got):\n%s", diff)
	}
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	type double interface {
		call.Caller[job, job]
		call.Starter[job]
	}
	f := datastore.Use[double](function{}, call.New[job, job](data, "double"))
	if _, err := f.Call(t.Context(), job{1}); !errors.Is(err, datastore.ErrUnavailable) {
		t.Errorf("Call without an answer: error = %v, want %v", err, datastore.ErrUnavailable)
	}
	datatest.Answer(t, data, "double", func(_ context.Context, in job) (job, error) {
		if in.N < 0 {
			return job{}, &call.RemoteError{Type: "negative"}
		}
		return job{2 * in.N}, nil
	})
	if got, err := f.Call(t.Context(), job{4}); got.N != 8 || err != nil {
		t.Errorf("Call = %v, %v, want 8", got, err)
	}
	_, err := f.Call(t.Context(), job{-1})
	if remote, ok := errors.AsType[*call.RemoteError](err); !ok || remote.Type != "negative" {
		t.Errorf("Call of a function that fails: error = %v, want its own", err)
	}
	datatest.Fail(t, data, datatest.Fault{Store: "call double", Op: "Call", Err: datastore.ErrThrottled})
	if _, err := f.Call(t.Context(), job{1}); !errors.Is(err, datastore.ErrThrottled) {
		t.Errorf("Call under a fault: error = %v, want %v", err, datastore.ErrThrottled)
	}
	if err := f.Start(t.Context(), job{7}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]job{{7}}, datatest.Started[job](t, data, "double")); diff != "" {
		t.Errorf("Started (-want +got):\n%s", diff)
	}
}

// TestFailItems: a fault of some items leaves the others alone, in every kind that
// takes batches.
func TestFailItems(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	jobs := datastore.Use[queue.ManySender[string]](function{}, queue.New[string](data, "jobs"))
	notes := datastore.Use[topic.ManyPublisher[string]](function{}, topic.New[string](data, "notes"))
	clicks := datastore.Use[stream.ManyWriter[string]](function{}, stream.New[string](data, "clicks", stream.Shards(1)))
	files := datastore.Use[blob.ManyDeleter](function{}, blob.New(data, "files"))
	pages := datastore.Use[search.Bulker[page]](function{}, search.New[page](data, "pages", search.Domain))
	for _, key := range []string{"a", "b", "c"} {
		datatest.PutObject(t, data, "files", key, "", blob.Attributes{})
	}
	for _, c := range []struct {
		store, op string
		do        func(context.Context) (ids int, err error)
		done      func() any
		want      any
	}{
		{"queue jobs", "SendMany", func(ctx context.Context) (int, error) {
			ids, err := jobs.SendMany(ctx, []queue.Message[string]{{Body: "a"}, {Body: "b"}, {Body: "c"}})
			return filled(ids), err
		}, func() any { return datatest.Sent[string](t, data, "jobs") }, []string{"a", "c"}},
		{"topic notes", "PublishMany", func(ctx context.Context) (int, error) {
			ids, err := notes.PublishMany(ctx, []topic.Message[string]{{Body: "a"}, {Body: "b"}, {Body: "c"}})
			return filled(ids), err
		}, func() any { return datatest.Published[string](t, data, "notes") }, []string{"a", "c"}},
		{"stream clicks", "PutMany", func(ctx context.Context) (int, error) {
			places, err := clicks.PutMany(ctx, []stream.Record[string]{{Key: "k", Body: "a"}, {Key: "k", Body: "b"}, {Key: "k", Body: "c"}})
			return filled(places), err
		}, func() any { return datatest.Written[string](t, data, "clicks") }, []string{"a", "c"}},
		{"blob files", "DeleteMany", func(ctx context.Context) (int, error) {
			return 2, files.DeleteMany(ctx, []string{"a", "b", "c"})
		}, func() any { return datatest.Keys(t, data, "files", "") }, []string{"b"}},
		{"search pages", "Bulk", func(ctx context.Context) (int, error) {
			return 2, pages.Bulk(ctx, []search.Change[page]{{ID: "a"}, {ID: "b"}, {ID: "c"}})
		}, func() any {
			_, ok := datatest.Indexed[page](t, data, "pages", "b")
			_, other := datatest.Indexed[page](t, data, "pages", "c")
			return []bool{ok, other}
		}, []bool{false, true}},
	} {
		datatest.Fail(t, data, datatest.Fault{Store: c.store, Op: c.op, Err: datastore.ErrThrottled, Items: []int{1}})
		ids, err := c.do(t.Context())
		partial, ok := errors.AsType[*datastore.PartialError](err)
		if !ok || len(partial.Failed) != 1 || partial.Failed[0].Index != 1 || !errors.Is(partial.Failed[0].Err, datastore.ErrThrottled) || ids != 2 {
			t.Errorf("%s %s with a fault of item 1: %d ids, error = %v, want 2 and item 1 alone", c.store, c.op, ids, err)
		}
		if diff := cmp.Diff(c.want, c.done()); diff != "" {
			t.Errorf("%s after %s (-want +got):\n%s", c.store, c.op, diff)
		}
	}
}

type page struct {
	Title string `json:"title" search:"text"`
}

// filled are the results that are not zero.
func filled[R comparable](results []R) (n int) {
	var none R
	for _, r := range results {
		if r != none {
			n++
		}
	}
	return n
}

// TestDead: what failed is in the dead-letter queue, and Redrive moves it back.
func TestDead(t *testing.T) {
	t.Parallel()
	data := datatest.New(t)
	jobs := datastore.Use[queue.Sender[job]](function{}, queue.New[job](data, "jobs", queue.DeadLetter(1), queue.Visibility(time.Second)))
	if _, err := jobs.Send(t.Context(), job{1}); err != nil {
		t.Fatal(err)
	}
	q := datatest.SentTo(t, data, "jobs")
	received := q.Receive(memoryqueue.Batch{})
	if len(received) != 1 {
		t.Fatalf("received %d messages, want 1", len(received))
	}
	if err := q.ChangeVisibility(received[0].Receipt, 0); err != nil {
		t.Fatal(err)
	}
	if got := q.Receive(memoryqueue.Batch{}); len(got) != 0 {
		t.Errorf("received %d messages after the last attempt, want none", len(got))
	}
	if diff := cmp.Diff([]job{{1}}, datatest.Dead[job](t, data, "jobs")); diff != "" {
		t.Errorf("Dead (-want +got):\n%s", diff)
	}
	if n := q.Redrive(); n != 1 {
		t.Errorf("Redrive moved %d messages, want 1", n)
	}
	if diff := cmp.Diff([]job{{1}}, datatest.Sent[job](t, data, "jobs")); diff != "" {
		t.Errorf("Sent after Redrive (-want +got):\n%s", diff)
	}
	if got := datatest.Dead[job](t, data, "jobs"); got != nil {
		t.Errorf("Dead after Redrive = %v, want none", got)
	}
}
