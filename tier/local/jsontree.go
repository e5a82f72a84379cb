package local

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// jsonValue is a value of a JSON document that people write, with its place, so that
// a mistake can be shown where it is.
type jsonValue struct {
	kind       jsontext.Kind
	start, end int64  // in the document
	text       string // of a string, decoded; else as written
	fields     []jsonMember
	items      []*jsonValue
}

type jsonMember struct {
	name  string
	at    int64
	value *jsonValue
}

// treeError is why a document is not strict JSON, and where.
type treeError struct {
	offset int64
	text   string
}

func (e *treeError) Error() string { return e.text }

// readTree reads one strict JSON value: no name twice, no wrong UTF-8, nothing
// behind it. The error is a [*treeError].
func readTree(document []byte) (*jsonValue, error) {
	r := treeReader{document, jsontext.NewDecoder(bytes.NewReader(document))}
	n, err := r.value()
	if err != nil {
		return nil, r.explain(err)
	}
	if at := r.next(); at < int64(len(document)) {
		return nil, &treeError{at, "there is more behind the end of the document"}
	}
	return n, nil
}

type treeReader struct {
	document []byte
	dec      *jsontext.Decoder
}

// next is where the next token starts.
func (r *treeReader) next() int64 {
	at := r.dec.InputOffset()
	for at < int64(len(r.document)) && bytes.IndexByte([]byte(" \t\r\n,:"), r.document[at]) >= 0 {
		at++
	}
	return at
}

func (r *treeReader) value() (*jsonValue, error) {
	n := &jsonValue{kind: r.dec.PeekKind(), start: r.next()}
	token, err := r.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch n.kind {
	case '{':
		err = r.fields(n)
	case '[':
		err = r.items(n)
	default:
		n.text = token.String()
	}
	n.end = r.dec.InputOffset()
	return n, err
}

func (r *treeReader) fields(n *jsonValue) error {
	for r.dec.PeekKind() != '}' {
		f := jsonMember{at: r.next()}
		token, err := r.dec.ReadToken()
		if err != nil {
			return err
		}
		f.name = token.String()
		if f.value, err = r.value(); err != nil {
			return err
		}
		n.fields = append(n.fields, f)
	}
	_, err := r.dec.ReadToken()
	return err
}

func (r *treeReader) items(n *jsonValue) error {
	for r.dec.PeekKind() != ']' {
		item, err := r.value()
		if err != nil {
			return err
		}
		n.items = append(n.items, item)
	}
	_, err := r.dec.ReadToken()
	return err
}

func (r *treeReader) explain(err error) *treeError {
	var wrong *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return &treeError{int64(len(r.document)), "the document ends too early"}
	case errors.Is(err, jsontext.ErrDuplicateName):
		return &treeError{r.next(), "the member has the name of one before it"}
	case errors.As(err, &wrong) && wrong.Err != nil:
		return &treeError{wrong.ByteOffset, "is not JSON: " + wrong.Err.Error()}
	}
	return &treeError{r.dec.InputOffset(), "is not JSON"}
}

// get is the member of that name, nil if there is none.
func (n *jsonValue) get(name string) *jsonValue {
	for _, f := range n.fields {
		if f.name == name {
			return f.value
		}
	}
	return nil
}

// kindName is what people call a kind of value.
func kindName(k jsontext.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "true or false"
}
