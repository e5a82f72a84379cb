package service

import (
	"bytes"
	"io"
)

// inMemory is a body in memory.
type inMemory struct{ bytes.Reader }

func newInMemory(body []byte) *inMemory {
	m := &inMemory{}
	m.Reset(body)
	return m
}

// Close implements [io.Closer].
func (*inMemory) Close() error { return nil }

// readAll reads a body to its end, but not further than a byte beyond limit. length is
// what it is said to have, for memory of the right size; it may be wrong, or negative.
func readAll(body io.Reader, length, limit int64) ([]byte, error) {
	if length < 0 || length > limit {
		length = 0
	}
	room := length + 1 // in which its end is seen
	if length == 0 {
		room = bytes.MinRead
	}
	buf := make([]byte, 0, min(room, limit+1))
	for {
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		case int64(len(buf)) > limit:
			return buf, nil
		case len(buf) == cap(buf):
			more := make([]byte, len(buf), min(2*int64(cap(buf)), limit+1))
			copy(more, buf)
			buf = more
		}
	}
}
