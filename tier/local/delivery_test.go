package local_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/datatest"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/tier"
	"github.com/seed-18e8afb5/tierkit/tier/local"
)

type parcel struct {
	ID string `json:"id" table:"id,pk" validate:"required"`
	To string `json:"to,omitempty"`
}

// heard collects what functions were given.
type heard struct {
	mu  sync.Mutex
	all []string
}

func (h *heard) add(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all = append(h.all, fmt.Sprintf(format, args...))
}

func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.all
	h.all = nil
	return all
}

// delivering is the delivery of an App on a Data, through the doorway that functions
// have in Lambda.
func delivering(t testing.TB, app *tier.App, data *datastore.Data, log *slog.Logger) *local.Delivery {
	t.Helper()
	if errs := append(app.Check(), data.Errs()...); len(errs) > 0 {
		t.Fatal(errors.Join(errs...))
	}
	d, err := local.NewDelivery(app, data, nil, &local.DeliveryOptions{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// running runs a delivery until the test ends.
func running(t testing.TB, d *local.Delivery) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

func checkHeard(t testing.TB, h *heard, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, h.take()); diff != "" {
		t.Errorf("functions heard (-want +got):\n%s", diff)
	}
}

// TestDeliverQueue: what fails comes again after its visibility timeout, alone, and
// goes to the dead-letter queue in the end.
func TestDeliverQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data, app, h := datatest.New(t, datatest.Now(time.Now)), tier.New("shop"), &heard{}
		worker := app.Function("worker", tier.Timeout(10*time.Second))
		jobs := queue.New[parcel](data, "jobs", queue.DeadLetter(2))
		tier.On(worker, jobs, func(ctx context.Context, p parcel) error {
			r := datastore.RecordFrom(ctx)
			h.add("%s attempt %d by %s", p.ID, r.Attempt, r.Attribute("by"))
			if p.ID == "bad" {
				panic("no such parcel")
			}
			return nil
		})
		send := datastore.Use[queue.Sender[parcel]](worker, jobs)
		var log bytes.Buffer
		d := delivering(t, app, data, slog.New(slog.NewTextHandler(&log, nil)))
		for _, id := range []string{"a", "bad", "c"} {
			if _, err := send.Send(t.Context(), parcel{ID: id}, queue.Attribute("by", "ann")); err != nil {
				t.Fatal(err)
			}
		}
		running(t, d)
		synctest.Wait()
		checkHeard(t, h, "a attempt 1 by ann", "bad attempt 1 by ann", "c attempt 1 by ann")
		time.Sleep(59 * time.Second)
		checkHeard(t, h)
		time.Sleep(2 * time.Second) // 60 s are six times the timeout
		checkHeard(t, h, "bad attempt 2 by ann")
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		checkHeard(t, h)
		if dead := datatest.SentTo(t, data, "jobs").Dead().Messages(); len(dead) != 1 || dead[0].Body != `{"id":"bad"}` {
			t.Errorf("the dead-letter queue has %+v", dead)
		}
		if left := datatest.Sent[parcel](t, data, "jobs"); len(left) > 0 {
			t.Errorf("the queue has %+v", left)
		}
		text := log.String()
		if strings.Count(text, "goes to the dead-letter queue") != 1 || strings.Count(text, "again=1m0s") != 1 || strings.Contains(text, `"id":"bad"`) {
			t.Errorf("log:\n%s", text)
		}
	})
}

// TestDeliverFIFO: behind a message that fails the others of its group wait, and
// those of other groups do not.
func TestDeliverFIFO(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data, app, h := datatest.New(t, datatest.Now(time.Now)), tier.New("shop"), &heard{}
		worker := app.Function("worker", tier.Timeout(time.Second))
		moves := queue.New[string](data, "moves", queue.FIFO())
		failures := 1
		tier.On(worker, moves, func(ctx context.Context, id string) error {
			if id == "a2" && failures > 0 {
				failures--
				return errors.New("not yet")
			}
			h.add("%s", id)
			return nil
		})
		send := datastore.Use[queue.Sender[string]](worker, moves)
		d := delivering(t, app, data, nil)
		for _, id := range []string{"a1", "a2", "a3", "b1", "b2", "a4"} {
			if _, err := send.Send(t.Context(), id, queue.Group(id[:1])); err != nil {
				t.Fatal(err)
			}
		}
		running(t, d)
		synctest.Wait()
		checkHeard(t, h, "a1", "b1", "b2")
		time.Sleep(time.Minute)
		checkHeard(t, h, "a2", "a3", "a4")
	})
}

// TestDeliverStream: records of a key come in their order; one that fails is tried
// until it is given up, and then those behind it come (STM-01, STM-05).
func TestDeliverStream(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			data, app, h := datatest.New(t, datatest.Now(time.Now)), tier.New("shop"), &heard{}
			worker := app.Function("worker")
			clicks, dead := stream.New[parcel](data, "clicks", stream.Shards(2)), queue.New[string](data, "dead")
			tier.On(worker, clicks, func(ctx context.Context, p parcel) error {
				if p.ID == "bad" {
					h.add("%s failed", datastore.RecordFrom(ctx).Group)
					return errors.New("no")
				}
				h.add("%s %s", datastore.RecordFrom(ctx).Group, p.ID)
				return nil
			}, tier.Retries(2), tier.OnFailure(dead), tier.MaxConcurrent(lanes))
			put := datastore.Use[stream.Writer[parcel]](worker, clicks)
			d := delivering(t, app, data, nil)
			for i := range 40 {
				key := string(rune('a' + i%4))
				id := fmt.Sprintf("%02d", i)
				if i == 21 {
					id = "bad"
				}
				if _, err := put.Put(t.Context(), key, parcel{ID: id}); err != nil {
					t.Fatal(err)
				}
			}
			running(t, d)
			time.Sleep(time.Hour)
			all := h.take()
			for k := range 4 {
				key := string(rune('a' + k))
				var last string
				seen := map[string]bool{}
				for _, text := range all {
					id, ok := strings.CutPrefix(text, key+" ")
					if !ok || id == "failed" || seen[id] {
						continue
					}
					if id < last {
						t.Errorf("%d lanes: key %s: %s after %s", lanes, key, id, last)
					}
					seen[id], last = true, id
				}
				if want := 10; key == "b" {
					want = 9
					if len(seen) != want {
						t.Errorf("%d lanes: key b: heard of %d, want %d", lanes, len(seen), want)
					}
				} else if len(seen) != want {
					t.Errorf("%d lanes: key %s: heard of %d, want %d", lanes, key, len(seen), want)
				}
			}
			told := datatest.Sent[string](t, data, "dead")
			if len(told) != 1 || !strings.Contains(told[0], `"condition":"RetryAttemptsExhausted"`) || !strings.Contains(told[0], `"batchSize":1`) ||
				!strings.Contains(told[0], `"KinesisBatchInfo"`) {
				t.Errorf("%d lanes: the destination heard of %q", lanes, told)
			}
		})
	}
}

// TestDeliverChanges: the changes of a table come as its own Go type, and a write
// that changes nothing is none.
func TestDeliverChanges(t *testing.T) {
	t.Parallel()
	type orders interface {
		table.Creator[parcel]
		table.Putter[parcel]
		table.Deleter[parcel]
		table.Transactor
	}
	data, app, h := datatest.New(t), tier.New("shop"), &heard{}
	worker := app.Function("worker")
	parcels := table.New[parcel](data, "parcels")
	tier.On(worker, parcels.Changes(), func(ctx context.Context, c table.ItemChange[parcel]) error {
		text := func(p *parcel) string {
			if p == nil {
				return "none"
			}
			return p.ID + p.To
		}
		h.add("%s -> %s", text(c.Old), text(c.New))
		if got := c.Time; !got.Equal(data.Now().Truncate(time.Second)) {
			t.Errorf("Time = %v, want %v", got, data.Now())
		}
		return nil
	})
	use := datastore.Use[orders](worker, parcels)
	d := delivering(t, app, data, nil)
	_, err1 := use.Create(t.Context(), parcel{ID: "1"})
	_, err2 := use.Put(t.Context(), parcel{ID: "1", To: "Rome"})
	_, err3 := use.Put(t.Context(), parcel{ID: "2"})
	_, err4 := use.Put(t.Context(), parcel{ID: "2"})
	err5 := use.Delete(t.Context(), table.PK("1"))
	err6 := use.Delete(t.Context(), table.PK("1"))
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		t.Fatal(err)
	}
	if err := d.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkHeard(t, h, "none -> 1", "1 -> 1Rome", "none -> 2", "1Rome -> none")
}

// TestDeliverExpired: an item whose time has come is a change of its table, once, with
// a Run and without.
func TestDeliverExpired(t *testing.T) {
	t.Parallel()
	type session struct {
		ID    string    `table:"id,pk"`
		Until time.Time `table:"until,ttl"`
	}
	for _, runs := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			data, app, h := datatest.New(t, datatest.Now(time.Now)), tier.New("shop"), &heard{}
			worker := app.Function("worker")
			sessions := table.New[session](data, "sessions")
			tier.On(worker, sessions.Changes(), func(_ context.Context, c table.ItemChange[session]) error {
				switch {
				case c.New == nil:
					h.add("%s gone, expired %t", c.Old.ID, c.Expired)
				default:
					h.add("%s there", c.New.ID)
				}
				return nil
			})
			put := datastore.Use[table.Putter[session]](worker, sessions)
			d := delivering(t, app, data, nil)
			if runs {
				running(t, d)
			}
			for id, life := range map[string]time.Duration{"short": time.Hour, "long": 100 * time.Hour} {
				if _, err := put.Put(t.Context(), session{id, time.Now().Add(life)}); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				time.Sleep(59 * time.Minute)
				if !runs {
					if err := d.Settle(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			synctest.Wait()
			all := h.take()
			slices.Sort(all)
			if diff := cmp.Diff([]string{"long there", "short gone, expired true", "short there"}, all); diff != "" {
				t.Errorf("runs %t: the function heard (-want +got):\n%s", runs, diff)
			}
		})
	}
}

// TestDeliverTopic: a filter policy chooses; a function that fails is started again
// after a minute and after two more, and then its destination hears of it.
func TestDeliverTopic(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data, app, h := datatest.New(t, datatest.Now(time.Now)), tier.New("shop"), &heard{}
		worker := app.Function("worker")
		placed, dead := topic.New[parcel](data, "placed"), queue.New[string](data, "dead")
		tier.On(worker, placed.Where(`{"country": ["de"]}`), func(ctx context.Context, p parcel) error {
			h.add("%s %s", p.ID, datastore.RecordFrom(ctx).Subject)
			if p.ID == "bad" {
				return errors.New("no")
			}
			return nil
		}, tier.OnFailure(dead))
		publish := datastore.Use[topic.Publisher[parcel]](worker, placed)
		delivering(t, app, data, nil)
		for _, c := range []struct{ id, country string }{{"1", "de"}, {"2", "fr"}, {"bad", "de"}} {
			if _, err := publish.Publish(t.Context(), parcel{ID: c.id}, topic.Attribute("country", c.country), topic.Subject("new")); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		checkHeard(t, h, "1 new", "bad new")
		time.Sleep(61 * time.Second)
		checkHeard(t, h, "bad new")
		time.Sleep(2 * time.Minute)
		checkHeard(t, h, "bad new")
		time.Sleep(time.Hour)
		checkHeard(t, h)
		told := datatest.Sent[string](t, data, "dead")
		if len(told) != 1 || !strings.Contains(told[0], `"condition":"RetriesExhausted"`) || !strings.Contains(told[0], `"approximateInvokeCount":3`) ||
			!strings.Contains(told[0], `"requestPayload":{"Records":[{"EventSource":"aws:sns"`) {
			t.Errorf("the destination heard of %q", told)
		}
	})
}

// TestDeliverTooOld: a record that is older than MaxAge is not tried again, and its
// destination hears why.
func TestDeliverTooOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data, app, h := datatest.New(t, datatest.Now(time.Now)), tier.New("shop"), &heard{}
		fail := func(of string) func(context.Context, parcel) error {
			return func(_ context.Context, p parcel) error {
				if h.add("%s %s", of, p.ID); p.ID == "bad" {
					return errors.New("no")
				}
				return nil
			}
		}
		reader, listener := app.Function("reader"), app.Function("listener")
		clicks, placed := stream.New[parcel](data, "clicks"), topic.New[parcel](data, "placed")
		tier.On(reader, clicks, fail("clicks"), tier.MaxAge(time.Minute), tier.OnFailure(queue.New[string](data, "unread")))
		tier.On(listener, placed, fail("placed"), tier.MaxAge(2*time.Minute), tier.OnFailure(queue.New[string](data, "unheard")))
		put, publish := datastore.Use[stream.Writer[parcel]](reader, clicks), datastore.Use[topic.Publisher[parcel]](reader, placed)
		running(t, delivering(t, app, data, nil))
		if _, err := publish.Publish(t.Context(), parcel{ID: "bad"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		checkHeard(t, h, "placed bad", "placed bad") // a third time would be after three minutes
		for _, id := range []string{"bad", "good"} {
			if _, err := put.Put(t.Context(), "a", parcel{ID: id}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(29 * time.Second)
		}
		if all := h.take(); len(all) < 2 || slices.Contains(all, "clicks good") {
			t.Errorf("within a minute the function heard %v, want the bad record, and more than once", all)
		}
		time.Sleep(time.Hour)
		if all := h.take(); !slices.Contains(all, "clicks good") {
			t.Errorf("after a minute the function heard %v, want the good record", all)
		}
		for name, want := range map[string]string{"unread": `"condition":"RecordAgeExceeded"`, "unheard": `"condition":"EventAgeExceeded"`} {
			if told := datatest.Sent[string](t, data, name); len(told) != 1 || !strings.Contains(told[0], want) {
				t.Errorf("%s heard of %q, want %s once", name, told, want)
			}
		}
	})
}

// TestDeliverBucket: objects that are stored and removed start the function that
// wants them, with the key as it was written.
func TestDeliverBucket(t *testing.T) {
	t.Parallel()
	data, app, h := datatest.New(t), tier.New("shop"), &heard{}
	worker := app.Function("worker")
	files := blob.New(data, "files")
	work := func(ctx context.Context, e blob.Event) error {
		h.add("%q %d removed=%v %s", e.Key, e.Size, e.Removed, e.ETag)
		return nil
	}
	tier.On(worker, files.Under("in/").Created(), work)
	tier.On(worker, files.Under("out/").Changed(), work)
	type bucket interface {
		blob.Putter
		blob.Deleter
	}
	use := datastore.Use[bucket](worker, files)
	d := delivering(t, app, data, nil)
	ctx := t.Context()
	settle := func() {
		t.Helper()
		if err := d.Settle(ctx); err != nil {
			t.Fatal(err)
		}
	}
	info, err := use.Put(ctx, "in/my file+v1 (ä).txt", strings.NewReader("abc"))
	if err != nil {
		t.Fatal(err)
	}
	settle()
	checkHeard(t, h, fmt.Sprintf("%q 3 removed=false %s", "in/my file+v1 (ä).txt", info.ETag))
	_, err1 := use.Put(ctx, "elsewhere", strings.NewReader("abc"))
	err2 := use.Delete(ctx, "in/my file+v1 (ä).txt")
	_, err3 := use.Put(ctx, "out/1", strings.NewReader(""))
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	settle()
	h.take()
	if err := use.Delete(ctx, "out/1"); err != nil {
		t.Fatal(err)
	}
	settle()
	checkHeard(t, h, `"out/1" 0 removed=true `)
}

// TestForward: a topic's messages wait in a queue, attributes and groups kept.
func TestForward(t *testing.T) {
	t.Parallel()
	data, app, h := datatest.New(t), tier.New("shop"), &heard{}
	worker := app.Function("worker")
	placed, moves := topic.New[parcel](data, "placed", topic.FIFO()), queue.New[parcel](data, "moves", queue.FIFO())
	tier.Forward(app, placed.WhereBody(`{"to": [{"prefix": "R"}]}`), moves)
	tier.On(worker, moves, func(ctx context.Context, p parcel) error {
		r := datastore.RecordFrom(ctx)
		h.add("%s %s %s %s", p.ID, r.Group, r.Dedup, r.Attribute("n"))
		return nil
	})
	publish := datastore.Use[topic.Publisher[parcel]](worker, placed)
	d := delivering(t, app, data, nil)
	for i, to := range []string{"Rome", "Oslo", "Riga"} {
		if _, err := publish.Publish(t.Context(), parcel{ID: fmt.Sprint(i), To: to}, topic.Group("g"), topic.Dedup(to), topic.Attribute("n", i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	checkHeard(t, h, "0 g Rome 0", "2 g Riga 2")
}

// TestDeliveryElsewhere: what other drivers have is not delivered here, and said.
func TestDeliveryElsewhere(t *testing.T) {
	t.Parallel()
	data, app := datastore.New(nil, nil), tier.New("shop")
	worker := app.Function("worker")
	tier.On(worker, queue.New[parcel](data, "jobs"), func(context.Context, parcel) error { return nil })
	tier.Forward(app, topic.New[parcel](data, "placed"), queue.New[parcel](data, "others"))
	var names []string
	for _, spec := range delivering(t, app, data, nil).Elsewhere() {
		names = append(names, spec.Kind()+" "+spec.Name())
	}
	if diff := cmp.Diff([]string{"queue jobs", "topic placed"}, names); diff != "" {
		t.Errorf("Elsewhere (-want +got):\n%s", diff)
	}
}

// TestDeliveryMistakes: what is declared wrongly is not delivered, and said to a test.
func TestDeliveryMistakes(t *testing.T) {
	t.Parallel()
	data, app := datatest.New(t), tier.New("shop")
	tier.On(app.Function("worker"), queue.New[parcel](data, "jobs"), func(context.Context, parcel) error { return nil }, tier.BatchSize(100))
	if _, err := local.NewDelivery(app, data, nil, nil); err == nil || !strings.Contains(err.Error(), "add tier.BatchWindow") {
		t.Errorf("NewDelivery of a wrong declaration = %v, want the mistake", err)
	}
	if _, err := local.NewDelivery(nil, data, nil, nil); err == nil {
		t.Error("NewDelivery without an App succeeds")
	}
	if _, err := local.NewDelivery(app, nil, nil, nil); err == nil {
		t.Error("NewDelivery without a Data succeeds")
	}
}

// TestDeliverySoak: random failures and panics lose nothing.
func TestDeliverySoak(t *testing.T) {
	t.Parallel()
	n := 20_000
	if testing.Short() {
		n = 2_000
	}
	synctest.Test(t, func(t *testing.T) {
		data, app := datatest.New(t, datatest.Now(time.Now)), tier.New("shop")
		worker := app.Function("worker", tier.Timeout(time.Second))
		jobs := queue.New[int](data, "jobs")
		random := rand.New(rand.NewPCG(1, 2))
		var mu sync.Mutex
		done := make([]int, n)
		tier.On(worker, jobs, func(_ context.Context, i int) error {
			mu.Lock()
			defer mu.Unlock()
			switch random.IntN(20) {
			case 0:
				return errors.New("no")
			case 1:
				panic("no")
			}
			done[i]++
			return nil
		}, tier.BatchSize(100), tier.BatchWindow(time.Second), tier.Parallel(4), tier.MaxConcurrent(10))
		send := datastore.Use[queue.ManySender[int]](worker, jobs)
		d := delivering(t, app, data, nil)
		var messages []queue.Message[int]
		for i := range n {
			messages = append(messages, queue.Message[int]{Body: i})
		}
		if _, err := send.SendMany(t.Context(), messages); err != nil {
			t.Fatal(err)
		}
		running(t, d)
		time.Sleep(24 * time.Hour)
		mu.Lock()
		defer mu.Unlock()
		if i := slices.IndexFunc(done, func(times int) bool { return times != 1 }); i >= 0 {
			t.Errorf("message %d was worked off %d times, want once", i, done[i])
		}
		if left := datatest.Sent[int](t, data, "jobs"); len(left) > 0 {
			t.Errorf("%d messages are left", len(left))
		}
	})
}

// ExampleDelivery_Settle has a message worked off in a test: data is what
// datatest.New makes there.
func ExampleDelivery_Settle() {
	ctx := context.Background()
	data := datastore.New([]datastore.Driver{memoryqueue.New()}, nil)
	app := tier.New("shop")
	jobs := queue.New[string](data, "jobs")
	worker := app.Function("worker")
	tier.On(worker, jobs, func(_ context.Context, job string) error {
		fmt.Println("works off", job)
		return nil
	})
	send := datastore.Use[queue.Sender[string]](worker, jobs)

	delivery, err := local.NewDelivery(app, data, nil, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer delivery.Close()
	if _, err := send.Send(ctx, "job 1"); err != nil {
		fmt.Println(err)
	}
	if err := delivery.Settle(ctx); err != nil {
		fmt.Println(err)
	}
	// Output: works off job 1
}

// TestDeliverFiltered: what no pattern takes is deleted from a queue and passed over in
// a stream and a table, and fills no batch.
func TestDeliverFiltered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		data, app, h := datatest.New(t, datatest.Now(time.Now)), tier.New("shop"), &heard{}
		worker := app.Function("worker")
		jobs, visits := queue.New[parcel](data, "jobs"), stream.New[string](data, "visits")
		clicks, parcels := stream.New[parcel](data, "clicks"), table.New[parcel](data, "parcels")
		work := func(source string) func(context.Context, parcel) error {
			return func(_ context.Context, p parcel) error { h.add("%s %s", source, p.ID); return nil }
		}
		tier.On(worker, jobs, work("jobs"), tier.BatchSize(2), tier.BatchWindow(5*time.Second),
			tier.Filter(`{"body": {"to": ["Rome"]}}`, `{"body": {"id": [{"prefix": "9"}]}}`))
		tier.On(worker, clicks, work("clicks"), tier.Filter(`{"data": {"to": [{"anything-but": "Oslo"}]}}`))
		tier.On(worker, visits, func(_ context.Context, text string) error { h.add("visits %s", text); return nil },
			tier.Filter(`{"partitionKey": ["1"], "data": {"a": [1]}}`))
		tier.On(worker, parcels.Changes(), func(_ context.Context, c table.ItemChange[parcel]) error {
			h.add("parcels %s", c.New.ID)
			return nil
		}, tier.Filter(`{"eventName": ["INSERT"], "dynamodb": {"NewImage": {"to": {"S": ["Rome"]}}}}`))
		send, put := datastore.Use[queue.Sender[parcel]](worker, jobs), datastore.Use[stream.Writer[parcel]](worker, clicks)
		note, items := datastore.Use[stream.Writer[string]](worker, visits), datastore.Use[table.Putter[parcel]](worker, parcels)
		d := delivering(t, app, data, nil)
		running(t, d)
		for _, p := range []parcel{{ID: "1", To: "Rome"}, {ID: "2", To: "Oslo"}, {ID: "3"}, {ID: "91", To: "Oslo"}} {
			_, err1 := send.Send(t.Context(), p)
			_, err2 := put.Put(t.Context(), "k", p)
			_, err3 := items.Put(t.Context(), p)
			if err := errors.Join(err1, err2, err3); err != nil {
				t.Fatal(err)
			}
		}
		_, err1 := items.Put(t.Context(), parcel{ID: "2", To: "Rome"}) // a change, and no new one
		_, err2 := note.Put(t.Context(), "1", "plain")
		_, err3 := note.Put(t.Context(), "2", `{"a":1}`)
		_, err4 := note.Put(t.Context(), "1", `{"a":1}`)
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		got := h.take() // of four sources, in any order
		slices.Sort(got)
		if diff := cmp.Diff([]string{"clicks 1", "jobs 1", "jobs 91", "parcels 1", `visits {"a":1}`}, got); diff != "" {
			t.Errorf("functions heard (-want +got):\n%s", diff)
		}
		if left := datatest.Sent[parcel](t, data, "jobs"); len(left) > 0 {
			t.Errorf("the queue still has %+v", left)
		}
		time.Sleep(time.Hour)
		checkHeard(t, h)
	})
}

// TestDeliverVersion: a message of another version fails and says which, one of this
// version is worked off, also by way of a topic.
func TestDeliverVersion(t *testing.T) {
	t.Parallel()
	data, app, h := datatest.New(t), tier.New("shop"), &heard{}
	worker := app.Function("worker")
	jobs, placed := queue.New[string](data, "jobs", queue.Version(2), queue.DeadLetter(1)), topic.New[string](data, "placed", topic.Version(2))
	tier.On(worker, jobs, func(_ context.Context, text string) error { h.add("jobs %s", text); return nil })
	tier.On(worker, placed, func(_ context.Context, text string) error { h.add("placed %s", text); return nil })
	tier.Forward(app, placed, jobs)
	send, publish := datastore.Use[queue.Sender[string]](worker, jobs), datastore.Use[topic.Publisher[string]](worker, placed)
	var log strings.Builder
	d := delivering(t, app, data, slog.New(slog.NewTextHandler(&log, nil)))
	settle := func() {
		t.Helper()
		if err := d.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	_, err1 := send.Send(t.Context(), "a")
	settle()
	_, err2 := publish.Publish(t.Context(), "b")
	settle()
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	checkHeard(t, h, "jobs a", "placed b", "jobs b")
	for _, version := range []string{"1", "", "no\nnumber"} {
		e := queue.Envelope{Body: "old"}
		if version != "" {
			e.Attributes = []datastore.Attribute{{Name: datastore.VersionAttribute, Type: datastore.AttributeNumber, Value: version}}
		}
		if _, err := datatest.SentTo(t, data, "jobs").Send(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		settle()
	}
	checkHeard(t, h)
	for _, want := range []string{
		"the message is of version 1, and queue jobs is declared with version 2", "the message is of no version, and queue jobs", `of version \"no\\nnumber\", and`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, &log)
		}
	}
}
