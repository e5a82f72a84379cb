package filebucket

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The end of a file: the attributes as JSON, then the length and the checksum of
// the JSON as 4 bytes each, then the mark.
const (
	mark       = "tkblob1\n"
	footerSize = 8 + len(mark)
	maxTrailer = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (m meta) trailer() ([]byte, error) {
	b, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	n, sum := len(b), crc32.Checksum(b, castagnoli)
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	b = binary.BigEndian.AppendUint32(b, sum)
	return append(b, mark...), nil
}

// readTrailer reads what the file of the object key says about itself.
func readTrailer(file io.ReaderAt, size int64, key string) (m meta, err error) {
	m, err = decodeTrailer(file, size)
	if err == nil && m.Key != key {
		err = errors.New("it is another object's")
	}
	if err != nil {
		return meta{}, &datastore.Error{Kind: datastore.ErrCorrupt, Err: fmt.Errorf("the file of the object is damaged: %w", err)}
	}
	return m, nil
}

func decodeTrailer(file io.ReaderAt, size int64) (m meta, err error) {
	var footer [footerSize]byte
	at := size - int64(footerSize)
	if at < 0 {
		return m, errors.New("it is too short")
	}
	if _, err := file.ReadAt(footer[:], at); err != nil {
		return m, err
	}
	n := int64(binary.BigEndian.Uint32(footer[:]))
	if string(footer[8:]) != mark || n > maxTrailer || n > at {
		return m, errors.New("its end is not one")
	}
	text := make([]byte, n)
	if _, err := file.ReadAt(text, at-n); err != nil {
		return m, err
	}
	if crc32.Checksum(text, castagnoli) != binary.BigEndian.Uint32(footer[4:]) {
		return m, errors.New("its attributes do not fit their checksum")
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, errors.New("its attributes are no JSON of an object")
	}
	if m.Size != at-n {
		return m, errors.New("its content has another length")
	}
	if m.Metadata == nil {
		m.Metadata = map[string]string{}
	}
	return m, nil
}
