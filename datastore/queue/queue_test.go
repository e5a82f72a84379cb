package queue_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/queue"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

type both[T any] interface {
	queue.Sender[T]
	queue.ManySender[T]
}

// driver keeps what is sent, and answers one error.
type driver struct {
	err  error
	sent []queue.Envelope
}

func (*driver) Kind() string { return "queue" }
func (*driver) Name() string { return "scripted" }
func (d *driver) OpenQueue(context.Context, *datastore.Data, queue.Spec) (queue.Conn, error) {
	return d, nil
}

func (d *driver) Send(_ context.Context, e queue.Envelope) (string, error) {
	d.sent = append(d.sent, e)
	return "id", d.err
}

func (d *driver) SendMany(_ context.Context, es []queue.Envelope) ([]string, error) {
	d.sent = append(d.sent, es...)
	return make([]string, len(es)), d.err
}

func use[T any](d *driver, opts ...queue.Option) both[T] {
	data := datastore.New([]datastore.Driver{d}, nil)
	return datastore.Use[both[T]](function("f"), queue.New[T](data, "jobs", opts...))
}

// TestRefused: what is wrong in a message is not sent.
func TestRefused(t *testing.T) {
	t.Parallel()
	d := &driver{}
	plain, fifo, delaying := use[string](d), use[string](d, queue.FIFO()), use[string](d, queue.DelayAll(time.Minute))
	group := queue.Group("g")
	var eleven []queue.SendOption
	for i := range 11 {
		eleven = append(eleven, queue.Attribute(fmt.Sprint("a", i), i))
	}
	for _, c := range []struct {
		name string
		to   both[string]
		body string
		opts []queue.SendOption
		want error
		text string
	}{
		{"nothing", plain, "", nil, datastore.ErrInvalid, "empty"},
		{"a control character", plain, "a\x00", nil, datastore.ErrInvalid, "U+0000 at byte 1"},
		{"no UTF-8", plain, "ab\xff", nil, datastore.ErrInvalid, "byte 2"},
		{"no character", plain, "\uffff", nil, datastore.ErrInvalid, "U+FFFF"},
		{"too large", plain, strings.Repeat("x", queue.MaxMessage+1), nil, datastore.ErrTooLarge, "1048577 bytes"},
		{"too large with attributes", plain, strings.Repeat("x", queue.MaxMessage-7), []queue.SendOption{queue.Attribute("a", "b")}, datastore.ErrTooLarge, "1048577 bytes"},
		{"a negative delay", plain, "x", []queue.SendOption{queue.Delay(-1)}, datastore.ErrInvalid, "delay"},
		{"a long delay", plain, "x", []queue.SendOption{queue.Delay(queue.MaxDelay + 1)}, datastore.ErrInvalid, "delay"},
		{"at once where all wait", delaying, "x", []queue.SendOption{queue.Delay(0)}, datastore.ErrInvalid, "delays all"},
		{"dedup without FIFO", plain, "x", []queue.SendOption{queue.Dedup("d")}, datastore.ErrInvalid, "queue.FIFO"},
		{"an empty group", plain, "x", []queue.SendOption{queue.Group("")}, datastore.ErrInvalid, "message group id"},
		{"a group with a space", plain, "x", []queue.SendOption{queue.Group("a b")}, datastore.ErrInvalid, "message group id"},
		{"no group", fifo, "x", nil, datastore.ErrInvalid, "queue.Group"},
		{"a delay on FIFO", fifo, "x", []queue.SendOption{group, queue.Delay(time.Second)}, datastore.ErrInvalid, "queue.DelayAll"},
		{"a long dedup", fifo, "x", []queue.SendOption{group, queue.Dedup(strings.Repeat("x", 129))}, datastore.ErrInvalid, "deduplication id"},
		{"eleven attributes", plain, "x", eleven, datastore.ErrInvalid, "11 attributes"},
		{"an attribute twice", plain, "x", []queue.SendOption{queue.Attribute("a", 1), queue.Attribute("a", 2)}, datastore.ErrInvalid, "two attributes"},
		{"a reserved attribute", plain, "x", []queue.SendOption{queue.Attribute("AWS.x", 1)}, datastore.ErrInvalid, "reserved"},
		{"an attribute with dots", plain, "x", []queue.SendOption{queue.Attribute("a..b", 1)}, datastore.ErrInvalid, "attribute name"},
		{"an empty attribute", plain, "x", []queue.SendOption{queue.Attribute("a", "")}, datastore.ErrInvalid, "empty"},
	} {
		_, err := c.to.Send(t.Context(), c.body, c.opts...)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || len(err.Error()) > 300 {
			t.Errorf("%s: error = %.400v, want %v with %q", c.name, err, c.want, c.text)
		}
		_, err = c.to.SendMany(t.Context(), []queue.Message[string]{{Body: "good", Options: []queue.SendOption{}}, {Body: c.body, Options: c.opts}})
		if c.to == plain && (!errors.Is(err, c.want) || !strings.Contains(err.Error(), "item 1")) {
			t.Errorf("%s: SendMany: error = %.400v, want %v of item 1", c.name, err, c.want)
		}
	}
	if _, err := use[func()](d).Send(t.Context(), func() {}); !errors.Is(err, datastore.ErrDeclaration) {
		t.Errorf("a message without JSON: error = %v, want %v", err, datastore.ErrDeclaration)
	}
	if len(d.sent) > 0 {
		t.Errorf("sent %+v", d.sent)
	}
}

// TestEnvelope: what a driver gets.
func TestEnvelope(t *testing.T) {
	t.Parallel()
	d := &driver{}
	content := use[string](d, queue.FIFO(), queue.DedupByContent())
	random := use[string](d, queue.FIFO())
	for _, send := range []func() (string, error){
		func() (string, error) { return use[string](d).Send(t.Context(), "x", queue.Delay(1)) },
		func() (string, error) { return content.Send(t.Context(), "x", queue.Group("g")) },
		func() (string, error) { return random.Send(t.Context(), "x", queue.Group("g")) },
		func() (string, error) { return random.Send(t.Context(), "x", queue.Group("g")) },
	} {
		if id, err := send(); err != nil || id != "id" {
			t.Fatalf("Send = %q, %v", id, err)
		}
	}
	if d.sent[0].Delay != time.Second {
		t.Errorf("a delay of 1 ns is %v, want a second", d.sent[0].Delay)
	}
	if want := "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"; d.sent[1].Dedup != want {
		t.Errorf("the deduplication id by content is %s, want SHA-256 %s", d.sent[1].Dedup, want)
	}
	if a, b := d.sent[2].Dedup, d.sent[3].Dedup; len(a) != 32 || a == b {
		t.Errorf("deduplication ids %q and %q, want two different ones", a, b)
	}
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		opt  queue.Option
		want string
	}{
		{queue.Visibility(0), "1 s to 12 h"},
		{queue.Visibility(13 * time.Hour), "1 s to 12 h"},
		{queue.Visibility(time.Second + 1), "whole seconds"},
		{queue.Retention(time.Second), "1 minute to 14 days"},
		{queue.DelayAll(time.Hour), "up to 15 minutes"},
		{queue.DeadLetter(0), "1 to 1000"},
		{queue.DeadLetter(1001), "1 to 1000"},
		{queue.DedupByContent(), "queue.FIFO()"},
		{queue.Version(0), "version of its messages; write 1 or more"},
		{queue.Version(-1), "version of its messages; write 1 or more"},
	} {
		d := &driver{}
		data := datastore.New([]datastore.Driver{d}, nil)
		jobs := datastore.Use[queue.Sender[string]](function("f"), queue.New[string](data, "jobs", c.opt))
		errs := data.Errs()
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want) || !strings.Contains(errs[0].Error(), "queue_test.go") {
			t.Errorf("Errs = %v, want one with %q and a line of this file", errs, c.want)
		}
		if _, err := jobs.Send(t.Context(), "x"); !errors.Is(err, datastore.ErrDeclaration) || len(d.sent) > 0 {
			t.Errorf("Send to a queue that is declared wrongly: error = %v, want %v", err, datastore.ErrDeclaration)
		}
	}
	data := datastore.New(nil, nil)
	got := queue.New[string](data, "jobs", queue.FIFO(), queue.DedupByContent(), queue.Idempotent(), queue.Visibility(time.Hour),
		queue.Retention(time.Hour), queue.DelayAll(time.Second), queue.DeadLetter(5), queue.Version(2)).Spec()
	want := queue.Spec{"jobs", true, true, true, time.Hour, time.Hour, time.Second, 5, 2, nil}
	if got != datastore.Spec(want) || len(data.Errs()) > 0 {
		t.Errorf("Spec = %+v, %v, want %+v", got, data.Errs(), want)
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	want := []datastore.Need{{Service: "sqs", Actions: []string{"SendMessage"}, Resource: "{name}"}}
	for _, ops := range [][]string{{"Send"}, {"SendMany"}, {"Send", "SendMany"}} {
		if diff := cmp.Diff(want, queue.Spec{Logical: "jobs"}.Needs(ops)); diff != "" {
			t.Errorf("Needs(%q) (-want +got):\n%s", ops, diff)
		}
	}
	if got := (queue.Spec{}).Needs([]string{"Else"}); got != nil {
		t.Errorf("Needs of another operation = %v, want none", got)
	}
}

// TestErrorsOfDrivers: an error that is none of a store's leaves open what happened,
// and a grant is for its function and its operations.
func TestErrorsOfDrivers(t *testing.T) {
	t.Parallel()
	d := &driver{err: errors.New("boom")}
	if _, err := use[string](d).Send(t.Context(), "x"); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Send that fails somehow: error = %v, want %v", err, datastore.ErrUnknown)
	}
	data := datastore.New([]datastore.Driver{d}, nil)
	sender := datastore.Use[queue.Sender[string]](function("f"), queue.New[string](data, "jobs"))
	_, other := sender.Send(datastore.WithFunction(t.Context(), "g"), "x")
	_, many := sender.(queue.ManySender[string]).SendMany(t.Context(), nil)
	for _, err := range []error{other, many} {
		if !errors.Is(err, datastore.ErrDenied) {
			t.Errorf("error = %v, want %v", err, datastore.ErrDenied)
		}
	}
}

// TestSendEnvelope: a tool sends without a grant, and nothing that a handle would not.
func TestSendEnvelope(t *testing.T) {
	t.Parallel()
	d := &driver{}
	data := datastore.New([]datastore.Driver{d}, nil)
	plain := queue.New[string](data, "plain").Spec().(queue.Spec)
	moves := queue.New[string](data, "moves", queue.FIFO(), queue.DedupByContent()).Spec().(queue.Spec)
	for _, c := range []struct {
		name string
		to   queue.Spec
		e    queue.Envelope
		want error
	}{
		{"a message", plain, queue.Envelope{Body: "x"}, nil},
		{"in a group", moves, queue.Envelope{Body: "x", Group: "g"}, nil},
		{"without a group", moves, queue.Envelope{Body: "x"}, datastore.ErrInvalid},
		{"nothing", plain, queue.Envelope{}, datastore.ErrInvalid},
		{"dedup without FIFO", plain, queue.Envelope{Body: "x", Dedup: "d"}, datastore.ErrInvalid},
	} {
		before := len(d.sent)
		_, err := queue.SendEnvelope(t.Context(), data, c.to, c.e)
		if !errors.Is(err, c.want) || (len(d.sent) > before) != (c.want == nil) {
			t.Errorf("%s: error = %v, want %v; %d are sent", c.name, err, c.want, len(d.sent)-before)
		}
	}
	if got := d.sent[1].Dedup; len(got) != 64 {
		t.Errorf("the deduplication id = %q, want that of the content", got)
	}
	d.err = errors.New("lost")
	if _, err := queue.SendEnvelope(t.Context(), data, plain, queue.Envelope{Body: "x"}); !errors.Is(err, datastore.ErrUnknown) || !strings.Contains(err.Error(), "queue plain") {
		t.Errorf("an answer that was lost: error = %v, want %v of queue plain", err, datastore.ErrUnknown)
	}
}

// TestVersion: each message of a queue with a version has it, beside its own attributes.
func TestVersion(t *testing.T) {
	t.Parallel()
	d := &driver{}
	data := datastore.New([]datastore.Driver{d}, nil)
	jobs := queue.New[string](data, "jobs", queue.Version(2))
	sender := datastore.Use[both[string]](function("f"), jobs)
	own := []datastore.Attribute{{Name: "a", Type: datastore.AttributeString, Value: "b"}}
	shared := append(make([]datastore.Attribute, 0, 8), own...)
	_, err1 := sender.Send(t.Context(), "x", queue.Attribute("a", "b"))
	_, err2 := sender.SendMany(t.Context(), []queue.Message[string]{{Body: "x"}})
	_, err3 := queue.SendEnvelope(t.Context(), data, jobs.Spec().(queue.Spec), queue.Envelope{Body: "x", Attributes: shared})
	if err := errors.Join(err1, err2, err3); err != nil {
		t.Fatal(err)
	}
	version := datastore.Attribute{Name: "message-version", Type: datastore.AttributeNumber, Value: "2"}
	for i, want := range [][]datastore.Attribute{append(own[:1:1], version), {version}, append(own[:1:1], version)} {
		if diff := cmp.Diff(want, d.sent[i].Attributes); diff != "" {
			t.Errorf("the attributes of message %d (-want +got):\n%s", i, diff)
		}
	}
	if got := shared[:2][1]; got.Name != "" {
		t.Errorf("the attributes that were passed are changed: %+v", got)
	}
	if _, err := sender.Send(t.Context(), "x", queue.Attribute(datastore.VersionAttribute, 1)); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("a message with a version of its own: error = %v, want %v", err, datastore.ErrInvalid)
	}
}
