package stream_test

import (
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// A record is the message as it was sent: bytes and texts as they are, all else JSON,
// which needs no decoder.
func TestSource(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	r := &datastore.Record{Data: []byte("\x00 text")}
	var b []byte
	if err := stream.New[[]byte](data, "bytes").Decoder()(r, &b); err != nil || string(b) != "\x00 text" {
		t.Errorf("bytes: %q, %v", b, err)
	}
	var s string
	if err := stream.New[string](data, "texts").Decoder()(r, &s); err != nil || s != "\x00 text" {
		t.Errorf("text: %q, %v", s, err)
	}
	type job struct{ ID string }
	source := stream.New[job](data, "jobs")
	if source.Decoder() != nil {
		t.Error("JSON has a decoder")
	}
	if f := source.Feed(); f.Service != "kinesis" || f.Spec.Kind() != "stream" || f.Spec.Name() != "jobs" || f.FIFO {
		t.Errorf("Feed() = %+v", f)
	}
}
