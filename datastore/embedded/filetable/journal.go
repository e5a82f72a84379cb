package filetable

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// A journal is the file of one table. Its first line is the header, each other
// one a write; see [record].
type journal struct {
	path    string
	opts    Options
	file    *os.File
	info    os.FileInfo // of file, to know it again by
	size    int64
	retryAt int64 // the size at which a compaction is tried that failed before
}

// openJournal reads the journal at path into e, or begins one.
func openJournal(path string, e *engine, opts Options) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{path: path, opts: opts, file: file}
	if j.info, err = file.Stat(); err == nil {
		err = j.load(e)
	}
	if err != nil {
		j.file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return j, nil
}

func (j *journal) load(e *engine) error {
	good, torn, err := scan(j.file, e.replayer())
	if err != nil {
		return err
	}
	j.size = good
	if torn > 0 {
		j.opts.Log.Warn("tierkit: dropped the end of a journal, which a crash cut off", "file", j.path, "bytes", torn)
		if err := j.file.Truncate(j.size); err != nil {
			return err
		}
	}
	if _, err := j.file.Seek(j.size, io.SeekStart); err != nil {
		return err
	}
	if j.size == 0 {
		h := headerOf(e.spec)
		_, err := j.append(record{Header: &h})
		if err == nil && j.opts.Sync {
			syncFolders(filepath.Dir(j.path))
		}
		return err
	}
	j.tidy(e)
	return nil
}

// replayer applies the records of a journal, the first of which is the header.
func (e *engine) replayer() func(record, int64) error {
	first := true
	return func(r record, size int64) error {
		was := first
		first = false
		return e.replay(r, was, size)
	}
}

// replay applies a record that was read from disk, after checking it.
func (e *engine) replay(r record, first bool, size int64) error {
	if r.Table != "" {
		return fmt.Errorf("a line of another file")
	}
	if first != (r.Header != nil) {
		return fmt.Errorf("the header must be the first line, and nothing else")
	}
	if r.Header != nil {
		h := *r.Header
		if h.Version != journalVersion {
			return fmt.Errorf("is of version %d, this program reads version %d", h.Version, journalVersion)
		}
		if want := headerOf(e.spec); h.PK != want.PK || h.SK != want.SK {
			return fmt.Errorf("its items have the key %q %q, the program declares %q %q; name the new table otherwise, or delete the file", h.PK, h.SK, want.PK, want.SK)
		}
		return nil
	}
	item := r.Put
	if item == nil {
		item = r.Delete
	}
	for _, a := range []table.Attribute{e.spec.PK, e.spec.SK} {
		if a.Name != "" && item[a.Name].Type() != a.Type {
			return fmt.Errorf("an item without the key %q of type %v", a.Name, a.Type)
		}
	}
	e.apply(e.spec.KeyOf(item), row{r.Put, size})
	return nil
}

// cut takes the last n bytes off, which are whole lines.
func (j *journal) cut(n int64) error {
	if err := j.file.Truncate(j.size - n); err != nil {
		return err
	}
	j.size -= n
	_, err := j.file.Seek(j.size, io.SeekStart)
	return err
}

// append writes one record and returns the length of its line. If that fails,
// the file is as before.
func (j *journal) append(r record) (int64, error) {
	line, err := r.line()
	if err != nil {
		return 0, err
	}
	if err := j.inPlace(); err != nil {
		return 0, err
	}
	if _, err = j.file.Write(line); err == nil && j.opts.Sync {
		err = j.file.Sync()
	}
	if err != nil {
		// Best effort: a torn line at the end is also dropped on opening.
		_ = j.file.Truncate(j.size)
		_, _ = j.file.Seek(j.size, io.SeekStart)
		return 0, fmt.Errorf("write journal: %w", err)
	}
	j.size += int64(len(line))
	return int64(len(line)), nil
}

// inPlace reports an error if the file is no longer the one at its path: what is
// written to it then would be lost, and nobody would know.
func (j *journal) inPlace() error {
	if j.info == nil { // it could not be opened after a compaction
		if err := j.reopen(); err != nil {
			return fmt.Errorf("open journal again: %w", err)
		}
	}
	info, err := os.Stat(j.path)
	if err == nil && os.SameFile(info, j.info) {
		return nil
	}
	if err == nil {
		err = errors.New("it is another file now")
	}
	return fmt.Errorf("journal %s was deleted or replaced while in use; start the program again: %w", j.path, err)
}

// reopen opens the file again, to write at its end.
func (j *journal) reopen() error {
	j.info = nil
	file, err := os.OpenFile(j.path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err == nil && info.Size() != j.size {
		err = fmt.Errorf("%s has %d bytes, not the %d that were written", j.path, info.Size(), j.size)
	}
	if err == nil {
		_, err = file.Seek(j.size, io.SeekStart)
	}
	if err != nil {
		file.Close()
		return err
	}
	j.file, j.info = file, info
	return nil
}

func (j *journal) close() error {
	err := j.file.Sync()
	if closing := j.file.Close(); err == nil {
		err = closing
	}
	return err
}
