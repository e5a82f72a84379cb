package blob_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// Which events a source has delivered.
func TestFeed(t *testing.T) {
	t.Parallel()
	photos := blob.New(datastore.New(nil, nil), "photos")
	for _, tt := range []struct {
		source *blob.Events
		events []string
		prefix string
	}{
		{photos.Created(), []string{"Object Created"}, ""},
		{photos.Removed(), []string{"Object Deleted"}, ""},
		{photos.Under("in/").Changed(), []string{"Object Created", "Object Deleted"}, "in/"},
	} {
		f := tt.source.Feed()
		if f.Service != "s3" || f.Spec.Name() != "photos" || !reflect.DeepEqual(f.Events, tt.events) || f.Prefix != tt.prefix || f.FIFO {
			t.Errorf("Feed() = %+v, want %v under %q", f, tt.events, tt.prefix)
		}
	}
}

func TestEvent(t *testing.T) {
	t.Parallel()
	decode := blob.New(datastore.New(nil, nil), "photos").Created().Decoder()
	at := time.Date(2021, 11, 12, 21, 42, 5, 0, time.UTC)
	s3 := func(name, object string) string {
		return fmt.Sprintf(`{"eventSource":"aws:s3","eventTime":"2021-11-12T21:42:05.000Z","eventName":%q,"s3":{"bucket":{"name":"b"},"object":%s}}`, name, object)
	}
	bridge := func(name, object string) string {
		return fmt.Sprintf(`{"source":"aws.s3","time":"2021-11-12T21:42:05Z","detail-type":%q,"detail":{"bucket":{"name":"b"},"object":%s}}`, name, object)
	}
	for _, tt := range []struct {
		name, data string
		want       blob.Event // zero for an error
	}{
		{"T219, S3E-01: S3 encodes keys as in a form", s3("ObjectCreated:Put", `{"key":"my+file%2Bv1%28a%29.txt","size":1024,"eTag":"d41d8cd98f00b204e9800998ecf8427e","sequencer":"0A1B"}`),
			blob.Event{Key: "my file+v1(a).txt", Size: 1024, ETag: `"d41d8cd98f00b204e9800998ecf8427e"`, Sequencer: "0A1B", Time: at}},
		{"T220, S3E-01: one that was removed has no size and no ETag", s3("ObjectRemoved:Delete", `{"key":"a","versionId":"v1","sequencer":"0A1C"}`),
			blob.Event{Key: "a", Removed: true, Version: "v1", Sequencer: "0A1C", Time: at}},
		{"removed by a life cycle", s3("LifecycleExpiration:Delete", `{"key":"a"}`), blob.Event{Key: "a", Removed: true, Time: at}},
		{"a name with its service", s3("s3:ObjectRemoved:DeleteMarkerCreated", `{"key":"a"}`), blob.Event{Key: "a", Removed: true, Time: at}},
		{"S3E-02: EventBridge does not encode them", bridge("Object Created", `{"key":"my+file%2Bv1 (a).txt","size":5,"etag":"b1946ac92492d2347c6235b4d2611184","version-id":"v2","sequencer":"617f08299329d189"}`),
			blob.Event{Key: "my+file%2Bv1 (a).txt", Size: 5, ETag: `"b1946ac92492d2347c6235b4d2611184"`, Version: "v2", Sequencer: "617f08299329d189", Time: at}},
		{"removed, by EventBridge", bridge("Object Deleted", `{"key":"é/ü","sequencer":"617F"}`), blob.Event{Key: "é/ü", Removed: true, Sequencer: "617F", Time: at}},
		{"more than 32 bits", bridge("Object Created", `{"key":"a","size":5497558138880}`), blob.Event{Key: "a", Size: 5 << 40, Time: at}},
		{"no key", s3("ObjectCreated:Put", `{}`), blob.Event{}},
		{"no key, by EventBridge", bridge("Object Created", `{}`), blob.Event{}},
		{"a wrong encoding", s3("ObjectCreated:Put", `{"key":"%zz"}`), blob.Event{}},
		{"another type", s3("ObjectCreated:Put", `{"key":7}`), blob.Event{}},
		{"no JSON", `{`, blob.Event{}},
		{"nothing", ``, blob.Event{}},
	} {
		var got blob.Event
		err := decode(&datastore.Record{Data: []byte(tt.data)}, &got)
		if tt.want == (blob.Event{}) {
			if !errors.Is(err, datastore.ErrCorrupt) {
				t.Errorf("%s: %+v, %v, want %v", tt.name, got, err, datastore.ErrCorrupt)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

// TestEventInQueue: SQS-05, S3E-01, S3E-03: a queue that a bucket fills, itself or by
// EventBridge, has events; what is none is not an event of nothing.
func TestEventInQueue(t *testing.T) {
	t.Parallel()
	at := time.Date(2021, 11, 12, 21, 42, 5, 0, time.UTC)
	record := `{"eventSource":"aws:s3","eventTime":"2021-11-12T21:42:05.000Z","eventName":"ObjectCreated:Put","s3":{"object":{"key":"a+b%2B","size":3,"eTag":"x"}}}`
	want := blob.Event{Key: "a b+", Size: 3, ETag: `"x"`, Time: at}
	written, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, body string
		want       blob.Event // zero for an error
	}{
		{"a notification", `{"Records":[` + record + `]}`, want},
		{"an event of EventBridge", `{"source":"aws.s3","time":"2021-11-12T21:42:05Z","detail-type":"Object Deleted","detail":{"object":{"key":"a+b"}}}`, blob.Event{Key: "a+b", Removed: true, Time: at}},
		{"what a sender wrote", string(written), want},
		{"two objects", `{"Records":[` + record + `,` + record + `]}`, blob.Event{}},
		{"no object", `{"Records":[]}`, blob.Event{}},
		{"a record of nothing", `{"Records":[{}]}`, blob.Event{}},
		{"a record that is none", `{"Records":[7]}`, blob.Event{}},
		{"something else", `{"id":"7"}`, blob.Event{}},
		{"no JSON", `{`, blob.Event{}},
	} {
		var got blob.Event
		err := json.Unmarshal([]byte(tt.body), &got)
		if refused := err != nil; refused != (tt.want == blob.Event{}) || !refused && got != tt.want {
			t.Errorf("%s: %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

// FuzzEvent: whatever S3 is said to have written, there is a key or a corrupt event.
func FuzzEvent(f *testing.F) {
	f.Add([]byte(`{"eventName":"ObjectCreated:Put","s3":{"object":{"key":"a+b%2F","size":1}}}`))
	f.Add([]byte(`{"detail-type":"Object Deleted","time":"2021-11-12T21:42:05Z","detail":{"object":{"key":"a"}}}`))
	decode := blob.New(datastore.New(nil, nil), "photos").Changed().Decoder()
	f.Fuzz(func(t *testing.T, data []byte) {
		var e, queued blob.Event
		if err := json.Unmarshal(data, &queued); err == nil && queued.Key == "" && string(bytes.TrimSpace(data)) != "null" {
			t.Errorf("%q in a queue: %+v", data, queued)
		}
		switch err := decode(&datastore.Record{Data: data}, &e); {
		case err != nil && !errors.Is(err, datastore.ErrCorrupt):
			t.Errorf("%q: %v", data, err)
		case err == nil && (e.Key == "" || e.ETag != "" && !strings.HasPrefix(e.ETag, `"`)):
			t.Errorf("%q: %+v", data, e)
		}
	})
}
