package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// newOutputDecoder reads a function's answer. The last of two equal names
// counts, as for the gateway's own parser.
func newOutputDecoder(data []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
}

// open goes into a JSON object or array, whichever begins so.
func open(dec *jsontext.Decoder, part string, begin jsontext.Kind) error {
	if kind := dec.PeekKind(); kind != begin {
		rule := "must be a JSON object"
		if begin == '[' {
			rule = "must be an array"
		}
		return malformed(part, rule, dec, kind)
	}
	_, err := dec.ReadToken()
	return err
}

// end leaves the object that is the whole answer.
func end(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	return atEnd(dec)
}

// atEnd reports what follows the answer.
func atEnd(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return errors.New("answer: something follows its JSON value")
	}
	return nil
}

// malformed says what a part of the answer must be; a syntax error goes first.
func malformed(part, rule string, dec *jsontext.Decoder, kind jsontext.Kind) error {
	if kind == 0 || kind == jsontext.KindInvalid {
		if _, err := dec.ReadToken(); err != nil {
			return fmt.Errorf("answer: not JSON: %w", err)
		}
	}
	return fmt.Errorf("%s: %s", part, rule)
}

// readStatus reads an integer or a string of digits. What cannot be sent over
// HTTP as the only answer is malformed.
func readStatus(dec *jsontext.Decoder) (int, error) {
	const rule = "must be an integer from 200 to 599"
	kind := dec.PeekKind()
	if kind == 'n' {
		return 200, dec.SkipValue()
	}
	if kind != '0' && kind != '"' {
		return 0, malformed("statusCode", rule, dec, kind)
	}
	token, err := dec.ReadToken()
	if err != nil {
		return 0, err
	}
	status, err := strconv.Atoi(token.String())
	if err != nil || status < 200 || status > 599 {
		return 0, fmt.Errorf("statusCode: %q: %s", token.String(), rule)
	}
	return status, nil
}

func readFlag(dec *jsontext.Decoder, key string) (bool, error) {
	switch kind := dec.PeekKind(); kind {
	case 't', 'f', 'n':
		return kind == 't', dec.SkipValue()
	default:
		return false, malformed(key, "must be true or false", dec, kind)
	}
}

func readOutputBody(dec *jsontext.Decoder) ([]byte, error) {
	switch kind := dec.PeekKind(); kind {
	case 'n':
		return nil, dec.SkipValue()
	case '"':
		raw, err := dec.ReadValue()
		if err != nil {
			return nil, err
		}
		return jsontext.AppendUnquote(make([]byte, 0, len(raw)), raw)
	default:
		return nil, malformed("body", "must be a string", dec, kind)
	}
}

// readHeaders reads an object of scalars.
func readHeaders(dec *jsontext.Decoder) ([]field, error) {
	return readObject(dec, "headers", func(name string) ([]string, error) {
		v, err := readScalar(dec, "headers."+name)
		return []string{v}, err
	})
}

// readMultiHeaders reads an object of arrays of scalars.
func readMultiHeaders(dec *jsontext.Decoder) ([]field, error) {
	return readObject(dec, "multiValueHeaders", func(name string) ([]string, error) {
		return readArray(dec, "multiValueHeaders."+name)
	})
}

// readArray reads an array of scalars.
func readArray(dec *jsontext.Decoder, part string) ([]string, error) {
	if err := open(dec, part, '['); err != nil {
		return nil, err
	}
	var values []string
	for dec.PeekKind() != ']' {
		v, err := readScalar(dec, part)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	_, err := dec.ReadToken()
	return values, err
}

// readObject reads an object or null; value reads the value of each name.
func readObject(dec *jsontext.Decoder, part string, value func(name string) ([]string, error)) ([]field, error) {
	switch kind := dec.PeekKind(); kind {
	case 'n':
		return nil, dec.SkipValue()
	case '{':
	default:
		return nil, malformed(part, "must be an object", dec, kind)
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	var fields []field
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String()
		values, err := value(name)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field{name, values})
	}
	_, err := dec.ReadToken()
	return fields, err
}

// readScalar reads a string, a number or a boolean, as the text of a header.
func readScalar(dec *jsontext.Decoder, part string) (string, error) {
	switch kind := dec.PeekKind(); kind {
	case '"', '0', 't', 'f':
		token, err := dec.ReadToken()
		if err != nil {
			return "", err
		}
		return token.String(), nil
	default:
		return "", malformed(part, "must be a string, a number or a boolean", dec, kind)
	}
}
