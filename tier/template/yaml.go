package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// YAML is a JSON document, such as a template, in YAML: the members in their order,
// every text between quotes that a reader of YAML 1.1 or 1.2 could take for something
// else. What it makes of a document reads as the same values.
//
// See https://yaml.org/spec/1.2.2/.
func YAML(document []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	var b bytes.Buffer
	w := yamlWriter{dec, &b}
	if err := w.value("", ""); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one JSON document")
	}
	return b.Bytes(), nil
}

// yamlWriter writes while it reads.
type yamlWriter struct {
	dec *json.Decoder
	b   *bytes.Buffer
}

// value writes the next value: a scalar behind space on the line that is begun, a
// collection on lines of its own that begin with indent.
func (w yamlWriter) value(space, indent string) error {
	t, err := w.dec.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return w.members(indent)
	case json.Delim('['):
		return w.elements(indent)
	}
	w.b.WriteString(space)
	w.scalar(t)
	w.b.WriteByte('\n')
	return nil
}

// begin begins a line of a collection that is in another.
func (w yamlWriter) begin(first bool, indent string) {
	if first && w.b.Len() > 0 && !bytes.HasSuffix(w.b.Bytes(), []byte("- ")) {
		w.b.WriteByte('\n')
	} else if first {
		return // behind the dash of an element
	}
	w.b.WriteString(indent)
}

func (w yamlWriter) members(indent string) error {
	if !w.dec.More() {
		return w.empty("{}")
	}
	for first := true; w.dec.More(); first = false {
		w.begin(first, indent)
		name, err := w.dec.Token()
		if err != nil {
			return err
		}
		w.scalar(name)
		w.b.WriteByte(':')
		if err := w.value(" ", indent+"  "); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

func (w yamlWriter) elements(indent string) error {
	if !w.dec.More() {
		return w.empty("[]")
	}
	for first := true; w.dec.More(); first = false {
		w.begin(first, indent)
		w.b.WriteString("- ")
		if err := w.value("", indent+"  "); err != nil {
			return err
		}
	}
	_, err := w.dec.Token()
	return err
}

// empty writes an empty collection.
func (w yamlWriter) empty(brackets string) error {
	if b := w.b.Bytes(); len(b) > 0 && b[len(b)-1] == ':' {
		w.b.WriteByte(' ')
	}
	w.b.WriteString(brackets + "\n")
	_, err := w.dec.Token()
	return err
}

func (w yamlWriter) scalar(t json.Token) {
	switch t := t.(type) {
	case string:
		w.text(t)
	case json.Number:
		w.b.WriteString(plainNumber(t))
	case bool:
		w.b.WriteString(strconv.FormatBool(t))
	default:
		w.b.WriteString("null")
	}
}

// plainNumber is a number without an exponent, in which YAML 1.1 wants a dot and a
// sign that JSON does not have.
func plainNumber(n json.Number) string {
	text := n.String()
	if !strings.ContainsAny(text, "eE") {
		return text
	}
	f, err := n.Float64()
	if err != nil {
		return strconv.Quote(text) // beyond what a reader of JSON takes
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// plain are the texts that need no quotes, unless they are a word: a colon means nothing
// but before a space or at the end.
var plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*(::?[A-Za-z0-9_./*-]+)*$`)

// words are what YAML 1.1 takes for something else, in any case.
var words = []string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}

func (w yamlWriter) text(s string) {
	if plain.MatchString(s) && !slices.Contains(words, strings.ToLower(s)) {
		w.b.WriteString(s)
		return
	}
	w.b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.b.WriteByte('\\')
			w.b.WriteRune(r)
		case r == '\n':
			w.b.WriteString(`\n`)
		case unicode.IsPrint(r) && r != utf8.RuneError && r != '\ufeff':
			w.b.WriteRune(r)
		case r > 0xffff:
			w.b.WriteString(`\U` + hexDigits(r, 8))
		default:
			w.b.WriteString(`\u` + hexDigits(r, 4))
		}
	}
	w.b.WriteByte('"')
}

func hexDigits(r rune, n int) string {
	h := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", n-len(h)) + h
}
