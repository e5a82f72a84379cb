package lambda

import (
	"crypto/md5"
	"encoding/binary"
	"errors"
	"strconv"
)

// aggregate is what the Kinesis Producer Library (KPL) puts into one record of a
// stream: several records, each with its partition key.
type aggregate struct {
	records []aggregated
}

type aggregated struct {
	key  string
	data []byte
}

// aggregateMagic begins a record that the KPL made.
const aggregateMagic = "\xf3\x89\x9a\xc2"

var errAggregate = errors.New("the record says that it is made of several, and they cannot be read")

// disaggregate takes a record apart that the KPL made. It is nil for others: those
// that do not begin as it does or do not end with the MD5 of what is between. The
// records have the bytes of data.
//
// See https://github.com/awslabs/amazon-kinesis-producer/blob/master/aggregation-format.md
func disaggregate(data []byte) (*aggregate, error) {
	if len(data) < len(aggregateMagic)+md5.Size || string(data[:len(aggregateMagic)]) != aggregateMagic {
		return nil, nil
	}
	body, sum := data[len(aggregateMagic):len(data)-md5.Size], data[len(data)-md5.Size:]
	if md5.Sum(body) != [md5.Size]byte(sum) {
		return nil, nil
	}
	a := &aggregate{}
	var keys, raw [][]byte
	for m := (message{rest: body}); m.next(); {
		switch m.field {
		case 1: // partition_key_table
			keys = append(keys, m.bytes)
		case 3: // records
			raw = append(raw, m.bytes)
		}
		if m.bytes == nil && m.field <= 3 {
			return nil, errAggregate
		}
		body = m.rest
	}
	if len(body) > 0 {
		return nil, errAggregate
	}
	a.records = make([]aggregated, len(raw))
	for i, r := range raw {
		if !a.records[i].read(r, keys) {
			return nil, errAggregate
		}
	}
	return a, nil
}

// read reads one record, whose partition key is among keys.
func (r *aggregated) read(raw []byte, keys [][]byte) bool {
	var index uint64
	known := false
	for m := (message{rest: raw}); m.next(); {
		switch {
		case m.field == 1 && m.bytes == nil: // partition_key_index
			index, known = m.number, true
		case m.field == 3 && m.bytes != nil: // data
			r.data = m.bytes
		case m.field == 1 || m.field == 3:
			return false
		}
		raw = m.rest
	}
	if len(raw) > 0 || !known || index >= uint64(len(keys)) || r.data == nil {
		return false
	}
	r.key = stringOf(keys[index])
	return true
}

// message is a message of Protocol Buffers that is read field by field.
//
// See https://protobuf.dev/programming-guides/encoding/
type message struct {
	rest   []byte
	field  uint64
	number uint64 // of a varint
	bytes  []byte // of a field with a length, not nil; nil for the others
}

// next reads a field. It is false at the end and at what is no message; the rest is
// empty at the end alone.
func (m *message) next() bool {
	rest := m.rest
	tag, n := binary.Uvarint(rest)
	if n <= 0 || tag>>3 == 0 {
		return false
	}
	rest = rest[n:]
	m.field, m.number, m.bytes = tag>>3, 0, nil
	switch tag & 7 {
	case 0:
		if m.number, n = binary.Uvarint(rest); n <= 0 {
			return false
		}
	case 1:
		n = 8
	case 2:
		size, skip := binary.Uvarint(rest)
		if skip <= 0 || size > uint64(len(rest)-skip) {
			return false
		}
		n = skip + int(size)
		m.bytes = rest[skip:n:n]
	case 5:
		n = 4
	default:
		return false
	}
	if n > len(rest) {
		return false
	}
	m.rest = rest[n:]
	return true
}

// part is one of the records that r is made of. It fails as r.
func (r *delivery) part(n int) *delivery {
	own := *r
	own.parts = nil
	own.record.ID += "." + strconv.Itoa(n)
	own.record.Group, own.record.Data = r.parts.records[n].key, r.parts.records[n].data
	return &own
}
