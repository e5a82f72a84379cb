package local

import (
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// restOutput is the answer of a function to a REST API, read strictly.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-output-format.
type restOutput struct {
	status  int
	headers []field // as in "headers", one value each
	multi   []field // as in "multiValueHeaders"
	body    []byte
	base64  bool
	legacy  bool // base64 was set by the older key, which wins
}

// parseRestOutput reads the answer of a function. The error says what makes it
// malformed, for which the client gets 502.
func parseRestOutput(data []byte) (*restOutput, error) {
	dec := newOutputDecoder(data)
	if err := open(dec, "answer", '{'); err != nil {
		return nil, err
	}
	o := &restOutput{status: 200}
	for dec.PeekKind() == '"' {
		key, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if err := o.read(key.String(), dec); err != nil {
			return nil, err
		}
	}
	if err := end(dec); err != nil {
		return nil, err
	}
	return o, nil
}

func (o *restOutput) read(key string, dec *jsontext.Decoder) (err error) {
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
