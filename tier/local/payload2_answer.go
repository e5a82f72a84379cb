package local

import (
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

// output2 is the answer of a function in payload format 2.0.
type output2 struct {
	structured bool // an object with statusCode; else the whole output is the body
	status     int
	headers    []field
	cookies    []string
	body       []byte
	base64     bool
}

// reader2 is what the doors of payload format 2.0 read differently.
type reader2 struct {
	contentType string // of a structured answer without one
	rewrites    bool   // JSON is made compact, and a body that is not a string is JSON
	own         func(canonical string) bool
}

// answer makes an answer of a function's output. multiValueHeaders and members
// that are not known have no effect. A body that says it is base64 is always
// decoded.
func (r reader2) answer(data []byte) (*answer, error) {
	o, err := r.parse(data)
	if err != nil {
		return nil, err
	}
	a := &answer{status: o.status, body: o.body}
	if a.header, err = r.header(o); err != nil {
		return nil, err
	}
	if o.base64 {
		if a.body, err = decoded(o.body); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// header are the headers of an answer, its cookies among them.
func (r reader2) header(o *output2) (http.Header, error) {
	contentType := jsonType
	if o.structured {
		contentType = r.contentType
	}
	h, err := sendable(o.headers, contentType, r.own)
	if err != nil {
		return nil, err
	}
	if err := checkHeader("Set-Cookie", o.cookies); err != nil {
		return nil, err
	}
	if cookies := append(o.cookies, h["Set-Cookie"]...); len(cookies) > 0 {
		h["Set-Cookie"] = cookies
	}
	return h, nil
}

func (r reader2) parse(data []byte) (*output2, error) {
	structured, err := structured2(data)
	if err != nil {
		return nil, err
	}
	o := &output2{structured: structured, status: 200}
	dec := newOutputDecoder(data)
	if !structured {
		o.body, err = r.readAny(dec, data)
		return o, err
	}
	if err := open(dec, "answer", '{'); err != nil {
		return nil, err
	}
	for dec.PeekKind() == '"' {
		key, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if err := o.read(key.String(), dec, r); err != nil {
			return nil, err
		}
	}
	return o, end(dec)
}

// structured2 reports whether an answer is an object with a statusCode, and why
// it is not JSON if it is not.
func structured2(data []byte) (bool, error) {
	dec := newOutputDecoder(data)
	if dec.PeekKind() != '{' {
		if err := dec.SkipValue(); err != nil {
			return false, fmt.Errorf("answer: not JSON: %w", err)
		}
		return false, atEnd(dec)
	}
	if _, err := dec.ReadToken(); err != nil {
		return false, err
	}
	found := false
	for dec.PeekKind() == '"' {
		key, err := dec.ReadToken()
		if err != nil {
			return false, fmt.Errorf("answer: not JSON: %w", err)
		}
		found = found || key.String() == "statusCode"
		if err := dec.SkipValue(); err != nil {
			return false, fmt.Errorf("answer: not JSON: %w", err)
		}
	}
	return found, end(dec)
}

func (o *output2) read(key string, dec *jsontext.Decoder, r reader2) (err error) {
	switch key {
	case "statusCode":
		o.status, err = readStatus(dec)
	case "headers":
		o.headers, err = readHeaders(dec)
	case "cookies":
		if dec.PeekKind() == 'n' {
			return dec.SkipValue()
		}
		o.cookies, err = readArray(dec, key)
	case "body":
		if kind := dec.PeekKind(); r.rewrites && kind != '"' && kind != 'n' {
			o.body, err = r.readAny(dec, nil)
			return err
		}
		o.body, err = readOutputBody(dec)
	case "isBase64Encoded":
		o.base64, err = readFlag(dec, key)
	default:
		err = dec.SkipValue()
	}
	return err
}

// readAny reads whatever value as a body: a string without its quotes, anything
// else as JSON. whole is the value as the function wrote it.
func (r reader2) readAny(dec *jsontext.Decoder, whole []byte) ([]byte, error) {
	if dec.PeekKind() == '"' {
		return readOutputBody(dec)
	}
	if !r.rewrites {
		return whole, nil
	}
	value, err := dec.ReadValue()
	if err != nil {
		return nil, err
	}
	value = value.Clone()
	err = value.Compact(jsontext.AllowDuplicateNames(true))
	return value, err
}
