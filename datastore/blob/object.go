package blob

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Info is what is known of an object.
type Info struct {
	Key  string `json:"key"`
	Size int64  `json:"size"` // of the whole object, in bytes
	// ETag changes when the object does. It is to be compared as it is, with its
	// quotes, and is no hash of the content in general.
	ETag string `json:"etag"`
	// Modified is when it was stored, to the second.
	Modified time.Time `json:"modified,omitzero"`
	Attributes
}

// Attributes are what is stored beside the content of an object and sent along
// with it. Metadata has names in lower case; it is never nil in what is read.
type Attributes struct {
	ContentType        string            `json:"contentType,omitempty"` // "application/octet-stream" if it was not given
	CacheControl       string            `json:"cacheControl,omitempty"`
	ContentDisposition string            `json:"contentDisposition,omitempty"`
	ContentEncoding    string            `json:"contentEncoding,omitempty"`
	ContentLanguage    string            `json:"contentLanguage,omitempty"`
	Metadata           map[string]string `json:"metadata,omitempty"`
}

// DefaultContentType is that of objects that were stored without one.
const DefaultContentType = "application/octet-stream"

// Object is an object that is being read. It must be closed. The context it was
// got with ends its reading too. It is for one goroutine.
type Object struct {
	Info
	// Offset and Length are what is read: the whole object, or the part that was
	// asked for.
	Offset, Length int64
	// NotModified says that the object is the one of [IfNoneMatch]. There is
	// nothing to read; of Info, Key and ETag are set.
	NotModified bool

	ctx  context.Context
	body io.ReadCloser // nil for nothing
	left int64
	fail func(error) error // gives an error its store
	err  error             // the end
}

var _ io.ReadCloser = (*Object)(nil)

// Read reads the object's bytes. io.EOF is answered only after all of them came:
// a body that ends before is [datastore.ErrUnavailable], and one that does not
// fit its checksum [datastore.ErrCorrupt], which shows at its end.
func (o *Object) Read(p []byte) (int, error) {
	if o.err == nil && o.body == nil {
		o.err = io.EOF
	}
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.body.Read(p)
	o.left -= int64(n)
	switch {
	case err == nil && o.left >= 0:
		return n, nil
	case err == io.EOF && o.left == 0:
		o.err = io.EOF
	case o.ctx.Err() != nil:
		o.err = o.fail(&datastore.Error{Kind: datastore.ErrNoBudget, Err: o.ctx.Err()})
	case o.left < 0:
		o.err = o.fail(&datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("more than the %d bytes came that were announced", o.Length)})
	case err == io.EOF:
		o.err = o.fail(&datastore.Error{Kind: datastore.ErrUnavailable, Err: fmt.Errorf("the body ended %d bytes before its end: %w", o.left, io.ErrUnexpectedEOF)})
	default:
		o.err = o.fail(&datastore.Error{Kind: handle.KindOf(err, datastore.ErrUnavailable), Err: err})
	}
	return n, o.err
}

// Close ends the reading. It can be called at any time and again.
func (o *Object) Close() error {
	body := o.body
	o.body = nil
	if o.err == nil {
		o.err = o.fail(&datastore.Error{Kind: datastore.ErrInvalid, Err: errClosed})
	}
	if body == nil {
		return nil
	}
	return body.Close()
}

var errClosed = fmt.Errorf("the object is closed")

// ReadAll reads an object of at most limit bytes into memory. A larger one is
// [datastore.ErrTooLarge], before it is read.
func ReadAll(ctx context.Context, files Getter, key string, limit int64, opts ...GetOption) (_ []byte, info Info, err error) {
	o, err := files.Get(ctx, key, opts...)
	if err != nil {
		return nil, Info{}, err
	}
	defer o.Close()
	if o.Length > limit {
		return nil, o.Info, o.fail(&datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf(
			"there are %d bytes to read, more than the %d that were allowed", o.Length, limit)})
	}
	data := make([]byte, o.Length)
	if _, err := io.ReadFull(o, data); err != nil {
		return nil, o.Info, err
	}
	// The end tells whether the checksum fits.
	if _, err := o.Read(make([]byte, 1)); err != io.EOF {
		return nil, o.Info, err
	}
	return data, o.Info, nil
}
