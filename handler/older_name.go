package handler

import (
	"errors"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// Renamed says what a part of a request was called in the version before, by
// [FieldError].Location: "body.name", "query.limit", "body.items[].sku" for the sku of
// any item. What lies below it is renamed with it. Where several fit, the one that says
// the most of the location counts.
type Renamed struct {
	Old, New string
}

// elsewhere is the location of a field of which the older request has nothing.
const elsewhere = "request"

// named is err with its fields called as clients of the older version call them. They
// are called as those of the type before the upgrade step, len(ups) being the newest.
func (o *older) named(err error, step int) error {
	var e *Error
	if !errors.As(err, &e) || len(e.Fields) == 0 {
		return err
	}
	c := *e
	if error(e) != err {
		c.Err = err
	}
	c.Fields = make([]FieldError, 0, len(e.Fields))
	for _, f := range e.Fields {
		f.Location = o.locate(f.Location, step)
		if !slices.Contains(c.Fields, f) { // of what was one part, two may be wrong in the same way
			c.Fields = append(c.Fields, f)
		}
	}
	return &c
}

// locate is a location of the type before a step as clients know it.
func (o *older) locate(location string, step int) string {
	if step == len(o.ups) && o.newer.input.nearest(location) != location {
		return location // a name of the function's own
	}
	for i := step - 1; i >= 0; i-- {
		location = renamed(location, o.ups[i].renamed)
	}
	return o.input.nearest(location)
}

// renamed is a location under its older name.
func renamed(location string, all []Renamed) string {
	best, most := location, -1
	for _, r := range all {
		if rest, indexes, ok := cutLocation(location, r.New); ok && len(r.New) > most {
			best, most = withIndexes(r.Old, indexes)+rest, len(r.New)
		}
	}
	return best
}

// cutLocation cuts a location off that another begins with, in which "[]" stands for any
// index.
func cutLocation(location, above string) (rest string, indexes []string, ok bool) {
	for above != "" {
		plain, after, indexed := strings.Cut(above, "[]")
		if location, ok = strings.CutPrefix(location, plain); !ok {
			return "", nil, false
		}
		if above = after; !indexed {
			break
		}
		if !strings.HasPrefix(location, "[") {
			return "", nil, false
		}
		index, below := cutIndex(location)
		indexes, location = append(indexes, index), below
	}
	return location, indexes, location == "" || location[0] == '.' || location[0] == '['
}

// withIndexes puts indexes in the places of "[]".
func withIndexes(location string, indexes []string) string {
	for _, index := range indexes {
		location = strings.Replace(location, "[]", index, 1)
	}
	return location
}

// nearest is the location itself if the input has such a part, or else that of the part
// above it.
func (in *input) nearest(location string) string {
	for _, params := range [][]param{in.path, in.query, in.header, in.cookie, in.form} {
		for i := range params {
			if within(location, params[i].location) {
				return location
			}
		}
	}
	rest, isBody := strings.CutPrefix(location, "body")
	switch {
	case !isBody || in.body == noBody || in.body == formBody:
		return elsewhere
	case in.json == nil:
		return "body"
	}
	return "body" + known(in.json, rest)
}

// known is as much of a location below a value as its type has.
func known(t *schema.Type, rest string) string {
	out := ""
	for rest != "" {
		t = t.Value()
		var step string
		switch {
		case t.Kind == schema.Any || t.Kind == schema.Raw || t.Kind == schema.Custom:
			return out + rest
		case rest[0] == '[' && t.Elem != nil:
			step, rest = cutIndex(rest)
			t = t.Elem
		case rest[0] == '.' && t.Kind == schema.Object:
			var name string
			name, rest = cutName(rest[1:])
			i := slices.IndexFunc(t.Fields, func(f schema.Field) bool { return f.Name == name })
			if i < 0 {
				return out
			}
			step, t = "."+name, t.Fields[i].Type
		default:
			return out
		}
		out += step
	}
	return out
}
