package memoryqueue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

// clock is moved by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time          { return c.at }
func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

// open is an empty queue of the declared options, and its clock.
func open(t testing.TB, opts ...queue.Option) (*memoryqueue.Queue, *clock) {
	t.Helper()
	c := &clock{time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	data := datastore.New(nil, &datastore.Options{Now: c.now})
	spec := queue.New[string](data, "jobs", opts...).Spec().(queue.Spec)
	for _, err := range data.Errs() {
		t.Fatal(err)
	}
	return memoryqueue.New().Queue(data, spec), c
}

// send sends bodies, as "group/body" to a FIFO queue.
func send(t testing.TB, q *memoryqueue.Queue, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		e := queue.Envelope{Body: body}
		if q.Spec().FIFO {
			e.Group = body[:1]
		}
		if _, err := q.Send(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

func bodies(messages []memoryqueue.Message) []string {
	list := []string{}
	for _, m := range messages {
		list = append(list, m.Body)
	}
	return list
}

func want(t testing.TB, what string, got []memoryqueue.Message, list ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, list...), bodies(got)); diff != "" {
		t.Fatalf("%s received (-want +got):\n%s", what, diff)
	}
}

func TestVisibility(t *testing.T) {
	t.Parallel()
	q, c := open(t, queue.Visibility(30*time.Second))
	send(t, q, "a", "b")
	first := q.Receive(memoryqueue.Batch{Max: 1})
	want(t, "the first Receive", first, "a")
	want(t, "the second", q.Receive(memoryqueue.Batch{}), "b")
	c.advance(29 * time.Second)
	want(t, "within the visibility timeout", q.Receive(memoryqueue.Batch{}))
	c.advance(time.Second)
	again := q.Receive(memoryqueue.Batch{})
	want(t, "after it", again, "a", "b")
	if again[0].Receives != 2 || !again[0].FirstReceivedAt.Equal(first[0].FirstReceivedAt) || again[0].Receipt == first[0].Receipt {
		t.Errorf("the second time = %+v, want 2 receives and another receipt", again[0])
	}
	if err := q.Delete(first[0].Receipt); !errors.Is(err, memoryqueue.ErrReceipt) {
		t.Errorf("Delete by the old receipt: error = %v, want %v", err, memoryqueue.ErrReceipt)
	}
	if err := q.Delete(again[0].Receipt); err != nil {
		t.Error(err)
	}
	if err := q.ChangeVisibility(again[0].Receipt, 0); !errors.Is(err, memoryqueue.ErrReceipt) {
		t.Errorf("ChangeVisibility of a deleted message: error = %v, want %v", err, memoryqueue.ErrReceipt)
	}
	if err := q.ChangeVisibility(again[1].Receipt, 0); err != nil {
		t.Error(err)
	}
	want(t, "after the visibility was given back", q.Receive(memoryqueue.Batch{Visibility: time.Hour}), "b")
	c.advance(59 * time.Minute)
	want(t, "within a visibility of its own", q.Receive(memoryqueue.Batch{}))
}

func TestChangeVisibilityLimit(t *testing.T) {
	t.Parallel()
	q, c := open(t)
	send(t, q, "a")
	m := q.Receive(memoryqueue.Batch{})[0]
	if err := q.ChangeVisibility(m.Receipt, queue.MaxVisibility); err != nil {
		t.Error(err)
	}
	c.advance(time.Hour)
	for _, d := range []time.Duration{-time.Second, queue.MaxVisibility - time.Hour + time.Second} {
		if err := q.ChangeVisibility(m.Receipt, d); !errors.Is(err, memoryqueue.ErrVisibility) {
			t.Errorf("ChangeVisibility to %v: error = %v, want %v", d, err, memoryqueue.ErrVisibility)
		}
	}
}

func TestDelayAndRetention(t *testing.T) {
	t.Parallel()
	q, c := open(t, queue.DelayAll(time.Minute), queue.Retention(time.Hour))
	send(t, q, "a")
	if _, err := q.Send(t.Context(), queue.Envelope{Body: "b", Delay: 10 * time.Second}); err != nil {
		t.Fatal(err)
	}
	want(t, "at once", q.Receive(memoryqueue.Batch{}))
	c.advance(10 * time.Second)
	want(t, "after ten seconds", q.Receive(memoryqueue.Batch{}), "b")
	c.advance(50 * time.Second)
	want(t, "after a minute", q.Receive(memoryqueue.Batch{}), "a", "b")
	if got := len(q.Messages()); got != 2 {
		t.Errorf("%d messages are there, want 2", got)
	}
	c.advance(59 * time.Minute)
	if got := len(q.Messages()); got != 0 {
		t.Errorf("after the retention %d messages are there, want none", got)
	}
}

func TestDeadLetter(t *testing.T) {
	t.Parallel()
	for _, fifo := range []bool{false, true} {
		t.Run(fmt.Sprintf("FIFO %t", fifo), func(t *testing.T) {
			t.Parallel()
			opts := []queue.Option{queue.DeadLetter(2)}
			if fifo {
				opts = append(opts, queue.FIFO())
			}
			q, c := open(t, opts...)
			send(t, q, "a1", "a2")
			sentAt := q.Messages()[0].SentAt
			for range 2 {
				c.advance(time.Minute)
				want(t, "a Receive", q.Receive(memoryqueue.Batch{Max: 1}), "a1")
			}
			c.advance(time.Minute)
			want(t, "the third Receive", q.Receive(memoryqueue.Batch{}), "a2")
			dead := q.Dead().Messages()
			want(t, "the dead-letter queue", dead, "a1")
			if moved := !dead[0].SentAt.Equal(sentAt); moved != fifo {
				t.Errorf("in the dead-letter queue it is from %v, sent at %v; want the time of the move on a FIFO queue alone", dead[0].SentAt, sentAt)
			}
			if n := q.Redrive(); n != 1 || len(q.Dead().Messages()) != 0 {
				t.Errorf("Redrive = %d, %d left, want 1 and none", n, len(q.Dead().Messages()))
			}
			c.advance(time.Minute)
			got := q.Receive(memoryqueue.Batch{})
			want(t, "after Redrive", got, "a2", "a1")
			if got[1].Receives != 1 {
				t.Errorf("after Redrive it was received %d times, want once", got[1].Receives)
			}
			if got[1].ID == dead[0].ID {
				t.Error("after Redrive it has the id that it had, want a new one")
			}
		})
	}
	q, _ := open(t)
	if q.Dead() != nil || q.Redrive() != 0 {
		t.Error("a queue without a dead-letter queue has one")
	}
}

// TestDeadLettersExpireOutOfOrder: in a dead-letter queue an older message may come
// behind a younger one.
func TestDeadLettersExpireOutOfOrder(t *testing.T) {
	t.Parallel()
	q, c := open(t, queue.DeadLetter(1), queue.Retention(queue.MaxRetention))
	send(t, q, "old")
	old := q.Receive(memoryqueue.Batch{Visibility: 10 * time.Hour})
	c.advance(time.Hour)
	send(t, q, "young")
	young := q.Receive(memoryqueue.Batch{Visibility: time.Minute})
	c.advance(time.Hour)
	want(t, "the second time", q.Receive(memoryqueue.Batch{})) // buries young
	if err := q.ChangeVisibility(old[0].Receipt, 0); err != nil {
		t.Fatal(err)
	}
	want(t, "the second time", q.Receive(memoryqueue.Batch{})) // buries old
	want(t, "the dead-letter queue", q.Dead().Messages(), young[0].Body, old[0].Body)
	c.advance(queue.MaxRetention - 2*time.Hour)
	want(t, "after the retention of the older one the dead-letter queue", q.Dead().Messages(), "young")
}

func TestFIFOGroups(t *testing.T) {
	t.Parallel()
	q, c := open(t, queue.FIFO())
	send(t, q, "a1", "b1", "a2", "b2", "c1")
	first := q.Receive(memoryqueue.Batch{Max: 2})
	want(t, "the first Receive", first, "a1", "b1")
	want(t, "while a and b are in flight, Receive", q.Receive(memoryqueue.Batch{}), "c1")
	if err := q.Delete(first[0].Receipt); err != nil {
		t.Fatal(err)
	}
	want(t, "after a1 was deleted, Receive", q.Receive(memoryqueue.Batch{}), "a2")
	if err := q.ChangeVisibility(first[1].Receipt, 0); err != nil {
		t.Fatal(err)
	}
	want(t, "after b1 was given back, Receive", q.Receive(memoryqueue.Batch{}), "b1", "b2")
	c.advance(time.Hour)
	if err := q.Delete(first[1].Receipt); !errors.Is(err, memoryqueue.ErrReceipt) {
		t.Errorf("Delete after the visibility timeout: error = %v, want %v", err, memoryqueue.ErrReceipt)
	}
	var last string
	for _, m := range q.Messages() {
		if m.Sequence <= last {
			t.Errorf("sequence %q after %q", m.Sequence, last)
		}
		last = m.Sequence
	}
}

// TestFIFOKeepsBehindDelayed: what comes behind a message that is not visible yet
// waits.
func TestFIFOKeepsBehindDelayed(t *testing.T) {
	t.Parallel()
	q, c := open(t, queue.FIFO(), queue.DelayAll(time.Minute))
	send(t, q, "a1")
	c.advance(30 * time.Second)
	send(t, q, "a2")
	c.advance(30 * time.Second)
	want(t, "after the first delay", q.Receive(memoryqueue.Batch{}), "a1")
}

func TestDedupWindow(t *testing.T) {
	t.Parallel()
	q, c := open(t, queue.FIFO())
	put := func() string {
		id, err := q.Send(t.Context(), queue.Envelope{Body: "x", Group: "g", Dedup: "d"})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	first := put()
	for _, m := range q.Receive(memoryqueue.Batch{}) {
		if err := q.Delete(m.Receipt); err != nil {
			t.Fatal(err)
		}
	}
	c.advance(5*time.Minute - time.Second)
	if again := put(); again != first || len(q.Messages()) != 0 {
		t.Errorf("within five minutes: id %s and %d messages, want %s and none, though the first was deleted", again, len(q.Messages()), first)
	}
	c.advance(time.Second)
	if later := put(); later == first || len(q.Messages()) != 1 {
		t.Errorf("after five minutes: id %s and %d messages, want another and one", later, len(q.Messages()))
	}
}

func TestBatchBytes(t *testing.T) {
	t.Parallel()
	q, _ := open(t)
	send(t, q, "12345678", "1234", "12")
	want(t, "10 bytes", q.Receive(memoryqueue.Batch{Bytes: 10}), "12345678")
	want(t, "1 byte, which the first message need not fit", q.Receive(memoryqueue.Batch{Bytes: 1}), "1234")
	q.Purge()
	if got := q.Messages(); len(got) != 0 {
		t.Errorf("after Purge %d messages are there", len(got))
	}
}

// TestPoll waits by the clock of the program.
func TestPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data := datastore.New(nil, nil)
		q := memoryqueue.New().Queue(data, queue.New[string](data, "jobs").Spec().(queue.Spec))
		begin := time.Now()
		go func() {
			time.Sleep(time.Second)
			send(t, q, "a")
			time.Sleep(time.Second)
			send(t, q, "b")
			time.Sleep(10 * time.Second)
			send(t, q, "c")
		}()
		got, err := q.Poll(t.Context(), memoryqueue.Batch{Window: 5 * time.Second})
		want(t, "a Poll with a window", got, "a", "b")
		if took := time.Since(begin); err != nil || took != 6*time.Second {
			t.Errorf("Poll took %v, %v, want a second and the window", took, err)
		}
		for _, m := range got {
			if err := q.Delete(m.Receipt); err != nil {
				t.Fatal(err)
			}
		}
		got, err = q.Poll(t.Context(), memoryqueue.Batch{Max: 1, Window: time.Hour})
		want(t, "a Poll that is full", got, "c")
		if took := time.Since(begin); err != nil || took != 12*time.Second {
			t.Errorf("the second Poll ended after %v, %v, want 12 s", took, err)
		}
		got, err = q.Poll(t.Context(), memoryqueue.Batch{})
		want(t, "a Poll while a message is in flight", got, "c")
		if took := time.Since(begin); err != nil || took != 42*time.Second {
			t.Errorf("the third Poll ended after %v, %v, want the visibility timeout", took, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := q.Poll(ctx, memoryqueue.Batch{}); len(got) != 0 || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Poll of nothing = %v, %v, want %v", got, err, context.DeadlineExceeded)
		}
		send(t, q, "d")
		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if got, err := q.Poll(ctx, memoryqueue.Batch{Window: time.Hour}); len(got) != 1 || err != nil {
			t.Errorf("Poll whose context ends in the window = %v, %v, want the message", got, err)
		}
	})
}

// TestConcurrent: each message is worked off once by one of several workers.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	q := memoryqueue.New().Queue(data, queue.New[string](data, "jobs", queue.FIFO()).Spec().(queue.Spec))
	const n = 200
	var mu sync.Mutex
	last, seen := map[string]int{}, 0
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				batch, err := q.Poll(ctx, memoryqueue.Batch{Max: 3})
				if err != nil {
					return
				}
				mu.Lock()
				for _, m := range batch {
					var no int
					if _, err := fmt.Sscan(m.Body, &no); err != nil || no <= last[m.Group] {
						t.Errorf("group %s: %s after %d", m.Group, m.Body, last[m.Group])
					}
					last[m.Group] = no
					if seen++; seen == n {
						cancel()
					}
				}
				mu.Unlock()
				for _, m := range batch {
					if err := q.Delete(m.Receipt); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	for i := range n {
		if _, err := q.Send(t.Context(), queue.Envelope{Body: fmt.Sprint(i + 1), Group: fmt.Sprint(i % 5)}); err != nil {
			t.Fatal(err)
		}
	}
	wg.Wait()
	if seen != n {
		t.Errorf("%d messages were worked off, want %d", seen, n)
	}
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

func ExampleNew() {
	queues := memoryqueue.New()
	data := datastore.New([]datastore.Driver{queues}, nil)
	mails := queue.New[string](data, "mails")
	sender := datastore.Use[queue.Sender[string]](function{}, mails)

	_, err := sender.Send(context.Background(), "hello")
	fmt.Println(err)
	q := queues.Queue(data, mails.Spec().(queue.Spec)) // for who works it off
	for _, m := range q.Receive(memoryqueue.Batch{}) {
		fmt.Println(m.Body, m.Receives, q.Delete(m.Receipt))
	}
	// Output:
	// <nil>
	// hello 1 <nil>
}

// TestCounts: each message is counted once, by whether it can be received.
func TestCounts(t *testing.T) {
	t.Parallel()
	q, c := open(t, queue.DeadLetter(1))
	begin := c.at
	send(t, q, "a", "b", "c")
	if _, err := q.Send(t.Context(), queue.Envelope{Body: "d", Delay: time.Minute}); err != nil {
		t.Fatal(err)
	}
	c.advance(time.Second)
	q.Receive(memoryqueue.Batch{Max: 2})
	if diff := cmp.Diff(memoryqueue.Counts{Waiting: 1, Delayed: 1, InFlight: 2, Oldest: begin}, q.Counts()); diff != "" {
		t.Errorf("Counts (-want +got):\n%s", diff)
	}
	c.advance(time.Minute)
	want(t, "after the visibility timeout", q.Receive(memoryqueue.Batch{}), "c", "d")
	if diff := cmp.Diff(memoryqueue.Counts{Waiting: 2, Oldest: begin}, q.Dead().Counts()); diff != "" {
		t.Errorf("Counts of the dead-letter queue (-want +got):\n%s", diff)
	}
	q.Purge()
	if got := q.Counts(); got != (memoryqueue.Counts{}) {
		t.Errorf("Counts after Purge = %+v, want none", got)
	}
}

// TestTake: what a filter does not take is deleted, and fills no batch.
func TestTake(t *testing.T) {
	t.Parallel()
	q, c := open(t, queue.Visibility(time.Second))
	send(t, q, "a1", "b1", "a2", "b2", "a3")
	batch := memoryqueue.Batch{Max: 2, Take: func(m memoryqueue.Message) bool { return m.Body[0] == 'a' }}
	want(t, "the first Receive", q.Receive(batch), "a1", "a2")
	want(t, "what is left", q.Messages(), "a1", "a2", "b2", "a3")
	want(t, "the second", q.Receive(batch), "a3")
	c.advance(time.Second)
	want(t, "without a filter", q.Receive(memoryqueue.Batch{}), "a1", "a2", "a3")
}
