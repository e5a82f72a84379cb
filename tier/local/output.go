package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// output is the answer of a function to a REST API, read strictly.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format.
type output struct {
	status  int
	headers []field // as in "headers", one value each
	multi   []field // as in "multiValueHeaders"
	body    []byte
	base64  bool
	legacy  bool // base64 was set by the older key, which wins
}

// parseOutput reads the answer of a function. The error says what makes it
// malformed, for which the client gets 502.
func parseOutput(data []byte) (*output, error) {
	// The last of two equal names counts, as for the gateway's own parser.
	dec := jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))
	if kind := dec.PeekKind(); kind != '{' {
		return nil, malformed("answer", "must be a JSON object", dec, kind)
	}
	o := &output{status: 200}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	for dec.PeekKind() == '"' {
		key, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if err := o.read(key.String(), dec); err != nil {
			return nil, err
		}
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("answer: something follows the JSON object")
	}
	return o, nil
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

func (o *output) read(key string, dec *jsontext.Decoder) (err error) {
	switch key {
	case "statusCode":
		o.status, err = readStatus(dec)
	case "headers":
		o.headers, err = readHeaders(dec)
	case "multiValueHeaders":
		o.multi, err = readMultiHeaders(dec)
	case "body":
		o.body, err = readOutputBody(dec)
	case "base64Encoded":
		o.legacy = true
		o.base64, err = readFlag(dec, key)
	case "isBase64Encoded":
		var flag bool
		if flag, err = readFlag(dec, key); !o.legacy {
			o.base64 = flag
		}
	case "cookies": // belongs to payload version 2.0; tolerated and without effect
		err = dec.SkipValue()
	default:
		err = fmt.Errorf("answer: key %q is not allowed; write statusCode, headers, multiValueHeaders, body, isBase64Encoded", key)
	}
	return err
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
		part := "multiValueHeaders." + name
		if kind := dec.PeekKind(); kind != '[' {
			return nil, malformed(part, "must be an array", dec, kind)
		}
		if _, err := dec.ReadToken(); err != nil {
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
	})
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
