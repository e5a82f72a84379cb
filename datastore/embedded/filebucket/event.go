package filebucket

import "time"

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
// other for each writer and before the writer is answered. nil ends it.
func (d *Driver) Watch(f func(Event)) {
	if f == nil {
		d.watch.Store(nil)
		return
	}
	d.watch.Store(&f)
}

func (b *bucket) tell(name, key string, size int64, etag string) {
	if f := b.driver.watch.Load(); f != nil {
		(*f)(Event{
			Name: name, Namespace: b.data.Namespace(), Bucket: b.spec.Logical,
			Key: key, Size: size, ETag: etag, Time: b.data.Now(),
		})
	}
}
