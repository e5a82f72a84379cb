package blob

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens buckets. Most code should not read on: it is for those who write a
// driver, and [blobtest] is how they test it.
//
// [blobtest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/blob/blobtest
type Driver interface {
	datastore.Driver
	// OpenBucket prepares the use of a bucket that data declares. It is called by
	// the first operation, and again by the next one if it failed. The spec has no
	// scope but Owner: such a connection acts for the owner in the context of each
	// operation, where the driver can. The context is the operation's: the connection
	// outlives it.
	OpenBucket(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is a bucket that is open. It takes what has been checked: keys that
// [ValidKey] takes, attributes that can be headers, spans that are well-formed.
//
// Its errors are [*datastore.Error] with Kind, Code and Attempts set; the handle
// fills in the rest. A missing object is [datastore.ErrNotFound] if that is
// certain, and a condition that does not hold [datastore.ErrConflict]. It is safe
// for concurrent use.
type Conn interface {
	Reader
	Writer
	Signer
}

// Reader is the part of a [Conn] that changes nothing.
type Reader interface {
	// Get opens an object. The context ends the reading of its body too.
	Get(ctx context.Context, key string, read Read) (Content, error)
	Stat(ctx context.Context, key string, read Read) (Info, error)
	List(ctx context.Context, q ListQuery) (ListPage, error)
}

// Writer is the part of a [Conn] that writes.
type Writer interface {
	Put(ctx context.Context, key string, w Write) (Info, error)
	// Copy stores the object src as dst. w has no body. If w.Given, its
	// attributes are stored instead of the source's.
	Copy(ctx context.Context, dst, src string, w Write) (Info, error)
	Delete(ctx context.Context, key string, cond Condition) error
	// DeleteMany answers a [*datastore.PartialError] with the positions and causes
	// of those that could not be deleted.
	DeleteMany(ctx context.Context, keys []string) error
}

// Signer is the part of a [Conn] that makes signed requests.
type Signer interface {
	Sign(ctx context.Context, key string, s Signing) (Signed, error)
}

// Span is a part of an object. The zero value is the whole of it.
type Span struct {
	Offset int64 // negative: that many bytes before the end
	Length int64 // 0: to the end
	wrong  bool
}

// Header is the span as the header Range has it; "" for the whole.
func (s Span) Header() string {
	switch {
	case s.Offset < 0:
		return "bytes=" + strconv.FormatInt(s.Offset, 10)
	case s.Length > 0:
		return "bytes=" + strconv.FormatInt(s.Offset, 10) + "-" + strconv.FormatInt(s.Offset+s.Length-1, 10)
	case s.Offset > 0:
		return "bytes=" + strconv.FormatInt(s.Offset, 10) + "-"
	}
	return ""
}

// Of is the part of an object of size bytes. ok is false if there is none.
func (s Span) Of(size int64) (offset, length int64, ok bool) {
	offset, length = s.Offset, s.Length
	if offset < 0 {
		offset = max(size+offset, 0)
	}
	if s.Header() != "" && offset >= size {
		return 0, 0, false
	}
	if length <= 0 || length > size-offset {
		length = size - offset
	}
	return offset, length, true
}

// Read says what to read.
type Read struct {
	Span
	IfMatch     string // "" for none
	IfNoneMatch string // "" for none
	// Known says that the function may list the key, so that a driver that is
	// denied can find out whether it is there.
	Known bool
}

// Content is an opened object. Body gives Length bytes from Offset on; it is nil
// if NotModified.
type Content struct {
	Info
	Offset, Length int64
	NotModified    bool
	Body           io.ReadCloser
}

// Condition is one on the stored object. The zero value always holds.
type Condition struct {
	Absent bool   // there is none
	ETag   string // it has this ETag; "" for any
	wrong  bool
}

// IsZero reports whether it always holds.
func (c Condition) IsZero() bool { return !c.Absent && c.ETag == "" }

// WriteIDName is the name in the metadata under which a driver may keep
// [Write].ID. No user's metadata has it, and drivers leave it out of what they
// read.
const WriteIDName = "tierkit-write"

// Write is one write.
type Write struct {
	Attributes
	Given bool // an option set Attributes
	If    Condition
	Body  io.Reader // never nil in Put
	// ID is different for each write, so that a driver can recognise its own after
	// an answer that was lost.
	ID string
	// Known is that of [Read], for the source of a copy.
	Known bool

	limit   int64
	limited bool
}

// ListQuery asks for one page.
type ListQuery struct {
	Prefix, Delimiter string
	Limit             int    // 1 to 1000
	After             string // Next of the page before, "" for the start
}

// ListPage is one page. Next is where the next one begins, in the driver's own
// words; "" if there is certainly nothing after it.
type ListPage struct {
	Entries []Entry // in the order of their keys
	Next    string
}

// Signing is what to sign.
type Signing struct {
	Op  string // "SignGet", "SignPut" or "SignPost"
	TTL time.Duration
	Attributes
	If     Condition // SignPut
	Length int64     // SignPut: the size; -1 for any
	// SignPost: the limits of the size, and how the content type begins if it is
	// not that of Attributes.
	MinSize, MaxSize  int64
	ContentTypePrefix string
}
