package search

import (
	"fmt"
	"math"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The limits of a condition, below those of OpenSearch.
//
// See https://docs.opensearch.org/latest/install-and-configure/configuring-opensearch/search-settings/
const (
	maxConds = 1000  // and, or, not and all others together
	maxDepth = 20    // of one in another
	maxTerms = 10000 // values of a Term
)

// layout are the fields of an index by name.
type layout struct {
	byName map[string]Field
	texts  []Field
	names  string // for messages
}

func newLayout(fields []Field) layout {
	l := layout{byName: make(map[string]Field, len(fields))}
	var names []string
	for _, f := range fields {
		l.byName[f.Name] = f
		if f.Kind == Text {
			l.texts = append(l.texts, f)
		}
		if f.Kind != Object && f.Kind != Stored {
			names = append(names, f.Name)
		}
	}
	l.names = strings.Join(names, ", ")
	return l
}

func invalid(format string, args ...any) error {
	return &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf(format, args...)}
}

func (l layout) field(name string) (Field, error) {
	f, ok := l.byName[name]
	if !ok || f.Kind == Object || f.Kind == Stored {
		return Field{}, invalid("field %q: the document type has no such field to search by; it has %s", name, l.names)
	}
	return f, nil
}

// wholeField is a field that is found as a whole.
func (l layout) wholeField(name string) (Field, error) {
	f, err := l.field(name)
	if err == nil && !f.whole() {
		err = invalid("field %q is found by its words only; use Match, or tag it search:\"text,keyword\"", name)
	}
	return f, err
}

// resolver checks conditions and makes them what drivers take.
type resolver struct {
	layout
	conds int
}

func (r *resolver) resolve(c Cond, depth int) (Cond, error) {
	r.conds++
	if r.conds > maxConds || depth > maxDepth {
		return c, invalid("condition: has over %d parts, or over %d in one another", maxConds, maxDepth)
	}
	if c.err != nil {
		return c, invalid("condition on %q: %w", strings.Join(c.names, ", "), c.err)
	}
	switch c.op {
	case OpAll:
		return c, nil
	case OpAnd, OpOr, OpNot:
		conds := make([]Cond, len(c.conds))
		for i, sub := range c.conds {
			var err error
			if conds[i], err = r.resolve(sub, depth+1); err != nil {
				return c, err
			}
		}
		c.conds = conds
		return c, nil
	case OpMatch, OpMatchAll:
		return r.match(c)
	case OpExists:
		f, err := r.field(c.names[0])
		c.fields = []Field{f}
		return c, err
	}
	return r.whole(c)
}

func (r *resolver) match(c Cond) (Cond, error) {
	if len(c.names) == 0 {
		if c.fields = r.texts; len(r.texts) == 0 {
			return c, invalid("match: the document type has no field that is found by its words; tag one search:\"text\"")
		}
		return c, nil
	}
	c.fields = make([]Field, len(c.names))
	for i, name := range c.names {
		f, err := r.field(name)
		if err != nil {
			return c, err
		}
		if f.Kind != Text {
			return c, invalid("field %q is not found by its words; use Term, or tag it search:\"text,keyword\"", name)
		}
		c.fields[i] = f
	}
	return c, nil
}

func (r *resolver) whole(c Cond) (Cond, error) {
	f, err := r.wholeField(c.names[0])
	switch {
	case err != nil:
		return c, err
	case len(c.values) > maxTerms:
		return c, invalid("condition on %q: has %d values, of which there can be %d", f.Name, len(c.values), maxTerms)
	case c.op == OpPrefix && f.Kind != Text && f.Kind != Keyword:
		return c, invalid("field %q is no string, so it has no beginning", f.Name)
	case c.op == OpPrefix:
		c.text = c.values[0].text
	}
	c.fields = []Field{f}
	values := make([]Value, len(c.values))
	for i, v := range c.values {
		lower := c.op == OpGt || c.op == OpGe || c.op == OpBetween && i == 0
		if values[i], err = v.fit(f, c.op == OpTerm, lower); err != nil {
			return c, err
		}
		if v.kind == Double && f.Kind == Long && v.float != math.Trunc(v.float) {
			// The bound is now a whole number beyond the one that was given.
			c.op = map[Op]Op{OpGt: OpGe, OpGe: OpGe, OpLt: OpLe, OpLe: OpLe, OpBetween: OpBetween}[c.op]
		}
	}
	c.values = values
	return c, nil
}

// fit is the value as one of the field's kind. A fraction, for a field of whole
// numbers, is no value, and as the lower bound of a range the number above it.
func (v Value) fit(f Field, exact, lower bool) (Value, error) {
	kind := f.Kind
	if kind == Text {
		kind = Keyword
	}
	switch {
	case v.kind == kind:
		return v, nil
	case v.kind == Long && kind == Double:
		return Value{kind: Double, float: float64(v.whole)}, nil
	case v.kind != Double || kind != Long:
		return v, invalid("field %q is of kind %s, and the value is of kind %s", f.Name, kind, v.kind)
	case exact && v.float != math.Trunc(v.float):
		return v, invalid("field %q has whole numbers, and the value has a fraction", f.Name)
	}
	whole := math.Floor(v.float)
	if lower {
		whole = math.Ceil(v.float)
	}
	if whole < math.MinInt64 || whole >= -math.MinInt64 {
		return v, invalid("field %q has whole numbers of 64 bits, and the value is none", f.Name)
	}
	return Value{kind: Long, whole: int64(whole)}, nil
}
