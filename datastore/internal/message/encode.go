// Package message is what the kinds that send messages do alike: make a message
// of a value, check it against what AWS takes, and send many in batches.
package message

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Encode makes the bytes of a message: a []byte or a string as it is, all else
// its JSON, as encoding/json writes it but without escaping HTML. A value without
// JSON is a mistake of the declaration: its type cannot be sent.
func Encode(value any) ([]byte, error) {
	switch v := value.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil, &datastore.Error{Kind: datastore.ErrDeclaration, Err: fmt.Errorf("a value of type %T has no JSON: %w", value, err)}
	}
	return bytes.TrimSuffix(b.Bytes(), []byte{'\n'}), nil
}

// EncodeText is Encode for what is sent as text.
func EncodeText(value any) (string, error) {
	if text, raw := value.(string); raw {
		return text, nil
	}
	b, err := Encode(value)
	return string(b), err
}

// Decode reads what Encode made into the value that into points to.
func Decode(data []byte, into any) error {
	switch v := into.(type) {
	case *[]byte:
		*v = bytes.Clone(data)
		return nil
	case *string:
		*v = string(data)
		return nil
	}
	return json.Unmarshal(data, into)
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
