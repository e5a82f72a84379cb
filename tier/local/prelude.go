package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// streamType is the content type of a function's streamed answer.
const streamType = "application/vnd.awslambda.http-integration-response"

// maxPrelude is how many bytes of a streamed answer may come before the end of
// the eight NUL bytes behind its status and headers. API Gateway documents it; a
// function URL is held to the same.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html.
const maxPrelude = 16 << 10

// preludeEnd cannot be a part of JSON.
var preludeEnd = make([]byte, 8)

// prelude is how a streamed answer begins: all but its body.
type prelude struct {
	status  int
	headers []field // one value each
	multi   []field
	cookies []string
}

// readPrelude reads the begin of a streamed answer. rest is what it has read of
// the body. The error says what makes the answer malformed, or is that of r.
func readPrelude(r io.Reader) (p *prelude, rest []byte, err error) {
	buf := make([]byte, maxPrelude)
	n, end := 0, -1
	for end < 0 {
		if n == len(buf) {
			return nil, nil, fmt.Errorf("answer: no eight NUL bytes in its first %d bytes", maxPrelude)
		}
		more, err := r.Read(buf[n:])
		n += more
		if end = bytes.Index(buf[:n], preludeEnd); end < 0 && err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("answer: it ends before the eight NUL bytes behind its status and headers")
			}
			return nil, nil, err
		}
	}
	p, err = parsePrelude(buf[:end])
	return p, buf[end+len(preludeEnd) : n], err
}

// parsePrelude reads a JSON object. Members that are not known have no effect.
func parsePrelude(data []byte) (*prelude, error) {
	dec := newOutputDecoder(data)
	if err := open(dec, "answer", '{'); err != nil {
		return nil, err
	}
	p := &prelude{status: 200}
	for dec.PeekKind() == '"' {
		key, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if err := p.read(key.String(), dec); err != nil {
			return nil, err
		}
	}
	return p, end(dec)
}

func (p *prelude) read(key string, dec *jsontext.Decoder) (err error) {
	switch key {
	case "statusCode":
		p.status, err = readStatus(dec)
	case "headers":
		p.headers, err = readHeaders(dec)
	case "multiValueHeaders":
		p.multi, err = readMultiHeaders(dec)
	case "cookies":
		if dec.PeekKind() == 'n' {
			return dec.SkipValue()
		}
		p.cookies, err = readArray(dec, key)
	default:
		err = dec.SkipValue()
	}
	return err
}
