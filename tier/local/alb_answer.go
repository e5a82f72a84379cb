package local

import (
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// albContentType is that of an answer without one. It is not documented.
const albContentType = "application/octet-stream"

// albAnswer is the answer of a function to a load balancer. Headers that stand
// in the map of the other mode have no effect.
type albAnswer struct {
	status  int
	headers []field
	body    []byte
	base64  bool
}

func (d *albDoor) answer(_ *exchange, data []byte) (*answer, error) {
	if len(data) > albOutput.max {
		return nil, albOutput.exceeded()
	}
	o, err := d.parse(data)
	if err != nil {
		return nil, err
	}
	a := &answer{status: o.status, body: o.body}
	if a.header, err = sendable(o.headers, albContentType, func(string) bool { return false }); err != nil {
		return nil, err
	}
	if o.base64 {
		if a.body, err = decoded(o.body); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (d *albDoor) parse(data []byte) (*albAnswer, error) {
	dec := newOutputDecoder(data)
	if err := open(dec, "answer", '{'); err != nil {
		return nil, err
	}
	o := &albAnswer{}
	for dec.PeekKind() == '"' {
		key, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if err := o.read(key.String(), dec, d.multi); err != nil {
			return nil, err
		}
	}
	if err := end(dec); err != nil {
		return nil, err
	}
	if o.status == 0 {
		return nil, errors.New("statusCode: missing; a load balancer needs it")
	}
	return o, nil
}

func (o *albAnswer) read(key string, dec *jsontext.Decoder, multi bool) (err error) {
	switch {
	case key == "statusCode":
		if kind := dec.PeekKind(); kind != '0' {
			return malformed(key, "must be an integer", dec, kind)
		}
		o.status, err = readStatus(dec)
	case key == "headers" && !multi:
		o.headers, err = readHeaders(dec)
	case key == "multiValueHeaders" && multi:
		o.headers, err = readMultiHeaders(dec)
	case key == "body":
		if kind := dec.PeekKind(); kind != '"' {
			return malformed(key, `must be a string, "" if there is none`, dec, kind)
		}
		o.body, err = readOutputBody(dec)
	case key == "isBase64Encoded":
		o.base64, err = readFlag(dec, key)
	case key == "statusDescription":
		if kind := dec.PeekKind(); kind != '"' && kind != 'n' {
			return malformed(key, "must be a string", dec, kind)
		}
		err = dec.SkipValue()
	default:
		if err = dec.SkipValue(); err != nil {
			err = fmt.Errorf("answer: not JSON: %w", err)
		}
	}
	return err
}
