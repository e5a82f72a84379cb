package search

import (
	"encoding/json"
	"io"
)

// documents reads one JSON document after the other by one decoder, of which
// json.Unmarshal would make one for each. It is empty at first.
type documents struct {
	rest []byte // of the document that is being read
	end  int64  // of it, as the decoder counts
	from *json.Decoder
}

// decode reads a document. It reports whether that went well; if not, a part of it
// may have been read, and json.Unmarshal tells what is wrong.
func (d *documents) decode(doc []byte, into any) bool {
	if d.from == nil {
		d.from, d.end = json.NewDecoder(d), 0
	}
	d.rest = doc
	d.end += int64(len(doc))
	if d.from.Decode(into) != nil || len(d.rest) > 0 || d.from.InputOffset() != d.end {
		d.from = nil // which may be anywhere in the document
		return false
	}
	return true
}

// Read implements [io.Reader] for the decoder.
func (d *documents) Read(b []byte) (int, error) {
	n := copy(b, d.rest)
	if d.rest = d.rest[n:]; n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
