package topic_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

// driver keeps what is published, and answers one error.
type driver struct {
	err  error
	sent []topic.Envelope
}

func (*driver) Kind() string { return "topic" }
func (*driver) Name() string { return "scripted" }
func (d *driver) OpenTopic(context.Context, *datastore.Data, topic.Spec) (topic.Conn, error) {
	return d, nil
}

func (d *driver) Publish(_ context.Context, e topic.Envelope) (string, error) {
	d.sent = append(d.sent, e)
	return "id", d.err
}

func (d *driver) PublishMany(_ context.Context, es []topic.Envelope) ([]string, error) {
	d.sent = append(d.sent, es...)
	return make([]string, len(es)), d.err
}

func use(d *driver, opts ...topic.Option) topic.Publisher[string] {
	data := datastore.New([]datastore.Driver{d}, nil)
	return datastore.Use[topic.Publisher[string]](function("f"), topic.New[string](data, "notes", opts...))
}

// TestRefused: what is wrong in a message is not sent.
func TestRefused(t *testing.T) {
	t.Parallel()
	d := &driver{}
	plain, fifo := use(d), use(d, topic.FIFO())
	for _, c := range []struct {
		name string
		to   topic.Publisher[string]
		body string
		opts []topic.PublishOption
		want error
		text string
	}{
		{"nothing", plain, "", nil, datastore.ErrInvalid, "empty"},
		{"a control character", plain, "\x01", nil, datastore.ErrInvalid, "U+0001"},
		{"too large", plain, strings.Repeat("x", topic.DefaultMessage+1), nil, datastore.ErrTooLarge, "topic.MaxMessage"},
		{"an empty subject", plain, "x", []topic.PublishOption{topic.Subject("")}, datastore.ErrInvalid, "subject"},
		{"a subject of two lines", plain, "x", []topic.PublishOption{topic.Subject("a\nb")}, datastore.ErrInvalid, "subject"},
		{"a subject that is not ASCII", plain, "x", []topic.PublishOption{topic.Subject("grüße")}, datastore.ErrInvalid, "subject"},
		{"a long subject", plain, "x", []topic.PublishOption{topic.Subject(strings.Repeat("x", 101))}, datastore.ErrInvalid, "subject"},
		{"dedup without FIFO", plain, "x", []topic.PublishOption{topic.Dedup("d")}, datastore.ErrInvalid, "topic.FIFO"},
		{"no group", fifo, "x", nil, datastore.ErrInvalid, "topic.Group"},
		{"no texts", plain, "x", []topic.PublishOption{topic.Attributes("a")}, datastore.ErrInvalid, "empty"},
	} {
		_, err := c.to.Publish(t.Context(), c.body, c.opts...)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || len(err.Error()) > 300 {
			t.Errorf("%s: error = %.400v, want %v with %q", c.name, err, c.want, c.text)
		}
	}
	if len(d.sent) > 0 {
		t.Errorf("sent %+v", d.sent)
	}
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	for want, opt := range map[string]topic.Option{
		"write 1024 to 1048576": topic.MaxMessage(topic.LargestMessage + 1), "topic.FIFO()": topic.DedupByContent(),
		"version of its messages; write 1 or more": topic.Version(0),
	} {
		data := datastore.New(nil, nil)
		topic.New[string](data, "notes", opt)
		errs := data.Errs()
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), want) || !strings.Contains(errs[0].Error(), "topic_test.go") {
			t.Errorf("Errs = %v, want one with %q and a line of this file", errs, want)
		}
	}
	got := topic.New[string](datastore.New(nil, nil), "notes", topic.FIFO(), topic.DedupByContent(), topic.Idempotent(), topic.MaxMessage(2048), topic.Version(3)).Spec()
	if want := (topic.Spec{"notes", true, true, true, 2048, 3, nil}); got != datastore.Spec(want) {
		t.Errorf("Spec = %+v, want %+v", got, want)
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	want := []datastore.Need{{Service: "sns", Actions: []string{"Publish"}, Resource: "{name}"}}
	for _, ops := range [][]string{{"Publish"}, {"PublishMany"}, {"Publish", "PublishMany"}} {
		if diff := cmp.Diff(want, topic.Spec{Logical: "notes"}.Needs(ops)); diff != "" {
			t.Errorf("Needs(%q) (-want +got):\n%s", ops, diff)
		}
	}
	if got := (topic.Spec{}).Needs([]string{"Else"}); got != nil {
		t.Errorf("Needs of another operation = %v, want none", got)
	}
}

func TestErrorsOfDrivers(t *testing.T) {
	t.Parallel()
	notes := use(&driver{err: errors.New("boom")})
	if _, err := notes.Publish(t.Context(), "x"); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Publish that fails somehow: error = %v, want %v", err, datastore.ErrUnknown)
	}
	if _, err := notes.(topic.ManyPublisher[string]).PublishMany(t.Context(), nil); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("PublishMany without its grant: error = %v, want %v", err, datastore.ErrDenied)
	}
}

// TestPublishEnvelope: a tool publishes without a grant, and nothing that a handle
// would not.
func TestPublishEnvelope(t *testing.T) {
	t.Parallel()
	d := &driver{}
	data := datastore.New([]datastore.Driver{d}, nil)
	fifo := topic.New[string](data, "notes", topic.FIFO()).Spec().(topic.Spec)
	if id, err := topic.PublishEnvelope(t.Context(), data, fifo, topic.Envelope{Body: "x", Group: "g", Subject: "s"}); err != nil || id != "id" || d.sent[0].Dedup == "" {
		t.Errorf("PublishEnvelope = %q, %v and sent %+v, want an id and a deduplication id", id, err, d.sent)
	}
	for name, e := range map[string]topic.Envelope{
		"no group":       {Body: "x"},
		"a long subject": {Body: "x", Group: "g", Subject: strings.Repeat("x", 101)},
	} {
		if _, err := topic.PublishEnvelope(t.Context(), data, fifo, e); !errors.Is(err, datastore.ErrInvalid) || len(d.sent) != 1 {
			t.Errorf("%s: error = %v, want %v", name, err, datastore.ErrInvalid)
		}
	}
	d.err = errors.New("lost")
	if _, err := topic.PublishEnvelope(t.Context(), data, fifo, topic.Envelope{Body: "x", Group: "g"}); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("an answer that was lost: error = %v, want %v", err, datastore.ErrUnknown)
	}
}

// TestVersion: each message of a topic with a version has it.
func TestVersion(t *testing.T) {
	t.Parallel()
	d := &driver{}
	if _, err := use(d, topic.Version(2)).Publish(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if want := (datastore.Attribute{Name: "message-version", Type: datastore.AttributeNumber, Value: "2"}); len(d.sent[0].Attributes) != 1 || d.sent[0].Attributes[0] != want {
		t.Errorf("the attributes = %+v, want %+v", d.sent[0].Attributes, want)
	}
}
