package filetable

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// A journal is lines of text: eight hex digits of CRC-32C, a space, JSON. The
// first line is the header, each other one a write. JSON has no line breaks, so
// a line is whole if it ends with one and its checksum is right.
type journal struct {
	path  string
	opts  Options
	file  *os.File
	lines int // records in the file
	size  int64
}

// record is one line: the header, an item that was put, or the key of one that
// was deleted.
type record struct {
	Header *header    `json:"table,omitempty"`
	Put    table.Item `json:"put,omitempty"`
	Delete table.Item `json:"delete,omitempty"`
}

// header says which table it is. A journal of another version is refused.
type header struct {
	Version int    `json:"version"`
	Name    string `json:"name"`
	PK      string `json:"pk"` // "customer S"
	SK      string `json:"sk,omitempty"`
}

const journalVersion = 1

func headerOf(spec table.Spec) header {
	h := header{Version: journalVersion, Name: spec.Logical, PK: spec.PK.Name + " " + spec.PK.Type.String()}
	if spec.HasSK() {
		h.SK = spec.SK.Name + " " + spec.SK.Type.String()
	}
	return h
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (r record) line() ([]byte, error) {
	data, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	line := fmt.Appendf(make([]byte, 0, len(data)+10), "%08x ", crc32.Checksum(data, castagnoli))
	return append(append(line, data...), '\n'), nil
}

// parseLine reads one line without its line break.
func parseLine(line []byte) (record, error) {
	var r record
	if len(line) < 10 || line[8] != ' ' {
		return r, fmt.Errorf("not a journal line")
	}
	sum, err := strconv.ParseUint(string(line[:8]), 16, 32)
	if err != nil || uint32(sum) != crc32.Checksum(line[9:], castagnoli) {
		return r, fmt.Errorf("wrong checksum")
	}
	if err := json.Unmarshal(line[9:], &r); err != nil {
		return r, err
	}
	kinds := 0
	for _, there := range []bool{r.Header != nil, r.Put != nil, r.Delete != nil} {
		if there {
			kinds++
		}
	}
	if kinds != 1 {
		return r, fmt.Errorf("neither a header, nor a put, nor a delete")
	}
	return r, nil
}

// scan calls apply for each whole record of data and returns how many bytes are
// good. What follows them was cut off by a crash; a bad line that whole ones
// follow is damage, and an error.
func scan(data []byte, apply func(record) error) (good int, err error) {
	for good < len(data) {
		end := bytes.IndexByte(data[good:], '\n')
		if end < 0 {
			return good, nil
		}
		r, err := parseLine(data[good : good+end])
		if err != nil {
			if wholeLineIn(data[good+end+1:]) {
				return good, fmt.Errorf("damaged at byte %d: %w; restore the file, or delete it to begin anew", good, err)
			}
			return good, nil
		}
		if err := apply(r); err != nil {
			return good, fmt.Errorf("at byte %d: %w", good, err)
		}
		good += end + 1
	}
	return good, nil
}

func wholeLineIn(data []byte) bool {
	for line := range bytes.Lines(data) {
		if whole, ok := bytes.CutSuffix(line, []byte("\n")); ok {
			if _, err := parseLine(whole); err == nil {
				return true
			}
		}
	}
	return false
}

// openJournal reads the journal at path into e, or begins one.
func openJournal(path string, e *engine, opts Options) (*journal, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	j := &journal{path: path, opts: opts, file: file}
	if err := j.load(e); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return j, nil
}

func (j *journal) load(e *engine) error {
	data, err := io.ReadAll(j.file)
	if err != nil {
		return err
	}
	good, err := scan(data, func(r record) error {
		j.lines++
		return e.replay(r, j.lines == 1)
	})
	if err != nil {
		return err
	}
	if good < len(data) {
		j.opts.Log.Warn("tierkit: dropped the end of a journal, which a crash cut off",
			"file", j.path, "bytes", len(data)-good)
		if err := j.file.Truncate(int64(good)); err != nil {
			return err
		}
	}
	j.size = int64(good)
	if _, err := j.file.Seek(j.size, io.SeekStart); err != nil {
		return err
	}
	if j.lines == 0 {
		h := headerOf(e.spec)
		return j.append(record{Header: &h})
	}
	if j.stale(e.count) {
		return j.compact(e)
	}
	return nil
}

// replay applies a record that was read from disk, after checking it.
func (e *engine) replay(r record, first bool) error {
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
	e.apply(e.spec.KeyOf(item), r.Put)
	return nil
}

// append writes one record. If that fails, the file is as before.
func (j *journal) append(r record) error {
	line, err := r.line()
	if err != nil {
		return err
	}
	if _, err = j.file.Write(line); err == nil && j.opts.Sync {
		err = j.file.Sync()
	}
	if err != nil {
		// Best effort: a torn line at the end is also dropped on opening.
		_ = j.file.Truncate(j.size)
		_, _ = j.file.Seek(j.size, io.SeekStart)
		return fmt.Errorf("write journal: %w", err)
	}
	j.size += int64(len(line))
	j.lines++
	return nil
}

// stale reports whether most lines are history.
func (j *journal) stale(items int) bool { return j.lines > 1000+2*items }

// compact writes the items that there are to a new file and puts it in the place
// of the old one, which stays whole until then.
func (j *journal) compact(e *engine) error {
	fresh, err := os.OpenFile(j.path+".new", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	next := &journal{path: fresh.Name(), opts: j.opts, file: fresh}
	next.opts.Sync = false // once, at the end
	err = next.writeAll(e)
	if closing := next.close(); err == nil {
		err = closing
	}
	if err != nil {
		os.Remove(next.path)
		return fmt.Errorf("compact: %w", err)
	}
	return j.replace(next)
}

// replace puts next in the place of j. Both are closed meanwhile, because not
// every system renames open files.
func (j *journal) replace(next *journal) error {
	if err := j.file.Close(); err != nil {
		return err
	}
	renamed := os.Rename(next.path, j.path)
	if renamed == nil {
		j.lines, j.size = next.lines, next.size
		syncFolder(filepath.Dir(j.path))
	}
	file, err := os.OpenFile(j.path, os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	j.file = file
	if _, err := file.Seek(j.size, io.SeekStart); err != nil {
		return err
	}
	return renamed
}

func (j *journal) writeAll(e *engine) error {
	h := headerOf(e.spec)
	if err := j.append(record{Header: &h}); err != nil {
		return err
	}
	for _, items := range e.partitions {
		for _, item := range items {
			if err := j.append(record{Put: item}); err != nil {
				return err
			}
		}
	}
	return nil
}

// syncFolder makes a rename last. Not every system can; then it lasts as soon
// as the system writes it.
func syncFolder(dir string) {
	if f, err := os.Open(dir); err == nil {
		_ = f.Sync()
		f.Close()
	}
}

func (j *journal) close() error {
	err := j.file.Sync()
	if closing := j.file.Close(); err == nil {
		err = closing
	}
	return err
}
