package pattern

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Decode reads a JSON object, with numbers as they are written.
func Decode(text []byte) (map[string]any, error) {
	var object map[string]any
	if err := decode(text, &object); err != nil {
		return nil, err
	}
	if object == nil {
		return nil, errors.New("it is null")
	}
	return object, nil
}

// DecodeValue reads any JSON, with numbers as they are written.
func DecodeValue(text []byte) (value any, err error) {
	err = decode(text, &value)
	return value, err
}

func decode(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is more behind it")
	}
	return nil
}

// CheckTwice refuses JSON of which an object has a property twice: only the last one
// would count. The JSON has been decoded before.
func CheckTwice(text []byte) error {
	dec := json.NewDecoder(bytes.NewReader(text))
	token, err := dec.Token()
	if err != nil {
		return err
	}
	return twice(dec, token)
}

func twice(dec *json.Decoder, token json.Token) error {
	seen := map[string]bool{}
	if token != json.Delim('{') && token != json.Delim('[') {
		return nil
	}
	for dec.More() {
		next, err := dec.Token()
		if err != nil {
			return err
		}
		if name, is := next.(string); is && token == json.Delim('{') {
			if seen[name] {
				return fmt.Errorf("the property %q is there twice in one object, of which only the last would count; put both into one", name)
			}
			seen[name] = true
			if next, err = dec.Token(); err != nil {
				return err
			}
		}
		if err := twice(dec, next); err != nil {
			return err
		}
	}
	_, err := dec.Token()
	return err
}
