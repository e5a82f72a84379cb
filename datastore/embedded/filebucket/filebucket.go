// Package filebucket keeps buckets in this process: in memory for tests, or in a
// folder for local serving. It needs no server and nothing but the standard
// library, and is the reference for the other drivers of package blob.
//
//	data := datastore.New([]datastore.Driver{filebucket.In(".tierkit", nil)}, nil)
//
// In a folder each bucket is a folder, FOLDER/blob/NAME (or FOLDER/APP/blob/NAME
// where the [datastore.Data] has a namespace), and each object a file in it: its
// content, then its attributes as JSON, then 16 bytes that say how long these are.
// The path is the key, where "a/b" is the file b in the folder "a+"; every byte of
// a key that is no small letter, digit, ".", "_" or "-" is written as "%" and two
// digits, so that any key fits on any file system. A segment that is too long goes
// on in a folder whose name ends in "~".
//
// An object is written beside the others and then renamed, so that after a crash
// it is the old one or the new one, whole; [Options.Sync] makes that survive a
// loss of power too. Any number of processes can use a folder: what looks before
// it writes holds a lock on the bucket. Only the user who runs the program can
// read the files. A file that is damaged answers [datastore.ErrCorrupt].
//
// ETags are the MD5 of the content. There is no limit of time, rate or size.
//
// # Signed requests
//
// Signing works once a server has been found for it by [Driver.Handler]; until
// then it answers [datastore.ErrUnavailable]. The requests are signed by AWS's
// Signature Version 4 with a secret that is kept in FOLDER/.blob-secret, so that
// they outlive a restart.
package filebucket

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/storefile"
)

// Driver keeps buckets of one folder, or of the memory. Stores of the same
// namespace and name share a bucket. It is safe for concurrent use.
type Driver struct {
	dir      string // "" for memory
	opts     Options
	watchers watchers
	signer   signer

	mu      sync.Mutex
	shelves map[string]shelf
	closed  bool
}

// Options configures [In]. The zero value of each field is usable.
type Options struct {
	// Sync makes each write wait until the disk has it. Default: the operating
	// system writes when it likes, and the end of the process loses nothing.
	Sync bool
}

var _ blob.Driver = (*Driver)(nil)

// Memory is a driver whose buckets end with the process.
func Memory() *Driver { return &Driver{shelves: map[string]shelf{}} }

// In is a driver that keeps buckets in the folder dir, which is made when the
// first bucket is opened. opts may be nil.
func In(dir string, opts *Options) *Driver {
	d := Memory()
	d.dir = dir
	if opts != nil {
		d.opts = *opts
	}
	return d
}

// Kind is "blob".
func (d *Driver) Kind() string { return "blob" }

// Name is "filebucket".
func (d *Driver) Name() string { return "filebucket" }

// OpenBucket is for package blob.
func (d *Driver) OpenBucket(_ context.Context, data *datastore.Data, spec blob.Spec) (blob.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, unavailable(errClosed)
	}
	name, err := folderName(data.Namespace(), spec.Logical)
	if err != nil {
		return nil, unavailable(err)
	}
	s, ok := d.shelves[name]
	if !ok {
		if s, err = d.open(name); err != nil {
			return nil, unavailable(err)
		}
		d.shelves[name] = s
	}
	return &bucket{driver: d, data: data, spec: spec, shelf: s}, nil
}

func (d *Driver) open(name string) (shelf, error) {
	if d.dir == "" {
		return &memory{objects: map[string]held{}}, nil
	}
	return openFolder(filepath.Join(d.dir, name), d.opts.Sync)
}

// folderName is where a bucket is, below the driver's folder.
func folderName(namespace, logical string) (string, error) {
	return storefile.Name(namespace, "blob", logical, "")
}

// Close ends the use of all buckets. Operations afterwards answer
// [datastore.ErrUnavailable].
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	var first error
	for _, s := range d.shelves {
		if err := s.close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

var errClosed = fmt.Errorf("the driver is closed")

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}
