package filetable

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
)

// minHistory is how many bytes of history a journal has before it is rewritten.
const minHistory = 1 << 20

// stale reports whether most of the journal is history: lines of items that were
// replaced or deleted since. live are the bytes of the others.
func (j *journal) stale(live int64) bool {
	return j.size >= j.retryAt && j.size-live > max(live, minHistory)
}

// tidy compacts a stale journal, without the items that have expired. If that fails, which a full disk is enough for,
// the old journal is still whole and used on; another attempt waits until it has
// doubled.
func (j *journal) tidy(e *engine) {
	if !j.stale(e.live) {
		return
	}
	e.purge()
	if err := j.compact(e); err != nil {
		j.retryAt = 2 * j.size
		j.opts.Log.Warn("tierkit: journal not compacted", "file", j.path, "error", err)
	}
}

// compact writes the items that there are to a new file and puts it in the place
// of the old one, which stays whole until then.
func (j *journal) compact(e *engine) error {
	path := j.path + ".new"
	size, err := writeAll(path, e)
	if err != nil {
		os.Remove(path)
		return fmt.Errorf("compact: %w", err)
	}
	return j.replace(path, size)
}

// writeAll writes a journal of the items of e and waits until the disk has it.
func writeAll(path string, e *engine) (size int64, err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	out := bufio.NewWriterSize(file, 64<<10)
	write := func(r record) error {
		line, err := r.line()
		if err != nil {
			return err
		}
		size += int64(len(line))
		_, err = out.Write(line)
		return err
	}
	h := headerOf(e.spec)
	if err := write(record{Header: &h}); err != nil {
		return 0, err
	}
	for _, rows := range e.items.partitions {
		for _, row := range rows {
			if err := write(record{Put: row.item}); err != nil {
				return 0, err
			}
		}
	}
	if err := out.Flush(); err != nil {
		return 0, err
	}
	return size, file.Sync()
}

// replace puts the file at path in the place of j. Both are closed meanwhile,
// because not every system renames open files. If j cannot be opened again, the
// next write tries to.
func (j *journal) replace(path string, size int64) error {
	j.info = nil
	if err := j.file.Close(); err != nil {
		return err
	}
	renamed := os.Rename(path, j.path)
	if renamed == nil {
		j.size, j.retryAt = size, 0
		syncFolder(filepath.Dir(j.path))
	}
	if err := j.reopen(); err != nil {
		return err
	}
	return renamed
}

// syncFolder makes a rename last. Not every system can; then it lasts as soon
// as the system writes it.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		f.Close()
	}
}

// syncFolders makes a new file in dir last, with the folders that were made for it.
func syncFolders(dir string) {
	for ; ; dir = filepath.Dir(dir) {
		syncFolder(dir)
		if dir == filepath.Dir(dir) {
			return
		}
	}
}
