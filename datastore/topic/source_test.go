package topic_test

import (
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/topic"
)

// A record is the message as it was sent: bytes and texts as they are, all else JSON,
// which needs no decoder.
func TestSource(t *testing.T) {
	t.Parallel()
	data := datastore.New(nil, nil)
	r := &datastore.Record{Data: []byte("\x00 text")}
	var b []byte
	if err := topic.New[[]byte](data, "bytes").Decoder()(r, &b); err != nil || string(b) != "\x00 text" {
		t.Errorf("bytes: %q, %v", b, err)
	}
	var s string
	if err := topic.New[string](data, "texts").Decoder()(r, &s); err != nil || s != "\x00 text" {
		t.Errorf("text: %q, %v", s, err)
	}
	type job struct{ ID string }
	source := topic.New[job](data, "jobs")
	if source.Decoder() != nil {
		t.Error("JSON has a decoder")
	}
	if f := source.Feed(); f.Service != "sns" || f.Spec.Kind() != "topic" || f.Spec.Name() != "jobs" || f.FIFO {
		t.Errorf("Feed() = %+v", f)
	}
	filtered := source.Where(`{"country":["de"]}`)
	if f := filtered.Feed(); f.Filter != `{"country":["de"]}` || f.FilterBody || filtered.Decoder() != nil {
		t.Errorf("Feed() of some = %+v", f)
	}
	if f := source.WhereBody(`{"country":["de"]}`).Feed(); !f.FilterBody {
		t.Errorf("Feed() of some bodies = %+v", f)
	}
	if errs := data.Errs(); len(errs) > 0 {
		t.Fatal(errs)
	}
	source.Where(`{"country":"de"}`)
	if errs := data.Errs(); len(errs) != 1 || !strings.Contains(errs[0].Error(), "topic jobs: Where: ") {
		t.Errorf("a wrong policy: %v", errs)
	}
}
