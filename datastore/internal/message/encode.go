// Package message is what the kinds that send messages do alike: make a message
// of a value, check it against what AWS takes, and send many in batches.
package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Encode makes the bytes of a message: a []byte or a string as it is, all else
// its JSON.
func Encode(value any) ([]byte, error) {
	switch v := value.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	return EncodeJSON(value)
}

// EncodeJSON is the JSON of a value, as encoding/json writes it but without
// escaping HTML. A value without JSON is a mistake of the declaration: its type
// cannot be sent.
func EncodeJSON(value any) (b []byte, err error) {
	err = encodeWith(value, func(text []byte) { b = bytes.Clone(text) })
	return b, err
}

// Texts are the JSON of several values, in few pieces of memory. It is empty at first.
type Texts struct{ piece []byte }

// maxPiece is the size up to which each piece has twice that of the one before.
const maxPiece = 1 << 20

// Add is EncodeJSON. What it answers stays as it is.
func (t *Texts) Add(value any) (b []byte, err error) {
	err = encodeWith(value, func(text []byte) { b = t.copy(text) })
	return b, err
}

// Encode is [Encode]. What it answers stays as it is.
func (t *Texts) Encode(value any) ([]byte, error) {
	switch v := value.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	return t.Add(value)
}

func (t *Texts) copy(text []byte) []byte {
	if cap(t.piece)-len(t.piece) < len(text) {
		t.piece = make([]byte, 0, max(len(text), min(2*cap(t.piece), maxPiece)))
	}
	start := len(t.piece)
	t.piece = append(t.piece, text...)
	return t.piece[start:len(t.piece):len(t.piece)]
}

// EncodeText is Encode for what is sent as text.
func EncodeText(value any) (text string, err error) {
	switch v := value.(type) {
	case []byte:
		return string(v), nil
	case string:
		return v, nil
	}
	err = encodeWith(value, func(b []byte) { text = string(b) })
	return text, err
}

// encoder writes JSON into a buffer of its own.
type encoder struct {
	buffer bytes.Buffer
	json   *json.Encoder
}

var encoders = sync.Pool{New: func() any {
	e := &encoder{}
	e.json = json.NewEncoder(&e.buffer)
	e.json.SetEscapeHTML(false)
	return e
}}

// maxKept is the size of the buffers that are used again.
const maxKept = 64 << 10

// encodeWith gives take the JSON of a value, which it does not keep.
func encodeWith(value any, take func([]byte)) error {
	e := encoders.Get().(*encoder)
	e.buffer.Reset()
	if err := e.json.Encode(value); err != nil { // the encoder keeps errors of writing alone, of which there are none
		encoders.Put(e)
		return &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("a value of type %T has no JSON: %w", value, err)}
	}
	take(bytes.TrimSuffix(e.buffer.Bytes(), []byte{'\n'}))
	if e.buffer.Cap() <= maxKept {
		encoders.Put(e)
	}
	return nil
}

// CheckText refuses what SQS and SNS do not take as a message: nothing at all,
// what is not UTF-8, and the characters that XML has no place for.
//
// See https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
func CheckText(text string) error {
	if text == "" {
		return Invalid("the message is empty")
	}
	for i := 0; i < len(text); {
		if i+8 <= len(text) && isPlain(text[i:i+8]) {
			i += 8
			continue
		}
		if c := text[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
				return Invalid("the message has the control character %#U at byte %d; send bytes in base64", rune(c), i)
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			return Invalid("the message is not UTF-8 at byte %d; send bytes in base64", i)
		case r == 0xfffe || r == 0xffff:
			return Invalid("the message has %#U at byte %d, which is no character; send bytes in base64", r, i)
		}
		i += size
	}
	return nil
}

// isPlain reports whether eight bytes are all ASCII and no control characters, by
// looking at them at once.
func isPlain(s string) bool {
	const highBits, spaces = 0x8080808080808080, 0x2020202020202020
	_ = s[7]
	w := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
	// Without high bits, a byte below a space borrows, which sets its high bit.
	return (w|(w-spaces))&highBits == 0
}

// Invalid is an error of kind [datastore.ErrInvalid].
func Invalid(format string, args ...any) error {
	return &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf(format, args...)}
}

// TooLarge is an error of kind [datastore.ErrTooLarge].
func TooLarge(format string, args ...any) error {
	return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf(format, args...)}
}

// Item says in an error which item of a batch it is about.
func Item(i int, err error) error {
	e, ok := errors.AsType[*datastore.Error](err)
	if !ok {
		return fmt.Errorf("item %d: %w", i, err)
	}
	own := *e
	own.Err = fmt.Errorf("item %d: %w", i, e.Err)
	return &own
}
