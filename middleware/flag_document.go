package middleware

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// FlagSet is a document of feature flags: the type of a configuration for [NewFlags]. It
// is read once for each version of the document.
//
// The document is that of AppConfig, as one writes it, with the members version, flags
// and values, or as AppConfig gives out a profile of feature flags: the values alone.
//
//	{
//	  "version": "1",
//	  "flags":  {"checkout": {"name": "New checkout"}, "beta": {"name": "Beta"}},
//	  "values": {
//	    "beta": {"enabled": true},
//	    "checkout": {"_variants": [
//	      {"name": "staff", "enabled": true, "rule": "(ends_with $email \"@example.com\")", "attributeValues": {"columns": 2}},
//	      {"name": "some", "enabled": true, "rule": "(split pct::10 by::$caller)", "attributeValues": {"columns": 1}},
//	      {"name": "default", "enabled": false}
//	    ]}
//	  }
//	}
//
// A flag has variants, of which the first counts whose rule holds; the last has no rule.
// AppConfig gives the variants of a profile of feature flags to its agent alone: rules
// need a document that is declared config.AppConfig or config.Parameter.
//
// See https://docs.aws.amazon.com/appconfig/latest/userguide/appconfig-type-reference-feature-flags.html
type FlagSet struct{ doc *flagDocument }

// FlagDocument is the document of text: what a configuration of flags begins with. One
// that is wrong is a mistake of the declaration it is given to.
func FlagDocument(text string) FlagSet {
	doc, err := readFlags([]byte(text))
	if err != nil {
		doc = &flagDocument{err: err}
	}
	return FlagSet{doc}
}

// UnmarshalJSON reads a document, with its rules.
func (s *FlagSet) UnmarshalJSON(text []byte) error {
	doc, err := readFlags(text)
	if err == nil {
		s.doc = doc
	}
	return err
}

// MarshalJSON is the document as it was read, and that of no flags for the zero FlagSet.
func (s FlagSet) MarshalJSON() ([]byte, error) {
	switch {
	case s.doc == nil:
		return []byte(`{"version":"1","flags":{},"values":{}}`), nil
	case s.doc.err != nil:
		return nil, s.doc.err
	}
	return s.doc.text, nil
}

var (
	_ json.Marshaler   = FlagSet{}
	_ json.Unmarshaler = (*FlagSet)(nil)
)

// flagDocument is a document that was read. It is not changed.
type flagDocument struct {
	text  []byte
	flags map[string]*flag
	err   error // why there is no document
}

// flag is one flag.
type flag struct {
	variants []variant // one at least; the last has no rule
}

// variant is one of the values of a flag.
type variant struct {
	name  string // "on" and "off" for a flag without variants
	rule  *rule  // nil for one that always counts
	value []byte // JSON as AppConfig gives it out: enabled and, if it is, the attributes
}

// choose is the place of the variant that counts.
func (f *flag) choose(of *facts, given []slog.Attr) int {
	for i := range f.variants {
		if r := f.variants[i].rule; r == nil || r.holds(of, given) {
			return i
		}
	}
	return len(f.variants) - 1
}

func readFlags(text []byte) (*flagDocument, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("the flags are no JSON object: %w", err)
	}
	// A flag has an object, so that a version which is text is that of a whole document.
	if version := values["version"]; len(version) > 0 && version[0] == '"' {
		if string(version) != `"1"` {
			return nil, errors.New(`the version of the flags is not "1"`)
		}
		inner := values["values"]
		values = nil
		if len(inner) > 0 {
			if err := json.Unmarshal(inner, &values); err != nil {
				return nil, fmt.Errorf("the values of the flags: %w", err)
			}
		}
	}
	doc := &flagDocument{text: bytes.Clone(text), flags: make(map[string]*flag, len(values))}
	for name, value := range values {
		f, err := readFlag(name, value)
		if err != nil {
			return nil, fmt.Errorf("flag %q: %w", cut(name, 64), err)
		}
		doc.flags[name] = f
	}
	return doc, nil
}

// readFlag reads the value of a flag. Members that begin with "_" are AppConfig's own.
func readFlag(name string, value json.RawMessage) (*flag, error) {
	var head struct {
		Enabled  bool             `json:"enabled"`
		Variants []variantMembers `json:"_variants"`
	}
	var attributes map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(value, &head), json.Unmarshal(value, &attributes)); err != nil {
		return nil, errors.New("its value does not have the form of a flag")
	}
	if attributes == nil {
		return nil, errors.New("its value is null")
	}
	if head.Variants == nil {
		kind := "off"
		if head.Enabled {
			kind = "on"
		}
		one, err := newVariant(kind, head.Enabled, attributes)
		return &flag{variants: []variant{one}}, err
	}
	f := &flag{}
	for i, m := range head.Variants {
		v, err := m.variant(name, i == len(head.Variants)-1)
		if err != nil {
			return nil, fmt.Errorf("variant %q: %w", cut(m.Name, 64), err)
		}
		f.variants = append(f.variants, v)
	}
	if len(f.variants) == 0 {
		return nil, errors.New("it has no variants")
	}
	return f, nil
}

// variantMembers are a variant as the document has it.
type variantMembers struct {
	Name       string                     `json:"name"`
	Enabled    bool                       `json:"enabled"`
	Rule       *string                    `json:"rule"`
	Attributes map[string]json.RawMessage `json:"attributeValues"`
}

func (m *variantMembers) variant(flag string, last bool) (variant, error) {
	switch {
	case m.Name == "":
		return variant{}, errors.New("it has no name")
	case last && m.Rule != nil:
		return variant{}, errors.New("it is the last one and has a rule; the last one is for all whom no rule fits")
	case !last && m.Rule == nil:
		return variant{}, errors.New("it has no rule, so that those behind it never count; put it at the end")
	}
	v, err := newVariant(m.Name, m.Enabled, m.Attributes)
	if err == nil && m.Rule != nil {
		if v.rule, err = parseRule(*m.Rule, flag); err != nil {
			err = fmt.Errorf("rule: %w", err)
		}
	}
	return v, err
}

// newVariant makes the value as AppConfig gives it out.
func newVariant(name string, on bool, attributes map[string]json.RawMessage) (variant, error) {
	value := map[string]any{"enabled": on}
	for member, v := range attributes {
		if on && member != "enabled" && !strings.HasPrefix(member, "_") {
			value[member] = v
		}
	}
	text, err := json.Marshal(value)
	return variant{name: name, value: text}, err
}
