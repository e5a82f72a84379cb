package filesearch

import (
	"bytes"
	"encoding/json"
	"strconv"
	"time"
	"unicode/utf16"

	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// document is one document, and what it is found by.
type document struct {
	id      string
	version int64
	source  []byte
	values  map[string]*values // by field
}

// values are those of one field.
type values struct {
	present bool      // there is one
	texts   [][]token // of kind Text
	words   []string  // whole: of kind Keyword and exact Text
	numbers []int64   // of kind Long, Date and Boolean
	floats  []float64 // of kind Double
	raw     []string  // the texts as they are, to mark words in
}

// newDocument reads a document, nil if w deletes it.
func newDocument(w search.Write, fields map[string]search.Field) (*document, error) {
	if w.Doc == nil {
		return nil, nil
	}
	d := &document{id: w.ID, version: w.Version, source: w.Doc}
	return d, d.read(fields)
}

// read finds the values of the fields. What does not fit its field is left out.
func (d *document) read(fields map[string]search.Field) error {
	d.values = map[string]*values{}
	dec := json.NewDecoder(bytes.NewReader(d.source))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return err
	}
	d.object("", object, fields)
	return nil
}

func (d *document) object(prefix string, object map[string]any, fields map[string]search.Field) {
	for name, v := range object {
		if f, known := fields[prefix+name]; known && f.Kind != search.Stored {
			d.add(f, v, fields)
		}
	}
}

func (d *document) add(f search.Field, v any, fields map[string]search.Field) {
	switch v := v.(type) {
	case nil:
		return
	case []any:
		for _, one := range v {
			d.add(f, one, fields)
		}
		return
	case map[string]any:
		if f.Kind == search.Object {
			d.object(f.Name+".", v, fields)
		}
		return
	}
	own := d.values[f.Name]
	if own == nil {
		own = &values{}
		d.values[f.Name] = own
	}
	own.add(f, v)
}

func (own *values) add(f search.Field, v any) {
	text, isText := v.(string)
	number, isNumber := v.(json.Number)
	truth, isTruth := v.(bool)
	switch {
	case f.Kind == search.Text && isText:
		own.raw = append(own.raw, text)
		own.texts = append(own.texts, tokens(text))
		own.present = true
		if f.Exact {
			own.keyword(text)
		}
	case f.Kind == search.Keyword && isText:
		own.present = own.keyword(text) || own.present
	case f.Kind == search.Long && isNumber:
		if n, err := strconv.ParseInt(number.String(), 10, 64); err == nil {
			own.numbers, own.present = append(own.numbers, n), true
		}
	case f.Kind == search.Double && isNumber:
		if n, err := number.Float64(); err == nil {
			own.floats, own.present = append(own.floats, n), true
		}
	case f.Kind == search.Date && isText:
		if at, err := time.Parse(time.RFC3339Nano, text); err == nil {
			own.numbers, own.present = append(own.numbers, at.UnixMilli()), true
		}
	case f.Kind == search.Boolean && isTruth:
		n := int64(0)
		if truth {
			n = 1
		}
		own.numbers, own.present = append(own.numbers, n), true
	}
}

func (own *values) keyword(text string) bool {
	if len(text) > search.MaxKeyword && len(utf16.Encode([]rune(text))) > search.MaxKeyword {
		return false
	}
	own.words = append(own.words, text)
	return true
}

var none values

// of are the values of a field, none if it has none.
func (d *document) of(f search.Field) *values {
	if v := d.values[f.Name]; v != nil {
		return v
	}
	return &none
}
