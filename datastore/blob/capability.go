package blob

import (
	"context"
	"io"
	"reflect"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Getter reads an object, or a part of it by [Range] or [Last]. The object must be
// closed. With [IfNoneMatch] of what is stored, [Object.NotModified] is set and
// there is nothing to read; with [IfMatch] of something else the answer is
// [datastore.ErrConflict].
type Getter interface {
	Get(ctx context.Context, key string, opts ...GetOption) (*Object, error)
}

// Stater tells what is known of an object without reading it.
type Stater interface {
	Stat(ctx context.Context, key string) (Info, error)
}

// Putter stores what r gives until io.EOF, in place of the object with that key.
// Nothing is stored if r answers another error, which errors.Is finds, or if ctx
// ends. The Info has Key, Size, ETag and what the options said; not Modified.
//
// An r that can be read at any place (io.ReaderAt and io.Seeker, such as *os.File
// and *bytes.Reader) is read where it stands, perhaps repeatedly. Any other is
// read once, in pieces of 8 MiB of which at most three are in memory. r must not
// block for ever: a Read that waits is not interrupted. What is stored in one
// piece or several is seen at once, by all.
//
// A write whose answer was lost is repeated, and one with a condition recognises
// itself where the driver may read the object: S3 lets it with [Getter] or
// [Stater]. What remains open is [datastore.ErrUnknown].
type Putter interface {
	Put(ctx context.Context, key string, r io.Reader, opts ...PutOption) (Info, error)
}

// Deleter deletes an object. One that is not there is no error, but with
// [IfMatch] it is [datastore.ErrConflict]. A delete with a condition whose answer
// was lost is not repeated: [datastore.ErrUnknown].
type Deleter interface {
	Delete(ctx context.Context, key string, opts ...DeleteOption) error
}

// ManyDeleter deletes any number of objects. Those that are not there are no
// error; those that could not be deleted are a [*datastore.PartialError].
type ManyDeleter interface {
	DeleteMany(ctx context.Context, keys []string) error
}

// Lister lists one page of keys, in the order of their bytes. A token of another
// query answers [datastore.ErrInvalid]. [All] lists all pages.
type Lister interface {
	List(ctx context.Context, q Query) (datastore.Page[Entry], error)
}

// Copier copies an object within the bucket, with its content type, metadata and
// the like, or with those of the options instead if they name one. Objects over
// [MaxCopySize] answer [datastore.ErrTooLarge]. A copy with a condition whose
// answer was lost is not repeated: [datastore.ErrUnknown]. The Info has the key,
// the ETag and the time.
type Copier interface {
	Copy(ctx context.Context, dst, src string, opts ...PutOption) (Info, error)
}

// GetSigner makes a URL by which anyone can read an object for the time ttl.
// Options set headers of the answer. Nothing is sent: whether the object is there
// shows when the URL is used.
type GetSigner interface {
	SignGet(ctx context.Context, key string, ttl time.Duration, opts ...SignGetOption) (Signed, error)
}

// PutSigner makes a URL by which anyone can store an object for the time ttl.
// Options are what the request must say. The size can be pinned by
// [ContentLength] but not limited: that is what [PostSigner] is for.
type PutSigner interface {
	SignPut(ctx context.Context, key string, ttl time.Duration, opts ...SignPutOption) (Signed, error)
}

// PostSigner makes the URL and the fields of a form by which anyone can store an
// object within the limits of a policy: the only signed form that limits the
// size.
type PostSigner interface {
	SignPost(ctx context.Context, key string, policy PostPolicy) (Signed, error)
}

// The places of the operations among the capabilities.
const (
	bitGet datastore.Bit = iota
	bitStat
	bitPut
	bitDelete
	bitDeleteMany
	bitList
	bitCopy
	bitSignGet
	bitSignPut
	bitSignPost
)

var capabilities = []datastore.Capability{
	bitGet:        {Op: "Get", Type: reflect.TypeFor[Getter]()},
	bitStat:       {Op: "Stat", Type: reflect.TypeFor[Stater]()},
	bitPut:        {Op: "Put", Type: reflect.TypeFor[Putter]()},
	bitDelete:     {Op: "Delete", Type: reflect.TypeFor[Deleter]()},
	bitDeleteMany: {Op: "DeleteMany", Type: reflect.TypeFor[ManyDeleter]()},
	bitList:       {Op: "List", Type: reflect.TypeFor[Lister]()},
	bitCopy:       {Op: "Copy", Type: reflect.TypeFor[Copier]()},
	bitSignGet:    {Op: "SignGet", Type: reflect.TypeFor[GetSigner]()},
	bitSignPut:    {Op: "SignPut", Type: reflect.TypeFor[PutSigner]()},
	bitSignPost:   {Op: "SignPost", Type: reflect.TypeFor[PostSigner]()},
}
