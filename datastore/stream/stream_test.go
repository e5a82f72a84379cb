package stream_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

type function string

func (f function) FunctionName() string    { return string(f) }
func (function) AddGrant(*datastore.Grant) {}

// driver keeps what is written, and answers one error.
type driver struct {
	err  error
	sent []stream.Envelope
}

func (*driver) Kind() string { return "stream" }
func (*driver) Name() string { return "scripted" }
func (d *driver) OpenStream(context.Context, *datastore.Data, stream.Spec) (stream.Conn, error) {
	return d, nil
}

func (d *driver) Put(_ context.Context, e stream.Envelope) (stream.Place, error) {
	d.sent = append(d.sent, e)
	return stream.Place{Shard: "s", Sequence: "1"}, d.err
}

func (d *driver) PutMany(_ context.Context, es []stream.Envelope) ([]stream.Place, error) {
	d.sent = append(d.sent, es...)
	return make([]stream.Place, len(es)), d.err
}

func use(d *driver, opts ...stream.Option) stream.Writer[string] {
	data := datastore.New([]datastore.Driver{d}, nil)
	return datastore.Use[stream.Writer[string]](function("f"), stream.New[string](data, "clicks", opts...))
}

// TestRefused: what is wrong in a record is not sent.
func TestRefused(t *testing.T) {
	t.Parallel()
	d := &driver{}
	clicks := use(d)
	for _, c := range []struct {
		name, key, body string
		opts            []stream.PutOption
		want            error
		text            string
	}{
		{"no key", "", "x", nil, datastore.ErrInvalid, "partition key"},
		{"a long key", strings.Repeat("ü", 257), "x", nil, datastore.ErrInvalid, "256 characters"},
		{"a key that is no UTF-8", "\xff", "x", nil, datastore.ErrInvalid, "UTF-8"},
		{"too large", "k", strings.Repeat("x", stream.DefaultRecord), nil, datastore.ErrTooLarge, "stream.MaxRecord"},
		{"an empty hash", "k", "x", []stream.PutOption{stream.HashKey("")}, datastore.ErrInvalid, "hash key"},
		{"a hash in hex", "k", "x", []stream.PutOption{stream.HashKey("ff")}, datastore.ErrInvalid, "hash key"},
		{"a hash with zeros", "k", "x", []stream.PutOption{stream.HashKey("07")}, datastore.ErrInvalid, "hash key"},
		{"a large hash", "k", "x", []stream.PutOption{stream.HashKey("340282366920938463463374607431768211456")}, datastore.ErrInvalid, "2^128-1"},
	} {
		_, err := clicks.Put(t.Context(), c.key, c.body, c.opts...)
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || len(err.Error()) > 300 {
			t.Errorf("%s: error = %.400v, want %v with %q", c.name, err, c.want, c.text)
		}
	}
	if len(d.sent) > 0 {
		t.Errorf("sent %+v", d.sent)
	}
	if _, err := clicks.Put(t.Context(), strings.Repeat("ü", 256), "x", stream.HashKey("340282366920938463463374607431768211455")); err != nil {
		t.Errorf("the longest key and the greatest hash: %v", err)
	}
}

func TestDeclarations(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		opt  stream.Option
		want string
	}{
		{stream.Shards(0), "1 or more"},
		{stream.Shards(-2), "1 or more"},
		{stream.Retention(time.Hour), "24 h to 365 days"},
		{stream.Retention(25*time.Hour + time.Minute), "whole hours"},
		{stream.MaxRecord(1), "1 to 10 MiB"},
		{stream.MaxRecord(2<<20 + 1), "whole KiB"},
	} {
		data := datastore.New(nil, nil)
		stream.New[string](data, "clicks", c.opt)
		errs := data.Errs()
		if len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want) || !strings.Contains(errs[0].Error(), "stream_test.go") {
			t.Errorf("Errs = %v, want one with %q and a line of this file", errs, c.want)
		}
	}
	got := stream.New[string](datastore.New(nil, nil), "clicks", stream.Shards(2), stream.Retention(48*time.Hour), stream.MaxRecord(2<<20), stream.Idempotent()).Spec()
	if want := (stream.Spec{"clicks", 2, 48 * time.Hour, 2 << 20, true, nil}); got != datastore.Spec(want) {
		t.Errorf("Spec = %+v, want %+v", got, want)
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		ops, actions []string
	}{
		{[]string{"Put"}, []string{"PutRecord"}},
		{[]string{"PutMany"}, []string{"PutRecords"}},
		{[]string{"PutMany", "Put"}, []string{"PutRecord", "PutRecords"}},
	} {
		want := []datastore.Need{{Service: "kinesis", Actions: c.actions, Resource: "stream/{name}"}}
		if diff := cmp.Diff(want, stream.Spec{Logical: "clicks"}.Needs(c.ops)); diff != "" {
			t.Errorf("Needs(%q) (-want +got):\n%s", c.ops, diff)
		}
	}
	if got := (stream.Spec{}).Needs([]string{"Else"}); got != nil {
		t.Errorf("Needs of another operation = %v, want none", got)
	}
}

func TestErrorsOfDrivers(t *testing.T) {
	t.Parallel()
	clicks := use(&driver{err: errors.New("boom")})
	if _, err := clicks.Put(t.Context(), "k", "x"); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("Put that fails somehow: error = %v, want %v", err, datastore.ErrUnknown)
	}
	if _, err := clicks.(stream.ManyWriter[string]).PutMany(t.Context(), nil); !errors.Is(err, datastore.ErrDenied) {
		t.Errorf("PutMany without its grant: error = %v, want %v", err, datastore.ErrDenied)
	}
}

// TestPutEnvelope: a tool writes without a grant, and nothing that a handle would not.
func TestPutEnvelope(t *testing.T) {
	t.Parallel()
	d := &driver{}
	data := datastore.New([]datastore.Driver{d}, nil)
	clicks := stream.New[string](data, "clicks").Spec().(stream.Spec)
	if place, err := stream.PutEnvelope(t.Context(), data, clicks, stream.Envelope{Key: "k", Body: []byte("x")}); err != nil || place.Sequence != "1" {
		t.Errorf("PutEnvelope = %+v, %v, want sequence 1", place, err)
	}
	for name, e := range map[string]stream.Envelope{
		"no key":     {Body: []byte("x")},
		"a bad hash": {Key: "k", HashKey: "01", Body: []byte("x")},
	} {
		if _, err := stream.PutEnvelope(t.Context(), data, clicks, e); !errors.Is(err, datastore.ErrInvalid) || len(d.sent) != 1 {
			t.Errorf("%s: error = %v, want %v", name, err, datastore.ErrInvalid)
		}
	}
	d.err = errors.New("lost")
	if _, err := stream.PutEnvelope(t.Context(), data, clicks, stream.Envelope{Key: "k", Body: []byte("x")}); !errors.Is(err, datastore.ErrUnknown) {
		t.Errorf("an answer that was lost: error = %v, want %v", err, datastore.ErrUnknown)
	}
}
