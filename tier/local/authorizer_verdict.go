package local

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/seed-18e8afb5/tierkit/tier/policy/evaluate"
)

// verdict is what a Lambda authorizer answered.
type verdict struct {
	policy     *evaluate.Policy // nil for a simple answer
	authorized bool             // of a simple answer
	principal  string
	context    []contextMember // nil if there was none
	usageKey   string
}

type contextMember struct {
	name  string
	value jsontext.Value
}

// verdictForm is what an answer may look like: with isAuthorized instead of a
// policy, with plain values only in its context.
type verdictForm struct{ simple, flat bool }

// parseVerdict reads the answer of a Lambda authorizer. The error says what makes
// it malformed; the client gets 500 then. Unknown members are passed over.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-output.html.
func parseVerdict(output []byte, form verdictForm) (*verdict, error) {
	dec := jsontext.NewDecoder(bytes.NewReader(output))
	if err := open(dec, "answer", '{'); err != nil {
		return nil, err
	}
	r := verdictReader{form: form}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, err
		}
		if err := r.read(name.String(), dec); err != nil {
			return nil, err
		}
	}
	if err := end(dec); err != nil {
		return nil, err
	}
	return r.finish()
}

// verdictReader collects the members of an answer.
type verdictReader struct {
	form     verdictForm
	v        verdict
	named    bool // principalId is there and says something
	decided  bool // isAuthorized is there
	document jsontext.Value
}

func (r *verdictReader) read(name string, dec *jsontext.Decoder) (err error) {
	switch name {
	case "principalId":
		r.v.principal, err = readText(dec, name)
		r.named = r.v.principal != ""
	case "policyDocument":
		if kind := dec.PeekKind(); kind != '{' {
			return malformed(name, "must be an object", dec, kind)
		}
		r.document, err = copied(dec.ReadValue())
	case "context":
		err = r.readContext(dec)
	case "usageIdentifierKey":
		if dec.PeekKind() == 'n' {
			return dec.SkipValue()
		}
		r.v.usageKey, err = readText(dec, name)
	case "isAuthorized":
		if !r.form.simple {
			return dec.SkipValue()
		}
		kind := dec.PeekKind()
		if kind != 't' && kind != 'f' {
			return malformed(name, "must be true or false", dec, kind)
		}
		r.decided, r.v.authorized = true, kind == 't'
		err = dec.SkipValue()
	default:
		err = dec.SkipValue()
	}
	return err
}

func (r *verdictReader) readContext(dec *jsontext.Decoder) error {
	switch kind := dec.PeekKind(); kind {
	case 'n':
		return dec.SkipValue()
	case '{':
	default:
		return malformed("context", "must be an object", dec, kind)
	}
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	r.v.context = []contextMember{}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		switch kind := dec.PeekKind(); kind {
		case '"', '0', 't', 'f':
		default:
			if r.form.flat {
				return malformed("context."+name, "must be a string, a number or a boolean", dec, kind)
			}
		}
		value, err := copied(dec.ReadValue())
		if err != nil {
			return err
		}
		if r.form.flat && (name == "principalId" || name == "integrationLatency") {
			continue // the gateway's own
		}
		r.v.context = append(r.v.context, contextMember{name, value})
	}
	_, err := dec.ReadToken()
	return err
}

// finish checks that the answer decides, and by one thing.
func (r *verdictReader) finish() (*verdict, error) {
	switch {
	case r.decided && r.document != nil:
		return nil, errors.New("answer: both isAuthorized and policyDocument")
	case r.decided:
		return &r.v, nil
	case r.document == nil && r.form.simple:
		return nil, errors.New("answer: neither isAuthorized nor policyDocument")
	case r.document == nil:
		return nil, errors.New("answer: no policyDocument")
	case !r.named:
		return nil, errors.New("answer: no principalId")
	}
	policy, err := evaluate.ParseIdentity("policyDocument", r.document)
	if err != nil {
		return nil, err
	}
	r.v.policy = policy
	return &r.v, checkResources(r.document)
}

// maxPolicyARN is how long a resource of the policy can be.
// See https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html.
const maxPolicyARN = 512

// checkResources finds a resource that is too long, in a document that was parsed.
func checkResources(document []byte) error {
	var doc struct {
		Statement oneOrMore[struct{ Resource, NotResource oneOrMore[string] }]
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return fmt.Errorf("policyDocument: %w", err)
	}
	for i, s := range doc.Statement {
		for _, list := range []oneOrMore[string]{s.Resource, s.NotResource} {
			for _, resource := range list {
				if len(resource) > maxPolicyARN {
					return fmt.Errorf("policyDocument.Statement[%d]: a resource of %d bytes, more than %d", i, len(resource), maxPolicyARN)
				}
			}
		}
	}
	return nil
}

// oneOrMore is a value or a list of them.
type oneOrMore[T any] []T

// UnmarshalJSON reads either.
func (l *oneOrMore[T]) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		return json.Unmarshal(data, (*[]T)(l))
	}
	var one T
	err := json.Unmarshal(data, &one)
	*l = []T{one}
	return err
}

// readText reads a string.
func readText(dec *jsontext.Decoder, part string) (string, error) {
	if kind := dec.PeekKind(); kind != '"' {
		return "", malformed(part, "must be a string", dec, kind)
	}
	token, err := dec.ReadToken()
	if err != nil {
		return "", err
	}
	return token.String(), nil
}

// copied is a value that outlives the decoder's next step.
func copied(v jsontext.Value, err error) (jsontext.Value, error) { return v.Clone(), err }
