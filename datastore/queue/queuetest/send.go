package queuetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

var sendRules = []rule{
	{"send", "a message arrives as its JSON, HTML not escaped, with the id that Send answered", send},
	{"send/text", "text arrives as it is", sendText},
	{"send/wide", "all of Unicode arrives", sendWide},
	{"send/bytes", "bytes that are text arrive as they are", sendBytes},
	{"send/largest", "1 MiB is taken, attributes counted in", sendLargest},
	{"send/attributes", "attributes arrive with their types", sendAttributes},
	{"send/group", "a standard queue takes message groups", sendGroup},
	{"send/delay", "a delayed message does not arrive before its time", sendDelay},
	{"send/delay-all", "a queue delays all messages that do not say otherwise", sendDelayAll},
	{"send/cancelled", "a context that has ended sends nothing", sendCancelled},
}

func send(t *testing.T, on target) {
	jobs, h := start[Job](t, on)
	id := must[string](t)(jobs.Send(t.Context(), Job{Text: "<b> & \u00e9", Tags: []string{"a"}}))
	want := []Received{{ID: id, Body: `{"text":"<b> & é","tags":["a"]}`}}
	if diff := cmp.Diff(want, h.Receive(t, 1)); diff != "" || id == "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func sendText(t *testing.T, on target) {
	jobs, h := start[string](t, on)
	text := " not json <&>\t\r\n\u2028\ufffd"
	must[string](t)(jobs.Send(t.Context(), text))
	if diff := cmp.Diff([]string{text}, bodies(h.Receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func sendWide(t *testing.T, on target) {
	jobs, h := start[string](t, on)
	text := "\U0001f600\U0010ffff"
	_, err := jobs.Send(t.Context(), text)
	if on.has(NarrowText) {
		if !errors.Is(err, datastore.ErrDeclaration) {
			t.Errorf("Send of wide characters to a server that refuses them: error = %v, want %v", err, datastore.ErrDeclaration)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{text}, bodies(h.Receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func sendBytes(t *testing.T, on target) {
	jobs, h := start[[]byte](t, on)
	must[string](t)(jobs.Send(t.Context(), []byte("bytes")))
	if diff := cmp.Diff([]string{"bytes"}, bodies(h.Receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func sendLargest(t *testing.T, on target) {
	jobs, h := start[string](t, on)
	attribute := datastore.Attribute{Name: "a", Type: "String", Value: "b"}
	text := strings.Repeat("x", queue.MaxMessage-attribute.Size())
	must[string](t)(jobs.Send(t.Context(), text, queue.Attribute("a", "b")))
	if got := h.Receive(t, 1); got[0].Body != text {
		t.Errorf("received %d bytes, want the %d that were sent", len(got[0].Body), len(text))
	}
}

func sendAttributes(t *testing.T, on target) {
	jobs, h := start[string](t, on)
	type tenant string
	must[string](t)(jobs.Send(t.Context(), "x",
		queue.Attribute("text", tenant("grüße")), queue.Attribute("integer", -12), queue.Attribute("large", uint64(1<<63)),
		queue.Attribute("real", 0.5), queue.Attribute("bytes.raw", []byte{0, 255})))
	got := h.Receive(t, 1)[0].Attributes
	slices.SortFunc(got, func(a, b datastore.Attribute) int { return strings.Compare(a.Name, b.Name) })
	if diff := cmp.Diff([]datastore.Attribute{
		{Name: "bytes.raw", Type: datastore.AttributeBinary, Value: "\x00\xff"},
		{Name: "integer", Type: datastore.AttributeNumber, Value: "-12"},
		{Name: "large", Type: datastore.AttributeNumber, Value: "9223372036854775808"},
		{Name: "real", Type: datastore.AttributeNumber, Value: "0.5"},
		{Name: "text", Type: datastore.AttributeString, Value: "grüße"},
	}, got); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func sendGroup(t *testing.T, on target) {
	jobs, h := start[string](t, on)
	must[string](t)(jobs.Send(t.Context(), "x", queue.Group("tenant-1")))
	want := "tenant-1"
	if on.has(GroupLost) {
		want = ""
	}
	if got := h.Receive(t, 1)[0].Group; got != want {
		t.Errorf("received a message of group %q, want %q", got, want)
	}
}

func sendDelay(t *testing.T, on target) {
	jobs, h := start[string](t, on)
	must[string](t)(jobs.Send(t.Context(), "late", queue.Delay(queue.MaxDelay)))
	must[string](t)(jobs.Send(t.Context(), "now"))
	if diff := cmp.Diff([]string{"now"}, bodies(h.Receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}

func sendDelayAll(t *testing.T, on target) {
	jobs, h := start[string](t, on, queue.DelayAll(queue.MaxDelay))
	must[string](t)(jobs.Send(t.Context(), "late"))
	must[string](t)(jobs.Send(t.Context(), "soon", queue.Delay(time.Second)))
	if diff := cmp.Diff([]string{"soon"}, bodies(h.Receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
	if _, err := jobs.Send(t.Context(), "now", queue.Delay(0)); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("Send without a delay: error = %v, want %v", err, datastore.ErrInvalid)
	}
}

func sendCancelled(t *testing.T, on target) {
	jobs, h := start[string](t, on)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := jobs.Send(ctx, "late"); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("Send in a context that has ended: error = %v, want %v", err, datastore.ErrNoBudget)
	}
	if _, err := jobs.SendMany(ctx, []queue.Message[string]{{Body: "late"}}); !errors.Is(err, datastore.ErrNoBudget) {
		t.Errorf("SendMany in a context that has ended: error = %v, want %v", err, datastore.ErrNoBudget)
	}
	must[string](t)(jobs.Send(t.Context(), "next"))
	if diff := cmp.Diff([]string{"next"}, bodies(h.Receive(t, 1), true)); diff != "" {
		t.Errorf("received (-want +got):\n%s", diff)
	}
}
