package table

import (
	"fmt"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The limits that are checked before anything is sent, on every driver alike. To
// the size of an item that is created, or put under a condition or a version,
// counts the hidden attribute "_w", with 14 bytes.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
const (
	MaxItemSize         = 400 << 10  // bytes of an item, names and values
	MaxPartitionKeySize = 2048       // bytes of a partition key
	MaxSortKeySize      = 1024       // bytes of a sort key
	maxDepth            = 32         // levels of lists and maps
	maxName             = 64<<10 - 1 // bytes of an attribute name
	maxKeyName          = 255        // bytes of the name of a key attribute
	maxIn               = 100        // values of an In
	maxBatchGet         = 100        // keys of a BatchGetItem
	maxBatchWrite       = 25         // items of a BatchWriteItem
	maxBatchBytes       = 15 << 20   // of the request: 16 MB with room for its frame
	maxTxItems          = 100        // items of a transaction
	maxTxBytes          = 4 << 20    // of the items of a transaction
)

// Size is the size of the item in bytes by which DynamoDB limits and charges:
// each attribute's name and value.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func (i Item) Size() int {
	n := 0
	for name, v := range i {
		n += len(name) + v.size()
	}
	return n
}

func (v Value) size() int {
	switch v.typ {
	case S, B:
		return len(v.text)
	case N:
		return numberSize(v.text)
	case BOOL, NULL:
		return 1
	case M:
		item := v.Attributes()
		return 3 + len(item) + item.Size()
	}
	n := 0
	for _, e := range v.Elements() {
		n += e.size()
	}
	if v.typ == L {
		n += 3 + v.list.Len()
	}
	return n
}

// numberSize is one byte for two significant digits of a canonical text and one
// more, two more if the number is negative.
func numberSize(text string) int {
	digits, zeros, n := 0, 0, 1 // zeros are those behind the last digit that is none
	for i := range len(text) {
		switch c := text[i]; {
		case c == 'E':
			return n + (digits+1)/2
		case c == '-':
			n++
		case c == '0' && digits > 0:
			zeros++
		case c > '0':
			digits, zeros = digits+zeros+1, 0
		}
	}
	return n + (digits+1)/2
}

// jsonSize is about the size of the item in a request: with the names of types,
// quotes and commas.
func (i Item) jsonSize() int {
	n := 2
	for name, v := range i {
		n += textSize(name) + 4 + v.jsonSize()
	}
	return n
}

func (v Value) jsonSize() int {
	const frame = len(`{"BOOL":""}`)
	switch v.typ {
	case S:
		return frame + textSize(v.text)
	case B:
		return frame + (len(v.text)+2)/3*4
	case M:
		return frame + v.Attributes().jsonSize()
	}
	n := frame + len(v.text)
	for _, e := range v.Elements() {
		n += e.jsonSize()
	}
	return n
}

// textSize is the size of a text in JSON, with the characters that are escaped.
func textSize(s string) int {
	n := len(s)
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			n++
		case c < ' ' || c == '<' || c == '>' || c == '&':
			n += len(`\u0000`) - 1
		}
	}
	return n
}

func checkItemSize(n int) error {
	if n > MaxItemSize {
		return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf(
			"the item has %d bytes; at most %d fit, names and values together: keep large parts in a bucket", n, MaxItemSize)}
	}
	return nil
}

func checkKeyValue(role string, a Attribute, v Value, limit int) error {
	switch {
	case v.IsZero() || v.typ == NULL:
		return invalid("%s %q: missing", role, a.Name)
	case v.typ != a.Type:
		return invalid("%s %q: is of type %v, want %v", role, a.Name, v.typ, a.Type)
	case v.typ != N && v.text == "":
		return invalid("%s %q: must not be empty", role, a.Name)
	case v.typ != N && len(v.text) > limit:
		return &datastore.Error{Kind: datastore.ErrTooLarge, Err: fmt.Errorf(
			"%s %q: has %d bytes, at most %d are allowed", role, a.Name, len(v.text), limit)}
	}
	if err := v.check(1); err != nil {
		return invalid("%s %q: %w", role, a.Name, err)
	}
	return nil
}

func invalid(format string, args ...any) error {
	return &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf(format, args...)}
}
