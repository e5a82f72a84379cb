package filetable

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// record is one line of a journal: the header, an item that was put, or the key
// of one that was deleted. The line has eight hex digits of CRC-32C, a space and
// JSON, which has no line breaks.
type record struct {
	Table  string     `json:"of,omitempty"` // only in the file of a transaction
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

// maxLine bounds the memory that reading a line takes. The largest item has
// 400 KB, and JSON makes of a byte at most ten.
const maxLine = 16 << 20

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
	if len(data) > maxLine-10 {
		return nil, fmt.Errorf("an item of %d bytes as JSON; a line of the journal takes %d", len(data), maxLine)
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
	if r, ok := decodeItem(line[9:]); ok {
		return r, nil
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
