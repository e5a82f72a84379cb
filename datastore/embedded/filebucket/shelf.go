package filebucket

import (
	"io"

	"github.com/seed-18e8afb5/tierkit/datastore/blob"
)

// shelf is where the objects of a bucket are: [memory] or [folder]. Its errors are
// [*datastore.Error] or the system's.
type shelf interface {
	// open is the object, nil if there is none.
	open(key string) (*stored, error)
	// keys that begin with prefix, in any order.
	keys(prefix string) ([]string, error)
	// draft begins an object.
	draft() (draft, error)
	// change does what looks before it writes, while nobody else does.
	change(do func() error) error
	// remove is called in change. A missing object is no error.
	remove(key string) error
	close() error
}

// draft is an object that is being written. It ends with publish or discard.
type draft interface {
	io.Writer
	// publish is called in change.
	publish(meta) error
	// discard does nothing after publish.
	discard()
}

// meta is what is kept beside the content.
type meta struct {
	blob.Info
	CRC uint32 // Castagnoli, of the content
}

// stored is an object that is open.
type stored struct {
	meta
	io.ReaderAt
	io.Closer
}
