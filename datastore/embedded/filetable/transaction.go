package filetable

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/storefile"
)

// A transaction is first written whole to a file of its own beside the journals,
// FOLDER/table/transaction.redo, then to the journals, and then the file is
// removed. If the process ends in between, the next one that opens a table of the
// folder carries it out: what it puts and deletes can be put and deleted again.
const redoFile = "transaction.redo"

// commit makes the changes of a transaction, all or none. Their engines are
// locked.
func (d *Driver) commit(changes []change) error {
	changes = slices.DeleteFunc(changes, func(c change) bool { return c.key == nil })
	if d.dir == "" || len(changes) == 0 {
		for _, c := range changes {
			c.apply()
		}
		return nil
	}
	path := filepath.Join(d.dir, filepath.Dir(changes[0].engine.name), redoFile)
	if err := d.writeRedo(path, changes); err != nil {
		os.Remove(path + ".new")
		return unavailable(err)
	}
	if err := appendAll(changes); err != nil {
		return d.undo(path, changes, err)
	}
	if err := d.removeRedo(path); err != nil {
		return d.fail(err)
	}
	for _, c := range changes {
		c.apply()
	}
	for _, c := range changes {
		c.engine.journal.tidy(c.engine)
	}
	return nil
}

// writeRedo writes the file, which is whole as soon as it has its name.
func (d *Driver) writeRedo(path string, changes []change) error {
	file, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(file, 64<<10)
	for _, c := range changes {
		r := c.record()
		r.Table = filepath.Base(c.engine.name)
		line, err := r.line()
		if err == nil {
			_, err = out.Write(line)
		}
		if err != nil {
			file.Close()
			return err
		}
	}
	err = out.Flush()
	if err == nil && d.opts.Sync {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err == nil && d.opts.Sync {
		syncFolder(filepath.Dir(path))
	}
	return err
}

// removeRedo removes the file, for good where writes are to survive a loss of power:
// one that came back would undo what was written since.
func (d *Driver) removeRedo(path string) error {
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	if d.opts.Sync {
		syncFolder(filepath.Dir(path))
	}
	return nil
}

// appendAll writes the changes to the journals. If that fails, those that were
// written are still there.
func appendAll(changes []change) error {
	for i := range changes {
		if err := changes[i].append(); err != nil {
			return err
		}
	}
	return nil
}

// undo takes back what was written of a transaction that failed with cause.
func (d *Driver) undo(path string, changes []change, cause error) error {
	for i := len(changes) - 1; i >= 0; i-- {
		c := changes[i]
		if c.size == 0 {
			continue
		}
		if err := c.engine.journal.cut(c.size); err != nil {
			return d.fail(errors.Join(cause, err))
		}
	}
	if err := d.removeRedo(path); err != nil {
		return d.fail(errors.Join(cause, err))
	}
	return unavailable(cause)
}

// fail ends the use of the driver: only a new process can tell what is on disk,
// and the transaction may be carried out by it.
func (d *Driver) fail(err error) error {
	err = &datastore.Error{Kind: datastore.ErrUnknown, Err: fmt.Errorf("transaction: %w; start the program again", err)}
	d.failure.CompareAndSwap(nil, &err)
	return err
}

// broken is the error of a driver that failed, nil if it did not.
func (d *Driver) broken() error {
	if err := d.failure.Load(); err != nil {
		return unavailable(*err)
	}
	return nil
}

// redo carries out the transaction that an earlier process left in the folder, if
// there is one.
func (d *Driver) redo(folder string) error {
	path := filepath.Join(folder, redoFile)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	lines := map[string][]record{}
	_, torn, err := scan(file, func(r record, _ int64) error {
		if !storefile.Usable(r.Table) || r.Header != nil {
			return fmt.Errorf("a line without a table")
		}
		name := r.Table
		r.Table = ""
		lines[name] = append(lines[name], r)
		return nil
	})
	if err == nil && torn > 0 {
		err = fmt.Errorf("it is cut off; delete it: the transaction was not answered")
	}
	for name, records := range lines {
		if err == nil {
			err = appendTo(filepath.Join(folder, name+".journal"), records)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	file.Close() // before it is removed, as not every system removes open files
	return d.removeRedo(path)
}

// appendTo adds records to a journal that nobody has open, behind its last whole
// line.
func appendTo(path string, records []record) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	good, _, err := scan(file, func(record, int64) error { return nil })
	if err != nil {
		return err
	}
	if err := file.Truncate(good); err != nil {
		return err
	}
	if _, err := file.Seek(good, io.SeekStart); err != nil {
		return err
	}
	for _, r := range records {
		line, err := r.line()
		if err != nil {
			return err
		}
		if _, err := file.Write(line); err != nil {
			return err
		}
	}
	return file.Sync()
}
