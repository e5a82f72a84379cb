package encryptionsdk

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

// header is that of a message.
type header struct {
	suite
	id         []byte
	bound      map[string]string
	keys       [][]byte // encrypted, of AWS KMS
	framed     bool
	frame      int    // bytes of each frame but the last
	commitment []byte // nil for none
	bytes      []byte // that tag authenticates
	nonce, tag []byte
}

const (
	customerData = 0x80 // the type of messages of format 1
	unframed     = 1
	framed       = 2
)

// readHeader reads the header, of which nothing is verified.
func readHeader(r *reader) (*header, error) {
	h := &header{}
	version := r.byte()
	if version == 1 && r.byte() != customerData {
		return nil, corrupt("is of no known type")
	}
	algorithm := r.uint16()
	i := slices.IndexFunc(suites, func(s suite) bool { return s.id == algorithm && s.version == version })
	if r.short || i < 0 {
		return nil, corrupt("is none of the AWS Encryption SDK, or of an algorithm suite that is not read")
	}
	h.suite = suites[i]
	h.id = r.take(h.idSize())
	if err := h.readBound(r.take(int(r.uint16()))); err != nil {
		return nil, err
	}
	if err := h.readKeys(r); err != nil {
		return nil, err
	}
	content := r.byte()
	h.framed = content == framed
	if version == 1 && (r.uint32() != 0 || r.byte() != nonceSize) {
		return nil, corrupt("has a header that is none")
	}
	frame := r.uint32()
	if !h.framed && (content != unframed || frame != 0) || h.framed && frame == 0 {
		return nil, corrupt("has frames of %d bytes", frame)
	}
	h.frame = int(min(frame, MaxMessage+1)) // of which a message has none
	if h.committed {
		h.commitment = r.take(commitmentSize)
	}
	h.bytes = r.b[:r.i]
	h.nonce = make([]byte, nonceSize)
	if version == 1 {
		h.nonce = r.take(nonceSize)
	}
	h.tag = r.take(tagSize)
	return h, r.err()
}

// readBound reads the encryption context.
func (h *header) readBound(text []byte) error {
	h.bound = map[string]string{}
	if len(text) == 0 {
		return nil
	}
	r := &reader{b: text}
	for range r.uint16() {
		name, value := string(r.take(int(r.uint16()))), string(r.take(int(r.uint16())))
		if _, twice := h.bound[name]; twice || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return corrupt("has a context with a name twice, or with what is no text")
		}
		h.bound[name] = value
	}
	if r.short || r.i < len(text) {
		return corrupt("has a context that is none")
	}
	return nil
}

// readKeys reads the encrypted data keys.
func (h *header) readKeys(r *reader) error {
	n := int(r.uint16())
	if n > maxKeys {
		return corrupt("has %d data keys, more than %d", n, maxKeys)
	}
	for range n {
		by := string(r.take(int(r.uint16())))
		r.take(int(r.uint16())) // the ARN of the key, which the one who decrypts knows
		if key := r.take(int(r.uint16())); by == provider && !r.short {
			h.keys = append(h.keys, key)
		}
	}
	return nil
}

// reader reads a message. Once it was too short, it reads zeros.
type reader struct {
	b     []byte
	i     int
	short bool
}

func (r *reader) take(n int) []byte {
	if r.short || n > len(r.b)-r.i {
		r.short = true
		return nil
	}
	r.i += n
	return r.b[r.i-n : r.i : r.i]
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (r *reader) err() error {
	if r.short {
		return corrupt("ends too early")
	}
	return nil
}
