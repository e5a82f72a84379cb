package filesearch

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// line is one write in a journal.
type line struct {
	ID      string          `json:"id"`
	Version int64           `json:"version"`
	Doc     json.RawMessage `json:"doc,omitempty"` // not there if it was deleted
}

// journal is the file of one index. Its index serialises its use.
type journal struct {
	file *os.File
	size int64 // of what is whole
}

// openJournal has load take each write of the file at path, and writes it anew
// without what has been replaced since.
func openJournal(path string, load func(search.Write) error) (*journal, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	writes, err := readJournal(old)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; remove the file to begin with an empty index", path, err)
	}
	for _, w := range writes {
		if err := load(w); err != nil {
			return nil, fmt.Errorf("%s: %w; remove the file to begin with an empty index", path, err)
		}
	}
	return replaceJournal(path, writes)
}

// readJournal is the last write of each document, in the order of the file. A last
// line without its end is left out: a crash cut it off.
func readJournal(data []byte) ([]search.Write, error) {
	var writes []search.Write
	last := map[string]int{}
	for n := 1; ; n++ {
		one, rest, whole := bytes.Cut(data, []byte{'\n'})
		if !whole {
			break
		}
		data = rest
		var l line
		if err := json.Unmarshal(one, &l); err != nil || l.ID == "" || l.Doc != nil && (len(l.Doc) == 0 || l.Doc[0] != '{') {
			return nil, fmt.Errorf("line %d is no write of this package", n)
		}
		w := search.Write{ID: l.ID, Version: l.Version, Doc: l.Doc}
		if i, again := last[l.ID]; again {
			writes[i] = w
			continue
		}
		last[l.ID] = len(writes)
		writes = append(writes, w)
	}
	return writes, nil
}

// replaceJournal puts a journal of the writes in place of the one at path.
func replaceJournal(path string, writes []search.Write) (*journal, error) {
	fresh, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	size, err := fill(fresh, writes)
	if err = errors.Join(err, fresh.Close()); err == nil { // closed: Windows renames no open file
		err = os.Rename(fresh.Name(), path)
	}
	if err != nil {
		os.Remove(fresh.Name())
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	return &journal{file, size}, err
}

func fill(file *os.File, writes []search.Write) (size int64, err error) {
	b := bufio.NewWriter(file)
	for _, w := range writes {
		n, err := b.Write(lineOf(w))
		if size += int64(n); err != nil {
			return size, err
		}
	}
	return size, b.Flush()
}

func lineOf(w search.Write) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(line{w.ID, w.Version, w.Doc}) // a document is JSON
	return b.Bytes()
}

// append adds a write. What a failure leaves behind is overwritten by the next.
func (j *journal) append(w search.Write) error {
	data := lineOf(w)
	if _, err := j.file.Seek(j.size, io.SeekStart); err != nil {
		return err
	}
	if err := j.file.Truncate(j.size); err != nil {
		return err
	}
	if _, err := j.file.Write(data); err != nil {
		return err
	}
	j.size += int64(len(data))
	return nil
}
