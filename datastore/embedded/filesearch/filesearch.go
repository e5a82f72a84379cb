// Package filesearch keeps search indices in this process: in memory for tests, or
// in a folder for local serving. It needs no server and nothing but the standard
// library, and is the reference for the other drivers of package search.
//
//	data := datastore.New([]datastore.Driver{filesearch.In(".tierkit")}, nil)
//
// It finds, sorts, counts and marks what OpenSearch does for the conditions of
// package search; only raw queries, which are OpenSearch's own, answer
// [datastore.ErrInvalid]. Scores are by the same formula (BM25), but over the whole
// index where OpenSearch looks at each shard. Words are taken apart by the rules of
// Unicode for most scripts; those that need a dictionary, such as Thai, are not
// taken apart. A write is seen at once, and an index is there without being made.
//
// In a folder each index is one file, FOLDER/search/NAME.journal (or
// FOLDER/APP/search/NAME.journal where the [datastore.Data] has a namespace): a line
// of JSON for each write. All documents are kept in memory as well, and a search
// looks at each of them: this is for the thousands of documents of a developer's
// machine. A write is handed to the operating system before it is answered. The file
// is written anew when it is opened; a last line that a crash cut off is dropped. One
// process at a time should use a folder. Documents of an index whose type has changed
// are found by its new fields.
package filesearch

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/storefile"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// Driver keeps indices of one folder, or of the memory. Stores of the same namespace
// and name share an index. It is safe for concurrent use.
type Driver struct {
	dir string // "" for memory

	mu      sync.Mutex
	indices map[string]*index
	closed  bool
}

var _ search.Driver = (*Driver)(nil)

// Memory is a driver whose indices end with the process.
func Memory() *Driver { return &Driver{indices: map[string]*index{}} }

// In is a driver that keeps indices in the folder dir, which is made when the first
// index is opened.
func In(dir string) *Driver {
	d := Memory()
	d.dir = dir
	return d
}

// Kind is "search".
func (d *Driver) Kind() string { return "search" }

// Name is "filesearch".
func (d *Driver) Name() string { return "filesearch" }

// OpenIndex is for package search.
func (d *Driver) OpenIndex(_ context.Context, data *datastore.Data, spec search.Spec) (search.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, unavailable(fmt.Errorf("the driver is closed"))
	}
	name, err := fileName(data.Namespace(), spec.Index())
	if err != nil {
		return nil, unavailable(err)
	}
	x := d.indices[name]
	if x == nil {
		x = &index{docs: map[string]*document{}, deleted: map[string]int64{}}
		if d.dir != "" {
			if x.journal, err = openJournal(filepath.Join(d.dir, name), x.load); err != nil {
				return nil, unavailable(err)
			}
		}
		d.indices[name] = x
	}
	x.adopt(spec)
	return x, nil
}

// Close ends the use of all indices. Operations afterwards answer
// [datastore.ErrUnavailable].
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	var first error
	for _, x := range d.indices {
		if err := x.close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}

// fileName is where the journal of an index is, below the driver's folder.
func fileName(namespace, index string) (string, error) {
	return storefile.Name(namespace, "search", index, ".journal")
}
