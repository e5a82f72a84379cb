package queuetest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

var manyRules = []rule{
	{"many", "any number of messages is sent, with the ids at their places", many},
	{"many/bytes", "messages that are more than a request holds are sent in several", manyBytes},
	{"many/none", "no messages are no request", manyNone},
	{"many/refused", "one message that is refused refuses them all", manyRefused},
	{"many/options", "each message has its own options", manyOptions},
}

func many(t *testing.T, on target) {
	jobs, h := start[Job](t, on)
	var messages []queue.Message[Job]
	for i := range 25 {
		messages = append(messages, queue.Message[Job]{Body: Job{Text: fmt.Sprint(i)}})
	}
	ids := must[[]string](t)(jobs.SendMany(t.Context(), messages))
	if len(ids) != 25 {
		t.Fatalf("SendMany of 25 messages answered %d ids", len(ids))
	}
	sent := map[string]string{}
	for i, id := range ids {
		sent[id] = fmt.Sprintf(`{"text":"%d"}`, i)
	}
	got := map[string]string{}
	for _, m := range h.Receive(t, 25) {
		got[m.ID] = m.Body
	}
	if diff := cmp.Diff(sent, got); diff != "" {
		t.Errorf("bodies by id (-sent +received):\n%s", diff)
	}
}

func manyBytes(t *testing.T, on target) {
	jobs, h := start[string](t, on)
	size := queue.MaxMessage/2 + 1
	var messages []queue.Message[string]
	var want []string
	for i := range 3 {
		text := strings.Repeat(string(rune('a'+i)), size)
		messages, want = append(messages, queue.Message[string]{Body: text}), append(want, text)
	}
	must[[]string](t)(jobs.SendMany(t.Context(), messages))
	for i, body := range bodies(h.Receive(t, 3), false) {
		if body != want[i] {
			t.Errorf("message %d was not received as sent", i)
		}
	}
}

func manyNone(t *testing.T, on target) {
	jobs, _ := start[Job](t, on)
	if ids, err := jobs.SendMany(t.Context(), nil); len(ids) != 0 || err != nil {
		t.Errorf("SendMany of no messages = %v, %v, want none", ids, err)
	}
}

func manyRefused(t *testing.T, on target) {
	jobs, h := start[string](t, on)
	_, err := jobs.SendMany(t.Context(), []queue.Message[string]{{Body: "good"}, {Body: "bad\x00"}})
	if !errors.Is(err, datastore.ErrInvalid) || !strings.Contains(err.Error(), "item 1") {
		t.Errorf("SendMany with a control character: error = %v, want %v of item 1", err, datastore.ErrInvalid)
	}
	must[string](t)(jobs.Send(t.Context(), "next"))
	if diff := cmp.Diff([]string{"next"}, bodies(h.Receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func manyOptions(t *testing.T, on target) {
	jobs, h := start[string](t, on)
	must[[]string](t)(jobs.SendMany(t.Context(), []queue.Message[string]{
		{Body: "late", Options: []queue.SendOption{queue.Delay(queue.MaxDelay)}},
		{Body: "with", Options: []queue.SendOption{queue.Attribute("a", 1)}},
	}))
	got := h.Receive(t, 1)
	if diff := cmp.Diff([]string{"with"}, bodies(got, true)); diff != "" {
		t.Fatalf("received (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]datastore.Attribute{{Name: "a", Type: datastore.AttributeNumber, Value: "1"}}, got[0].Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}
