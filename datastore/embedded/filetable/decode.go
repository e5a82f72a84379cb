package filetable

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// cursor reads the JSON of items in one pass, where package json reads each value
// once a level and more. It knows only the form in which json.Marshal writes
// them, without blanks; it fails at anything else, and then package json has the
// word.
type cursor struct{ rest []byte }

// maxLevels is where the cursor leaves off: twice of what an item may have.
const maxLevels = 64

// decodeItem reads a put or a delete. ok is false if package json is to read it.
func decodeItem(data []byte) (r record, ok bool) {
	c := &cursor{data}
	into := &r.Put
	if c.skip(`{"delete":`) {
		into = &r.Delete
	} else if !c.skip(`{"put":`) {
		return r, false
	}
	if *into, ok = c.item(0); !ok || !c.skip("}") || len(c.rest) > 0 {
		return record{}, false
	}
	return r, true
}

// skip goes behind text, if it is what comes.
func (c *cursor) skip(text string) bool {
	if len(c.rest) < len(text) || string(c.rest[:len(text)]) != text {
		return false
	}
	c.rest = c.rest[len(text):]
	return true
}

// text reads a string.
func (c *cursor) text() (string, bool) {
	if !c.skip(`"`) {
		return "", false
	}
	end := bytes.IndexAny(c.rest, `"\`)
	if end < 0 {
		return "", false
	}
	if c.rest[end] == '\\' {
		return c.escaped(end)
	}
	raw := c.rest[:end]
	if !utf8.Valid(raw) || bytes.ContainsFunc(raw, func(r rune) bool { return r < ' ' }) {
		return "", false
	}
	c.rest = c.rest[end+1:]
	return string(raw), true
}

// escaped reads a string whose first escape is at from.
func (c *cursor) escaped(from int) (string, bool) {
	end := from
	for end < len(c.rest) && c.rest[end] != '"' {
		if c.rest[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(c.rest) {
		return "", false
	}
	var text string
	quoted := append(append([]byte{'"'}, c.rest[:end]...), '"')
	if err := json.Unmarshal(quoted, &text); err != nil {
		return "", false
	}
	c.rest = c.rest[end+1:]
	return text, true
}

// each reads what one reads, between open and end, with commas.
func (c *cursor) each(open, end string, one func() bool) bool {
	if !c.skip(open) {
		return false
	}
	if c.skip(end) {
		return true
	}
	for one() {
		if !c.skip(",") {
			return c.skip(end)
		}
	}
	return false
}

func (c *cursor) item(level int) (table.Item, bool) {
	item := table.Item{}
	ok := c.each("{", "}", func() bool {
		name, ok := c.text()
		if _, twice := item[name]; !ok || twice || !c.skip(":") {
			return false
		}
		item[name], ok = c.value(level)
		return ok
	})
	return item, ok
}

func (c *cursor) value(level int) (v table.Value, ok bool) {
	if level > maxLevels || !c.skip("{") {
		return v, false
	}
	typ, ok := c.text()
	if !ok || !c.skip(":") {
		return v, false
	}
	if v, ok = c.content(typ, level+1); !ok {
		return v, false
	}
	return v, c.skip("}")
}

func (c *cursor) content(typ string, level int) (v table.Value, ok bool) {
	switch typ {
	case "S", "N", "B":
		return c.scalar(typ)
	case "BOOL":
		if c.skip("true") {
			return table.Bool(true), true
		}
		return table.Bool(false), c.skip("false")
	case "NULL":
		return table.Null(), c.skip("true")
	case "M":
		item, ok := c.item(level)
		return table.MapOf(item), ok
	case "L":
		list, ok := c.list(func() (table.Value, bool) { return c.value(level) })
		return table.ListOf(table.L, table.Values(list)), ok
	case "SS", "NS", "BS":
		list, ok := c.list(func() (table.Value, bool) { return c.scalar(typ[:1]) })
		if !ok {
			return v, false
		}
		v, err := table.Set(list...)
		return v, err == nil
	}
	return v, false
}

func (c *cursor) list(one func() (table.Value, bool)) (list []table.Value, ok bool) {
	ok = c.each("[", "]", func() bool {
		v, ok := one()
		list = append(list, v)
		return ok
	})
	return list, ok
}

func (c *cursor) scalar(typ string) (v table.Value, ok bool) {
	text, ok := c.text()
	if !ok {
		return v, false
	}
	switch typ {
	case "S":
		return table.String(text), true
	case "N":
		v, err := table.Number(text)
		return v, err == nil
	}
	data, err := base64.StdEncoding.DecodeString(text)
	return table.Bytes(data), err == nil
}
