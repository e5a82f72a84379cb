package blob

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Event tells that an object was stored or removed. Events may come twice, and out
// of order: those of one key are ordered by Sequencer.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
type Event struct {
	Key     string
	Removed bool   // else it was stored
	Size    int64  // bytes; 0 of one that was removed
	ETag    string // with its quotes, as [Object] has it; "" of one that was removed
	Version string // of a bucket with versions; else ""
	// Sequencer orders the events of a key: the later one is greater. "" where S3
	// gives none.
	Sequencer string
	Time      time.Time
}

// Events are what happens to the objects of a bucket: a function works them off
// with tier.On.
type Events struct{ feed datastore.Feed }

var _ datastore.Source[Event] = (*Events)(nil)

// The events of EventBridge.
const (
	eventCreated = "Object Created"
	eventRemoved = "Object Deleted"
)

// Created tells of objects that were stored, under the prefix of the bucket's
// scope:
//
//	tier.On(resize, photos.Under("in/").Created(), func(ctx context.Context, e blob.Event) error { ... })
//
// A function that stores objects under the prefix that it works off starts itself
// again and again; give it another prefix for its results.
func (b *Bucket) Created() *Events { return b.events(eventCreated) }

// Removed tells of objects that were deleted, by a request or by a rule of the
// bucket's life cycle.
func (b *Bucket) Removed() *Events { return b.events(eventRemoved) }

// Changed tells of objects that were stored or deleted.
func (b *Bucket) Changed() *Events { return b.events(eventCreated, eventRemoved) }

func (b *Bucket) events(names ...string) *Events {
	return &Events{datastore.Feed{Spec: b.spec, Service: "s3", Events: names, Prefix: b.spec.Prefix}}
}

// Feed says which events.
func (e *Events) Feed() datastore.Feed { return e.feed }

// Decoder is for tier.On.
func (e *Events) Decoder() func(*datastore.Record, *Event) error { return decodeEvent }

// notice is an event as EventBridge delivers it, and a record as S3 itself does.
type notice struct {
	// of EventBridge
	DetailType string    `json:"detail-type"`
	Time       time.Time `json:"time"`
	Detail     struct {
		Object struct {
			Key       string `json:"key"`
			Size      int64  `json:"size"`
			ETag      string `json:"etag"`
			Version   string `json:"version-id"`
			Sequencer string `json:"sequencer"`
		} `json:"object"`
	} `json:"detail"`

	// of S3
	EventName string    `json:"eventName"`
	EventTime time.Time `json:"eventTime"`
	S3        *struct {
		Object struct {
			Key       string `json:"key"`
			Size      int64  `json:"size"`
			ETag      string `json:"eTag"`
			Version   string `json:"versionId"`
			Sequencer string `json:"sequencer"`
		} `json:"object"`
	} `json:"s3"`
}

func decodeEvent(r *datastore.Record, e *Event) error {
	var n notice
	d := json.NewDecoder(bytes.NewReader(r.Data))
	if err := d.Decode(&n); err != nil {
		return corrupt(fmt.Errorf("is not an event of S3: %w", err))
	}
	return n.read(e)
}

// UnmarshalJSON reads an event as S3 and EventBridge put it into a queue, so that a
// queue.Queue[Event] can be filled by a bucket that is not of this application; and
// as encoding/json writes one. A notification of several objects is refused: S3 sends
// one of each.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
func (e *Event) UnmarshalJSON(text []byte) error {
	var n struct {
		Records []json.RawMessage
		notice
	}
	if err := json.Unmarshal(text, &n); err != nil {
		return err
	}
	switch {
	case len(n.Records) == 1:
		if err := json.Unmarshal(n.Records[0], &n.notice); err != nil {
			return err
		}
		return n.read(e)
	case n.Records != nil:
		return fmt.Errorf("the notification of S3 is of %d objects, want one", len(n.Records))
	case n.DetailType != "":
		return n.read(e)
	}
	type plain Event
	if err := json.Unmarshal(text, (*plain)(e)); err != nil {
		return err
	}
	return e.check()
}

// read makes an event of what came.
func (n *notice) read(e *Event) error {
	if n.S3 == nil {
		o := &n.Detail.Object
		*e = Event{Key: o.Key, Removed: n.DetailType == eventRemoved, Size: o.Size, ETag: quoted(o.ETag),
			Version: o.Version, Sequencer: o.Sequencer, Time: n.Time}
		return e.check()
	}
	o := &n.S3.Object
	key, err := url.QueryUnescape(o.Key) // S3 writes it as in a form
	if err != nil {
		return corrupt(errors.New("the key is not encoded as S3 does"))
	}
	*e = Event{Key: key, Removed: removed(n.EventName), Size: o.Size, ETag: quoted(o.ETag),
		Version: o.Version, Sequencer: o.Sequencer, Time: n.EventTime}
	return e.check()
}

// removed reports whether an event of S3 tells that an object was deleted: by a
// request, or by a rule of the bucket's life cycle.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
func removed(name string) bool {
	name = strings.TrimPrefix(name, "s3:")
	return strings.HasPrefix(name, "ObjectRemoved:") || strings.HasPrefix(name, "LifecycleExpiration:")
}

func (e *Event) check() error {
	if e.Key == "" {
		return corrupt(errors.New("names no object"))
	}
	return nil
}

// quoted is an ETag as HTTP has it: events have it without quotes.
func quoted(etag string) string {
	if etag == "" || strings.HasPrefix(etag, `"`) {
		return etag
	}
	return `"` + etag + `"`
}

func corrupt(err error) error {
	return &datastore.Error{Store: "blob", Op: "decode", Kind: datastore.ErrCorrupt, Err: err}
}
