package key

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Context is what a ciphertext is bound to: {"customer": "c1"}. nil is none. Names
// and values are text, at most 8,192 bytes together; names are not empty and begin
// neither with "aws:" nor with "tierkit:". It is no secret.
//
// See https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
type Context map[string]string

const maxContext = 8192

func (c Context) check() error {
	size := 0
	for name, value := range c {
		size += len(name) + len(value)
		switch {
		case name == "" || !utf8.ValidString(name) || !utf8.ValidString(value):
			return invalid("a name in the context is empty, or a name or value is no UTF-8")
		case strings.HasPrefix(name, "aws:") || strings.HasPrefix(name, "tierkit:"):
			return invalid(`a name in the context begins with "aws:" or "tierkit:", which are kept for others`)
		}
	}
	if size > maxContext {
		return invalid(fmt.Sprintf("the context has %d bytes, more than %d", size, maxContext))
	}
	return nil
}

// appendTo writes the context in a form that no other context has.
func (c Context) appendTo(b []byte) []byte {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		for _, text := range []string{name, c[name]} {
			b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
			b = append(b, text...)
		}
	}
	return b
}

func checkSize(data []byte, least, most int) error {
	switch {
	case len(data) < least:
		return invalid("there is nothing to encrypt or decrypt")
	case len(data) > most:
		return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf("%d bytes, more than the %d that are taken", len(data), most)}
	}
	return nil
}

func invalid(text string) error {
	return &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf("%s", text)}
}
