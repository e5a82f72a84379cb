package filetable

import (
	"bytes"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// FuzzJournal reads any bytes as a journal: nothing panics, what was read is
// written again as it was, and reading what was good reads the same.
func FuzzJournal(f *testing.F) {
	h := headerOf(table.Spec{Logical: "t", PK: table.Attribute{Name: "id", Type: table.S}})
	var whole []byte
	for _, r := range []record{
		{Header: &h},
		{Put: table.Item{"id": table.String("1"), "n": table.Int(5), "l": table.List(table.Null(), table.Bool(true))}},
		{Delete: table.Item{"id": table.String("1")}},
	} {
		line, err := r.line()
		if err != nil {
			f.Fatal(err)
		}
		whole = append(whole, line...)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-7])
	f.Add(bytes.Replace(whole, []byte(`"1"`), []byte(`"2"`), 1))
	f.Add([]byte("00000000 {}\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		e := newEngine(table.Spec{Logical: "t", PK: table.Attribute{Name: "id", Type: table.S}})
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
