package filebucket

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"maps"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// bucket is one bucket as one Data uses it.
type bucket struct {
	driver *Driver
	data   *datastore.Data
	spec   blob.Spec
	shelf  shelf
}

var _ blob.Conn = (*bucket)(nil)

// usable refuses what comes too late.
func (b *bucket) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &datastore.Error{Kind: datastore.ErrNoBudget, Err: err}
	}
	b.driver.mu.Lock()
	defer b.driver.mu.Unlock()
	if b.driver.closed {
		return unavailable(errClosed)
	}
	return nil
}

// ours leaves nothing of the system in an error but the cause, as ErrUnavailable.
func ours(err error) error {
	if _, own := errors.AsType[*datastore.Error](err); own || err == nil {
		return err
	}
	return unavailable(err)
}

func refused(kind error, code string) error { return &datastore.Error{Kind: kind, Code: code} }

// find is the object, or ErrNotFound.
func (b *bucket) find(ctx context.Context, key string) (*stored, error) {
	if err := b.usable(ctx); err != nil {
		return nil, err
	}
	o, err := b.shelf.open(key)
	if err != nil {
		return nil, ours(err)
	}
	if o == nil {
		return nil, refused(datastore.ErrNotFound, "NoSuchKey")
	}
	return o, nil
}

// Get implements [blob.Conn].
func (b *bucket) Get(ctx context.Context, key string, read blob.Read) (blob.Content, error) {
	o, err := b.find(ctx, key)
	if err != nil {
		return blob.Content{}, err
	}
	offset, length, ok := read.Of(o.Size)
	switch {
	case read.IfMatch != "" && read.IfMatch != o.ETag:
		err = refused(datastore.ErrConflict, "PreconditionFailed")
	case read.IfNoneMatch != "" && read.IfNoneMatch == o.ETag:
		return blob.Content{Info: blob.Info{Key: key, ETag: o.ETag}, NotModified: true}, o.Close()
	case !ok:
		err = &datastore.Error{Kind: datastore.ErrInvalid, Code: "InvalidRange", Err: fmt.Errorf("the object has %d bytes", o.Size)}
	}
	if err != nil {
		o.Close()
		return blob.Content{}, err
	}
	body := &reading{Reader: io.NewSectionReader(o, offset, length), Closer: o}
	if length == o.Size {
		body.sum, body.left, body.want = crc32.New(castagnoli), length, o.CRC
	}
	return blob.Content{Info: o.info(), Offset: offset, Length: length, Body: body}, nil
}

func (m meta) info() blob.Info {
	info := m.Info
	info.Metadata = maps.Clone(info.Metadata)
	if info.Metadata == nil {
		info.Metadata = map[string]string{}
	}
	return info
}

// reading is a body. That of a whole object is checked.
type reading struct {
	io.Reader
	io.Closer
	sum  hash.Hash32
	left int64
	want uint32
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.sum == nil {
		return n, err
	}
	r.sum.Write(p[:n])
	r.left -= int64(n)
	if r.left == 0 && r.sum.Sum32() != r.want {
		return n, &datastore.Error{Kind: datastore.ErrCorrupt, Err: errors.New("the content does not fit its checksum")}
	}
	return n, err
}

// Stat implements [blob.Conn].
func (b *bucket) Stat(ctx context.Context, key string, _ blob.Read) (blob.Info, error) {
	o, err := b.find(ctx, key)
	if err != nil {
		return blob.Info{}, err
	}
	defer o.Close()
	return o.info(), nil
}

// Put implements [blob.Conn]. It does not say when, because S3 does not.
func (b *bucket) Put(ctx context.Context, key string, w blob.Write) (blob.Info, error) {
	info, err := b.put(ctx, key, w, "ObjectCreated:Put")
	info.Modified = time.Time{}
	return info, err
}

func (b *bucket) put(ctx context.Context, key string, w blob.Write, event string) (blob.Info, error) {
	if err := b.usable(ctx); err != nil {
		return blob.Info{}, err
	}
	if size(w.Attributes) > maxAttributes {
		return blob.Info{}, refused(datastore.ErrInvalid, "MetadataTooLarge")
	}
	d, err := b.shelf.draft()
	if err != nil {
		return blob.Info{}, ours(err)
	}
	defer d.discard()
	etag, sum := md5.New(), crc32.New(castagnoli)
	body := &bound{ctx: ctx, r: w.Body}
	n, err := io.Copy(io.MultiWriter(d, etag, sum), body)
	switch {
	case body.err != nil:
		return blob.Info{}, blob.BodyError(body.err)
	case err != nil:
		return blob.Info{}, ours(err)
	}
	m := meta{Info: blob.Info{
		Key: key, Size: n, ETag: `"` + hex.EncodeToString(etag.Sum(nil)) + `"`,
		Modified: b.data.Now().UTC().Truncate(time.Second), Attributes: w.Attributes,
	}, CRC: sum.Sum32()}
	m.Metadata = maps.Clone(w.Metadata)
	err = b.shelf.change(func() error {
		if err := b.allowed(ctx, key, w.If); err != nil {
			return err
		}
		return d.publish(m)
	})
	if err != nil {
		return blob.Info{}, ours(err)
	}
	b.tell(event, key, n, m.ETag)
	return m.info(), nil
}

// maxAttributes is how many bytes the attributes of an object may have, which
// package blob has checked where it was asked, but not in a signed request. It is
// what S3 takes of all headers, and fits into a trailer however JSON writes it.
const maxAttributes = 8 << 10

func size(a blob.Attributes) int {
	n := 0
	for _, o := range overrides {
		n += len(*o.of(&a))
	}
	for name, value := range a.Metadata {
		n += len(name) + len(value)
	}
	return n
}

// allowed asks the condition of what is stored. It is called in change.
func (b *bucket) allowed(ctx context.Context, key string, c blob.Condition) error {
	if err := b.usable(ctx); err != nil || c.IsZero() {
		return err
	}
	o, err := b.shelf.open(key)
	if err != nil {
		return err
	}
	if o == nil && c.Absent {
		return nil
	}
	if o != nil {
		defer o.Close()
		if !c.Absent && o.ETag == c.ETag {
			return nil
		}
	}
	return refused(datastore.ErrConflict, "PreconditionFailed")
}

// bound is a body whose reading ends with the context.
type bound struct {
	ctx context.Context
	r   io.Reader
	err error // of the reading, not of the writing
}

func (b *bound) Read(p []byte) (int, error) {
	if b.err = b.ctx.Err(); b.err != nil {
		return 0, b.err
	}
	n, err := b.r.Read(p)
	if err != io.EOF {
		b.err = err
	}
	return n, err
}

// Copy implements [blob.Conn].
func (b *bucket) Copy(ctx context.Context, dst, src string, w blob.Write) (blob.Info, error) {
	o, err := b.find(ctx, src)
	if err != nil {
		return blob.Info{}, err
	}
	defer o.Close()
	if o.Size > blob.MaxCopySize {
		return blob.Info{}, refused(datastore.ErrTooLarge, "InvalidRequest")
	}
	if !w.Given {
		w.Attributes = o.Attributes
	}
	w.Body = io.NewSectionReader(o, 0, o.Size)
	info, err := b.put(ctx, dst, w, "ObjectCreated:Copy")
	return blob.Info{Key: info.Key, ETag: info.ETag, Modified: info.Modified}, err
}

// Delete implements [blob.Conn].
func (b *bucket) Delete(ctx context.Context, key string, cond blob.Condition) error {
	removed := false
	err := b.shelf.change(func() error {
		if err := b.allowed(ctx, key, cond); err != nil {
			return err
		}
		o, err := b.shelf.open(key)
		if o != nil {
			o.Close()
		}
		removed = o != nil || err != nil // also what is damaged
		return b.shelf.remove(key)
	})
	if err == nil && removed {
		b.tell("ObjectRemoved:Delete", key, 0, "")
	}
	return ours(err)
}

// DeleteMany implements [blob.Conn].
func (b *bucket) DeleteMany(ctx context.Context, keys []string) error {
	var partial datastore.PartialError
	for i, key := range keys {
		if err := b.Delete(ctx, key, blob.Condition{}); err != nil {
			partial.Failed = append(partial.Failed, datastore.ItemError{Index: i, Err: err})
		}
	}
	if len(partial.Failed) == 0 {
		return nil
	}
	return &partial
}
