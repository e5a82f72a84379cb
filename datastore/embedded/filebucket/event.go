package filebucket

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Event tells that an object was stored or removed, as S3 does.
//
// See https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
type Event struct {
	// Name without "s3:": "ObjectCreated:Put", "ObjectCreated:Post",
	// "ObjectCreated:Copy" or "ObjectRemoved:Delete".
	Name      string
	Namespace string // of the Data
	Bucket    string // logical name
	Key       string
	Size      int64  // 0 if it was removed
	ETag      string // with its quotes; "" if it was removed
	Time      time.Time
}

// Watch has f called after each change that this process makes, one after the
// other for each writer and before the writer is answered. Any number may watch. The
// function that it returns ends it.
func (d *Driver) Watch(f func(Event)) (stop func()) { return d.watchers.add(f) }

// watchers are who is told of events, read without a lock by each write.
type watchers struct {
	mu  sync.Mutex // of those who change all
	all atomic.Pointer[[]*func(Event)]
}

func (w *watchers) add(f func(Event)) (remove func()) {
	own := &f
	w.change(func(all []*func(Event)) []*func(Event) { return append(all, own) })
	return func() {
		w.change(func(all []*func(Event)) []*func(Event) {
			return slices.DeleteFunc(all, func(f *func(Event)) bool { return f == own })
		})
	}
}

// change puts what do makes of a copy in the place of all.
func (w *watchers) change(do func([]*func(Event)) []*func(Event)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := do(slices.Clone(w.load()))
	w.all.Store(&all)
}

func (w *watchers) load() []*func(Event) {
	if all := w.all.Load(); all != nil {
		return *all
	}
	return nil
}

func (b *bucket) tell(name, key string, size int64, etag string) {
	watching := b.driver.watchers.load()
	if len(watching) == 0 {
		return
	}
	e := Event{
		Name: name, Namespace: b.data.Namespace(), Bucket: b.spec.Logical,
		Key: key, Size: size, ETag: etag, Time: b.data.Now(),
	}
	for _, f := range watching {
		(*f)(e)
	}
}
