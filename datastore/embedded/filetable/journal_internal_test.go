package filetable

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

func journalOf(t testing.TB, records ...record) []byte {
	t.Helper()
	h := headerOf(idTable)
	var whole []byte
	for _, r := range append([]record{{Header: &h}}, records...) {
		line, err := r.line()
		if err != nil {
			t.Fatal(err)
		}
		whole = append(whole, line...)
	}
	return whole
}

var idTable = table.Spec{Logical: "t", PK: table.Attribute{Name: "id", Type: table.S}}

// TestScanCut cuts a journal at every byte: the lines that are whole are read,
// and the rest counts as torn.
func TestScanCut(t *testing.T) {
	t.Parallel()
	whole := journalOf(t, record{Put: table.Item{"id": table.String("1")}}, record{Put: table.Item{"id": table.String("2")}})
	for cut := range len(whole) + 1 {
		lines := 0
		good, torn, err := scan(bytes.NewReader(whole[:cut]), func(record, int64) error { lines++; return nil })
		end := int64(bytes.LastIndexByte(whole[:cut], '\n') + 1)
		if err != nil || good != end || torn != int64(cut)-end || lines != bytes.Count(whole[:cut], []byte("\n")) {
			t.Errorf("scan of the first %d bytes = %d good, %d torn, %v with %d records, want %d good and %d torn",
				cut, good, torn, err, lines, end, int64(cut)-end)
		}
	}
}

// TestScanLongLines reads lines that are longer than the reader's buffer, whole
// and torn.
func TestScanLongLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200<<10)
	whole := journalOf(t, record{Put: table.Item{"id": table.String("1"), "text": table.String(long)}}, record{Put: table.Item{"id": table.String("2")}})
	e := newEngine(Memory(), "items", idTable, time.Now)
	good, torn, err := scan(bytes.NewReader(whole), e.replayer())
	stored := e.find(table.Item{"id": table.String("1")})
	if err != nil || good != int64(len(whole)) || torn != 0 || stored["text"].Text() != long || e.live == 0 {
		t.Errorf("scan = %d good, %d torn, %v, want all %d bytes and the long text", good, torn, err, len(whole))
	}
	cut := len(whole) - 200
	_, torn, err = scan(bytes.NewReader(whole[:cut]), newEngine(Memory(), "items", idTable, time.Now).replayer())
	if want := int64(cut - bytes.IndexByte(whole, '\n') - 1); err != nil || torn != want {
		t.Errorf("scan of a long torn line = %d torn, %v, want %d", torn, err, want)
	}
}

// TestJournalOpensAgain: a journal that could not be opened after a compaction is
// by the next write, unless the file has changed meanwhile.
func TestJournalOpensAgain(t *testing.T) {
	t.Parallel()
	for _, changed := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "t.journal")
		j, err := openJournal(path, newEngine(Memory(), "items", idTable, time.Now), Options{Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		j.info = nil // as replace leaves it
		if err := j.file.Close(); err != nil {
			t.Fatal(err)
		}
		if changed {
			if err := os.Truncate(path, 3); err != nil {
				t.Fatal(err)
			}
		}
		if _, err = j.append(record{Put: table.Item{"id": table.String("1")}}); (err != nil) != changed {
			t.Errorf("append, file changed %v: error = %v", changed, err)
		}
		if info, err := os.Stat(path); err != nil || !changed && info.Size() != j.size || changed && info.Size() != 3 {
			t.Errorf("after append, file changed %v: %d bytes, %v, the journal counts %d", changed, info.Size(), err, j.size)
		}
		j.close()
	}
}

// FuzzJournal reads any bytes as a journal: nothing panics, what was read is
// written again as it was, and reading what was good reads the same.
func FuzzJournal(f *testing.F) {
	whole := journalOf(f,
		record{Put: table.Item{"id": table.String("1"), "n": table.Int(5), "l": table.List(table.Null(), table.Bool(true))}},
		record{Delete: table.Item{"id": table.String("1")}},
	)
	f.Add(whole)
	f.Add(whole[:len(whole)-7])
	f.Add(bytes.Replace(whole, []byte(`"1"`), []byte(`"2"`), 1))
	f.Add([]byte("00000000 {}\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		e := newEngine(Memory(), "items", idTable, time.Now)
		lines := 0
		replay := e.replayer()
		good, torn, err := scan(bytes.NewReader(data), func(r record, size int64) error {
			lines++
			return replay(r, size)
		})
		if good < 0 || good > int64(len(data)) || good > 0 && data[good-1] != '\n' {
			t.Fatalf("scan = %d of %d bytes, want the end of a line", good, len(data))
		}
		if err != nil {
			return
		}
		if rest := data[good:]; torn != int64(len(rest)) || bytes.IndexByte(rest, '\n') >= 0 {
			t.Fatalf("scan dropped %d of the last %d bytes %q, want all of them and no line break", torn, len(rest), rest)
		}
		again := 0
		regood, _, err := scan(bytes.NewReader(data[:good]), func(r record, _ int64) error {
			again++
			line, err := r.line()
			if err != nil {
				t.Fatalf("a record that was read cannot be written: %v", err)
			}
			if _, err := parseLine(bytes.TrimSuffix(line, []byte("\n"))); err != nil {
				t.Fatalf("a record that was written cannot be read: %v", err)
			}
			return nil
		})
		if err != nil || regood != good || again != lines {
			t.Fatalf("scan of the good part = %d, %v with %d lines, want %d with %d", regood, err, again, good, lines)
		}
	})
}
