// Package filetable keeps tables in this process: in memory for tests, or in a
// folder for local serving. It needs no server and nothing but the standard
// library, evaluates keys and conditions as DynamoDB does, and is the reference
// for the other drivers of package table.
//
//	data := datastore.New([]datastore.Driver{filetable.In(".tierkit", nil)}, nil)
//
// In a folder each table is one journal, FOLDER/table/NAME.journal (or
// FOLDER/APP/table/NAME.journal where the [datastore.Data] has a namespace): a
// line of text for each write, with a checksum. All items are kept in memory as
// well. A write is handed to the operating system before it is answered, so that
// it survives the end of the process, a crash included; [Options.Sync] makes it
// survive a loss of power too. A last line without a line break, which a crash
// cut off, is dropped with a warning when the table is opened. Any other damage,
// also of a complete last line, is an error, and nothing is changed. The journal
// is rewritten when its history has more bytes than its items, and more than 1 MB;
// where that fails, for want of space for example, it stays as it is. If the file
// is deleted or replaced while the program runs, writes answer
// [datastore.ErrUnavailable] until the program is started again.
//
// One process at a time uses a folder: it holds a lock on FOLDER/.lock.
// Only the user who runs it can read the files.
//
// A transaction is written to a file of its own first, from which the next process
// carries it out if this one ends in between: all of it or nothing is on disk.
//
// Pages end after 1 MB, as in DynamoDB; reads are always consistent, those of
// indexes too; there is no throttling. Items that have expired are deleted when
// the journal is rewritten.
package filetable

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// Driver keeps tables of one folder, or of the memory. Stores of the same
// namespace and name share a table. It is safe for concurrent use.
type Driver struct {
	dir  string // "" for memory
	opts Options

	watchers watchers
	failure  atomic.Pointer[error] // of a transaction: the disk is in an unknown state

	mu     sync.Mutex
	lock   *folderLock
	tables map[string]*engine
	redone map[string]bool // folders in which no transaction is left over
	closed bool
}

// Options configures [In]. The zero value of each field is usable.
type Options struct {
	// Sync makes each write wait until the disk has it. Default: the operating
	// system writes when it likes, and the end of the process loses nothing.
	Sync bool
	// Log is told of a line that a crash cut off, and of a journal that could
	// not be rewritten. Default slog.Default().
	Log *slog.Logger
}

var _ table.Driver = (*Driver)(nil)

// Memory is a driver whose tables end with the process.
func Memory() *Driver { return &Driver{tables: map[string]*engine{}, redone: map[string]bool{}} }

// In is a driver that keeps tables in the folder dir, which is made when the
// first table is opened. opts may be nil.
func In(dir string, opts *Options) *Driver {
	d := Memory()
	d.dir = dir
	if opts != nil {
		d.opts = *opts
	}
	if d.opts.Log == nil {
		d.opts.Log = slog.Default()
	}
	return d
}

// Kind is "table".
func (d *Driver) Kind() string { return "table" }

// Name is "filetable".
func (d *Driver) Name() string { return "filetable" }

// OpenTable is for package table. Opening a folder that another process uses,
// and a table that has another key on disk, is an error.
func (d *Driver) OpenTable(_ context.Context, data *datastore.Data, spec table.Spec) (table.Conn, error) {
	spec = spec.Whole()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil, unavailable(fmt.Errorf("the driver is closed"))
	}
	name, err := fileName(data.Namespace(), spec.Logical)
	if err != nil {
		return nil, unavailable(err)
	}
	if e, ok := d.tables[name]; ok {
		if err := e.adopt(spec); err != nil {
			return nil, unavailable(err)
		}
		return e, nil
	}
	e := newEngine(d, name, spec, data.Now)
	e.namespace = data.Namespace()
	if d.dir != "" {
		if err := d.load(e, name); err != nil {
			return nil, unavailable(err)
		}
	}
	d.tables[name] = e
	return e, nil
}

// Lock takes the folder for this process now, where otherwise the first table
// does: a program that serves learns at its start that another process has it.
func (d *Driver) Lock() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.take()
}

// take makes the folder and takes the lock, once.
func (d *Driver) take() error {
	if d.dir == "" || d.lock != nil {
		return nil
	}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	lock, err := lockFolder(d.dir)
	if err != nil {
		return err
	}
	d.lock = lock
	return nil
}

// load takes the lock, if this is the first table, and reads the journal.
func (d *Driver) load(e *engine, name string) error {
	path := filepath.Join(d.dir, name+".journal")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := d.take(); err != nil {
		return err
	}
	if folder := filepath.Dir(path); !d.redone[folder] {
		if err := d.redo(folder); err != nil {
			return err
		}
		d.redone[folder] = true
	}
	j, err := openJournal(path, e, d.opts)
	e.journal = j
	return err
}

// Close ends the use of all tables and frees the folder. Operations afterwards
// answer [datastore.ErrUnavailable].
func (d *Driver) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	var first error
	for _, name := range slices.Sorted(maps.Keys(d.tables)) {
		if err := d.tables[name].close(); err != nil && first == nil {
			first = err
		}
	}
	if d.lock != nil {
		if err := d.lock.free(); err != nil && first == nil {
			first = err
		}
		d.lock = nil
	}
	return first
}

func unavailable(err error) error {
	return &datastore.Error{Kind: datastore.ErrUnavailable, Err: err}
}

func keyChanged(was, is table.Spec) error {
	return fmt.Errorf("table %s: its items have the key %s, the program declares %s; name the new table otherwise, or delete the old one",
		is.Logical, keyText(was), keyText(is))
}

// keyText is a key in words: "customer S, placed S".
func keyText(spec table.Spec) string {
	text := spec.PK.Name + " " + spec.PK.Type.String()
	if spec.HasSK() {
		text += ", " + spec.SK.Name + " " + spec.SK.Type.String()
	}
	return text
}
