package memorytopic_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memoryqueue"
	"github.com/seed-18e8afb5/tierkit/datastore/embedded/memorytopic"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
	"github.com/seed-18e8afb5/tierkit/datastore/topic/filterpolicy"
)

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

// TestSubscriptions: one that fails does not keep others from hearing, nor the
// publisher from going on; one that was cancelled hears no more.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	driver := memorytopic.New(&memorytopic.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	data := datastore.New([]datastore.Driver{driver}, nil)
	placed := topic.New[string](data, "placed")
	events := datastore.Use[topic.Publisher[string]](function{}, placed)
	on := driver.Topic(data, placed.Spec().(topic.Spec))

	var got []string
	deliver := func(name string, err error) func(context.Context, memorytopic.Message) error {
		return func(ctx context.Context, m memorytopic.Message) error {
			got = append(got, name+" "+m.Body)
			return errors.Join(err, ctx.Err())
		}
	}
	on.Subscribe(memorytopic.Subscription{Deliver: deliver("a", errors.New("boom"))})
	cancel := on.Subscribe(memorytopic.Subscription{Deliver: deliver("b", nil)})
	for _, body := range []string{"1", "2"} {
		if _, err := events.Publish(t.Context(), body); err != nil {
			t.Errorf("Publish with a subscription that fails: error = %v, want none", err)
		}
		cancel()
		cancel()
	}
	if diff := cmp.Diff([]string{"a 1", "b 1", "a 2"}, got); diff != "" {
		t.Errorf("delivered (-want +got):\n%s", diff)
	}
	if !strings.Contains(log.String(), "boom") || !strings.Contains(log.String(), "topic=placed") {
		t.Errorf("log = %s, want the failure of the subscription of placed", log.String())
	}
}

// TestFanOut puts messages into queues: raw, and as notifications.
func TestFanOut(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 6e6, time.UTC)
	driver, queues := memorytopic.New(nil), memoryqueue.New()
	data := datastore.New([]datastore.Driver{driver, queues}, &datastore.Options{Now: func() time.Time { return at }})
	placed := topic.New[string](data, "placed", topic.FIFO())
	raw := queues.Queue(data, queue.New[string](data, "raw", queue.FIFO()).Spec().(queue.Spec))
	wrapped := queues.Queue(data, queue.New[string](data, "wrapped").Spec().(queue.Spec))
	on := driver.Topic(data, placed.Spec().(topic.Spec))
	on.Subscribe(memorytopic.Subscription{Deliver: func(ctx context.Context, m memorytopic.Message) error {
		_, err := raw.Send(ctx, queue.Envelope{Body: m.Body, Group: m.Group, Dedup: m.Dedup, Attributes: m.Attributes})
		return err
	}})
	policy, err := filterpolicy.Parse(`{"n":[7]}`, filterpolicy.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	on.Subscribe(memorytopic.Subscription{Filter: policy, Deliver: func(ctx context.Context, m memorytopic.Message) error {
		_, err := wrapped.Send(ctx, queue.Envelope{Body: m.Notification("arn:aws:sns:local:0:placed")})
		return err
	}})
	events := datastore.Use[topic.Publisher[string]](function{}, placed)
	id, err := events.Publish(t.Context(), "<x>", topic.Group("g"), topic.Subject("News"), topic.Attribute("n", 7), topic.Attribute("b", []byte{255}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := events.Publish(t.Context(), "other", topic.Group("g")); err != nil {
		t.Fatal(err)
	}
	got := raw.Messages()
	if len(got) != 2 || got[0].Body != "<x>" || got[0].Group != "g" || len(got[0].Attributes) != 2 {
		t.Errorf("the raw queue has %+v", got)
	}
	notes := wrapped.Messages()
	if len(notes) != 1 || !strings.Contains(notes[0].Body, "<x>") {
		t.Fatalf("the other queue has %+v, want one notification", notes)
	}
	var note map[string]any
	if err := json.Unmarshal([]byte(notes[0].Body), &note); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{
		"Type": "Notification", "MessageId": id, "SequenceNumber": "00000000000000000001", "TopicArn": "arn:aws:sns:local:0:placed",
		"Subject": "News", "Message": "<x>", "Timestamp": "2030-01-02T03:04:05.006Z",
		"MessageAttributes": map[string]any{
			"n": map[string]any{"Type": "Number", "Value": "7"}, "b": map[string]any{"Type": "Binary", "Value": "/w=="},
		},
	}, note); diff != "" {
		t.Errorf("notification (-want +got):\n%s", diff)
	}
}

func TestDedupWindow(t *testing.T) {
	t.Parallel()
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	driver := memorytopic.New(nil)
	data := datastore.New([]datastore.Driver{driver}, &datastore.Options{Now: func() time.Time { return at }})
	moves := topic.New[string](data, "moves", topic.FIFO())
	n := 0
	driver.Topic(data, moves.Spec().(topic.Spec)).Subscribe(memorytopic.Subscription{Deliver: func(context.Context, memorytopic.Message) error { n++; return nil }})
	events := datastore.Use[topic.Publisher[string]](function{}, moves)
	ids := map[string]bool{}
	for _, wait := range []time.Duration{0, 5*time.Minute - 1, 1} {
		at = at.Add(wait)
		id, err := events.Publish(t.Context(), "x", topic.Group("g"), topic.Dedup("d"))
		if err != nil {
			t.Fatal(err)
		}
		ids[id] = true
	}
	if n != 2 || len(ids) != 2 {
		t.Errorf("%d messages with %d ids, want the first and the one after five minutes", n, len(ids))
	}
}

func ExampleNew() {
	topics := memorytopic.New(nil)
	data := datastore.New([]datastore.Driver{topics}, nil)
	placed := topic.New[string](data, "placed")
	topics.Topic(data, placed.Spec().(topic.Spec)).Subscribe(memorytopic.Subscription{
		Deliver: func(_ context.Context, m memorytopic.Message) error {
			fmt.Println("heard of", m.Body)
			return nil
		},
	})
	events := datastore.Use[topic.Publisher[string]](function{}, placed)
	_, err := events.Publish(context.Background(), "order-1")
	fmt.Println(err)
	// Output:
	// heard of order-1
	// <nil>
}
