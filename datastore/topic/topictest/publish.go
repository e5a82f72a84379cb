package topictest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

var publishRules = []rule{
	{"publish", "every subscriber hears of a message as its JSON, HTML not escaped", publish},
	{"publish/text", "text arrives as it is", publishText},
	{"publish/wide", "all of Unicode arrives", publishWide},
	{"publish/subject", "a message may have a subject", publishSubject},
	{"publish/largest", "256 KiB are taken, attributes counted in", publishLargest},
	{"publish/larger", "a topic that is declared so takes 1 MiB", publishLarger},
	{"publish/attributes", "attributes arrive with their types", publishAttributes},
	{"publish/binary", "an attribute of bytes arrives", publishBinary},
	{"publish/texts", "an attribute of several texts arrives", publishTexts},
	{"publish/group", "a standard topic takes message groups", publishGroup},
	{"publish/nobody", "a message that nobody hears of is no error", publishNobody},
	{"publish/cancelled", "a context that has ended publishes nothing", publishCancelled},
}

func publish(t *testing.T, on target) {
	notes, h := start[Note](t, on)
	first, second := h.Subscribe(t, "", 0), h.Subscribe(t, "", 0)
	if id := must[string](t)(notes.Publish(t.Context(), Note{Text: "<b> & \u00e9", Tags: []string{"a"}})); id == "" {
		t.Error("Publish answered no id")
	}
	want := []string{`{"text":"<b> & é","tags":["a"]}`}
	for _, receive := range []func(testing.TB, int) []Received{first, second} {
		if diff := cmp.Diff(want, bodies(receive(t, 1), true)); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	}
}

func publishText(t *testing.T, on target) {
	notes, h := start[string](t, on)
	receive := h.Subscribe(t, "", 0)
	text := " not json <&>\t\r\n\u2028\ufffd"
	must[string](t)(notes.Publish(t.Context(), text))
	if diff := cmp.Diff([]string{text}, bodies(receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func publishWide(t *testing.T, on target) {
	notes, h := start[string](t, on)
	receive := h.Subscribe(t, "", 0)
	text := "\U0001f600\U0010ffff"
	must[string](t)(notes.Publish(t.Context(), text))
	if diff := cmp.Diff([]string{text}, bodies(receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func publishSubject(t *testing.T, on target) {
	notes, h := start[string](t, on)
	receive := h.Subscribe(t, "", 0)
	must[string](t)(notes.Publish(t.Context(), "x", topic.Subject("News: "+strings.Repeat("x", topic.MaxSubject-6))))
	receive(t, 1)
}

func publishLargest(t *testing.T, on target) { publishBytes(t, on, topic.DefaultMessage) }

func publishLarger(t *testing.T, on target) {
	if !on.has(Only256) {
		publishBytes(t, on, topic.LargestMessage, topic.MaxMessage(topic.LargestMessage))
		return
	}
	notes, _ := start[string](t, on, topic.MaxMessage(topic.LargestMessage))
	if _, err := notes.Publish(t.Context(), strings.Repeat("x", topic.LargestMessage)); err == nil {
		t.Error("1 MiB is taken: the difference is gone")
	}
}

func publishBytes(t *testing.T, on target, most int, opts ...topic.Option) {
	notes, h := start[string](t, on, opts...)
	receive := h.Subscribe(t, "", 0)
	attribute := datastore.Attribute{Name: "a", Type: "String", Value: "b"}
	text := strings.Repeat("x", most-attribute.Size())
	must[string](t)(notes.Publish(t.Context(), text, topic.Attribute("a", "b")))
	if got := receive(t, 1); got[0].Body != text {
		t.Errorf("received %d bytes, want the %d that were published", len(got[0].Body), len(text))
	}
	if _, err := notes.Publish(t.Context(), text+"y", topic.Attribute("a", "b")); !errors.Is(err, datastore.ErrTooLarge) {
		t.Errorf("Publish of one byte more: error = %v, want %v", err, datastore.ErrTooLarge)
	}
}

func publishAttributes(t *testing.T, on target) {
	notes, h := start[string](t, on)
	receive := h.Subscribe(t, "", 0)
	must[string](t)(notes.Publish(t.Context(), "x", topic.Attribute("text", "grüße"), topic.Attribute("number", -1.5)))
	got := receive(t, 1)[0].Attributes
	slices.SortFunc(got, func(a, b datastore.Attribute) int { return strings.Compare(a.Name, b.Name) })
	if diff := cmp.Diff([]datastore.Attribute{
		{Name: "number", Type: datastore.AttributeNumber, Value: "-1.5"},
		{Name: "text", Type: datastore.AttributeString, Value: "grüße"},
	}, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func publishBinary(t *testing.T, on target) {
	notes, h := start[string](t, on)
	receive := h.Subscribe(t, "", 0)
	must[string](t)(notes.Publish(t.Context(), "x", topic.Attribute("bytes", []byte{0, 255})))
	if on.has(NoBinary) {
		if got := receive(t, 0); len(got) > 0 {
			t.Errorf("received %d messages, where bytes are lost: the difference is gone", len(got))
		}
		return
	}
	got := receive(t, 1)
	want := []datastore.Attribute{{Name: "bytes", Type: datastore.AttributeBinary, Value: "\x00\xff"}}
	if diff := cmp.Diff(want, got[0].Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func publishTexts(t *testing.T, on target) {
	notes, h := start[string](t, on)
	receive := h.Subscribe(t, "", 0)
	must[string](t)(notes.Publish(t.Context(), "x", topic.Attributes("texts", "a", `"`)))
	got := receive(t, 1)
	want := []datastore.Attribute{{Name: "texts", Type: datastore.AttributeStringArray, Value: `["a","\""]`}}
	if diff := cmp.Diff(want, got[0].Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func publishGroup(t *testing.T, on target) {
	notes, h := start[string](t, on)
	receive := h.Subscribe(t, "", 0)
	must[string](t)(notes.Publish(t.Context(), "x", topic.Group("tenant-1")))
	want := "tenant-1"
	if on.has(GroupLost) {
		want = ""
	}
	if got := receive(t, 1)[0].Group; got != want {
		t.Errorf("received a message of group %q, want %q", got, want)
	}
}

func publishNobody(t *testing.T, on target) {
	notes, _ := start[string](t, on)
	must[string](t)(notes.Publish(t.Context(), "x"))
}

func publishCancelled(t *testing.T, on target) {
	notes, h := start[string](t, on)
	receive := h.Subscribe(t, "", 0)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := notes.Publish(ctx, "late"); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("Publish in a context that has ended: error = %v, want %v", err, datastore.ErrNoBudget)
	}
	must[string](t)(notes.Publish(t.Context(), "next"))
	if diff := cmp.Diff([]string{"next"}, bodies(receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

var manyRules = []rule{
	{"many", "any number of messages is published", many},
	{"many/none", "no messages are no request", manyNone},
	{"many/refused", "one message that is refused refuses them all", manyRefused},
	{"fifo/order", "messages of a group arrive in their order", fifoOrder},
	{"fifo/dedup", "the second message with a deduplication id does not arrive, equal messages do", fifoDedup},
	{"fifo/content", "by content, the second equal body does not arrive", fifoContent},
}

func many(t *testing.T, on target) {
	notes, h := start[Note](t, on)
	receive := h.Subscribe(t, "", 0)
	var messages []topic.Message[Note]
	var want []string
	for i := range 25 {
		messages = append(messages, topic.Message[Note]{Body: Note{Text: fmt.Sprintf("%02d", i)}})
		want = append(want, fmt.Sprintf(`{"text":"%02d"}`, i))
	}
	ids := must[[]string](t)(notes.PublishMany(t.Context(), messages))
	slices.Sort(ids)
	if len(slices.Compact(ids)) != 25 || ids[0] == "" {
		t.Errorf("PublishMany of 25 messages answered %d different ids, the least %q", len(slices.Compact(ids)), ids[0])
	}
	if diff := cmp.Diff(want, bodies(receive(t, 25), false)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func manyNone(t *testing.T, on target) {
	notes, _ := start[Note](t, on)
	if ids, err := notes.PublishMany(t.Context(), nil); len(ids) != 0 || err != nil {
		t.Errorf("PublishMany of no messages = %v, %v, want none", ids, err)
	}
}

func manyRefused(t *testing.T, on target) {
	notes, h := start[string](t, on)
	receive := h.Subscribe(t, "", 0)
	_, err := notes.PublishMany(t.Context(), []topic.Message[string]{{Body: "good"}, {Body: "bad\x00"}})
	if !errors.Is(err, datastore.ErrInvalid) || !strings.Contains(err.Error(), "item 1") {
		t.Errorf("PublishMany with a control character: error = %v, want %v of item 1", err, datastore.ErrInvalid)
	}
	must[string](t)(notes.Publish(t.Context(), "next"))
	if diff := cmp.Diff([]string{"next"}, bodies(receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func fifoOrder(t *testing.T, on target) {
	notes, h := start[string](t, on, topic.FIFO())
	receive := h.Subscribe(t, "", 0)
	var want []string
	var messages []topic.Message[string]
	for i := range 12 {
		text := fmt.Sprintf("%02d", i)
		messages, want = append(messages, topic.Message[string]{Body: text, Options: []topic.PublishOption{topic.Group("g")}}), append(want, text)
	}
	must[[]string](t)(notes.PublishMany(t.Context(), messages))
	if on.has(TenthSecond) {
		want = slices.Insert(slices.Delete(want, 9, 10), 1, "09")
	}
	got := receive(t, 12)
	if diff := cmp.Diff(want, bodies(got, true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
	if got[0].Group != "g" || got[0].Dedup == "" {
		t.Errorf("received group %q and deduplication id %q, want g and some", got[0].Group, got[0].Dedup)
	}
}

func fifoDedup(t *testing.T, on target) {
	notes, h := start[string](t, on, topic.FIFO())
	receive := h.Subscribe(t, "", 0)
	for _, dedup := range []string{"d", "d", "e"} {
		must[string](t)(notes.Publish(t.Context(), dedup, topic.Group("g"), topic.Dedup(dedup)))
	}
	for range 2 {
		must[string](t)(notes.Publish(t.Context(), "same", topic.Group("g")))
	}
	if diff := cmp.Diff([]string{"d", "e", "same", "same"}, bodies(receive(t, 4), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func fifoContent(t *testing.T, on target) {
	notes, h := start[string](t, on, topic.FIFO(), topic.DedupByContent())
	receive := h.Subscribe(t, "", 0)
	for _, text := range []string{"same", "same", "other"} {
		must[string](t)(notes.Publish(t.Context(), text, topic.Group("g")))
	}
	if diff := cmp.Diff([]string{"same", "other"}, bodies(receive(t, 2), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}
