package queuetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

var fifoRules = []rule{
	{"fifo/order", "messages of a group arrive in their order, those of one request too", fifoOrder},
	{"fifo/equal", "two equal messages are two", fifoEqual},
	{"fifo/dedup", "the second message with a deduplication id does not arrive", fifoDedup},
	{"fifo/content", "by content, the second equal body does not arrive", fifoContent},
}

func fifoOrder(t *testing.T, on target) {
	jobs, h := start[string](t, on, queue.FIFO())
	var want []string
	var messages []queue.Message[string]
	for i := range 12 {
		text := fmt.Sprintf("%02d", i)
		messages, want = append(messages, queue.Message[string]{Body: text, Options: []queue.SendOption{queue.Group("g")}}), append(want, text)
	}
	must[[]string](t)(jobs.SendMany(t.Context(), messages))
	must[string](t)(jobs.Send(t.Context(), "12", queue.Group("g")))
	got := h.Receive(t, 13)
	if diff := cmp.Diff(append(want, "12"), bodies(got, true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
	if got[0].Group != "g" || got[0].Dedup == "" {
		t.Errorf("received group %q and deduplication id %q, want g and some", got[0].Group, got[0].Dedup)
	}
}

func fifoEqual(t *testing.T, on target) {
	jobs, h := start[string](t, on, queue.FIFO())
	for range 2 {
		must[string](t)(jobs.Send(t.Context(), "same", queue.Group("g")))
	}
	if diff := cmp.Diff([]string{"same", "same"}, bodies(h.Receive(t, 2), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func fifoDedup(t *testing.T, on target) {
	jobs, h := start[string](t, on, queue.FIFO(), queue.DedupByContent())
	must[string](t)(jobs.Send(t.Context(), "first", queue.Group("g"), queue.Dedup("d")))
	must[string](t)(jobs.Send(t.Context(), "second", queue.Group("g"), queue.Dedup("d")))
	must[string](t)(jobs.Send(t.Context(), "third", queue.Group("g"), queue.Dedup("e")))
	got := h.Receive(t, 2)
	if diff := cmp.Diff([]string{"first", "third"}, bodies(got, true)); diff != "" {
		t.Fatalf("received (-want +got):\n%s", diff)
	}
	if got[0].Dedup != "d" {
		t.Errorf("received the deduplication id %q, want d", got[0].Dedup)
	}
}

func fifoContent(t *testing.T, on target) {
	jobs, h := start[string](t, on, queue.FIFO(), queue.DedupByContent())
	for _, text := range []string{"same", "same", "other"} {
		must[string](t)(jobs.Send(t.Context(), text, queue.Group("g")))
	}
	if diff := cmp.Diff([]string{"same", "other"}, bodies(h.Receive(t, 2), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}
