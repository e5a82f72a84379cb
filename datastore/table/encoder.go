package table

import "reflect"

// encoder encodes one item, in a form, and adds up its size, to which each codec
// adds that of the value that it gives. What it gives has been checked: texts are
// valid UTF-8, names as well, nothing is nested too deep.
type encoder struct {
	form Form
	size int
}

func (e *encoder) item(p *plan, v reflect.Value) (AttributeSetter, error) {
	item, err := e.fields(p, v, 1)
	if err != nil {
		return nil, invalid("%w", err)
	}
	return item, nil
}

// fields encodes the fields of a struct, which are on level.
func (e *encoder) fields(p *plan, v reflect.Value, level int) (AttributeSetter, error) {
	item := e.form.NewItem(len(p.fields) + 1) // with room for the write id
	for i := range p.fields {
		f := &p.fields[i]
		fv, ok := readField(v, f.index)
		if !ok {
			continue
		}
		value, err := f.codec.encode(e, fv, level)
		if err != nil {
			return nil, inAttribute(f.name, err, level)
		}
		if value.typ == 0 || f.sparse && value.empty() {
			continue
		}
		if level > maxDepth {
			return nil, errDepth
		}
		e.size += len(f.name)
		item.Set(f.name, value)
	}
	return item, nil
}

// text is a value of type S.
func (e *encoder) text(s string) (Value, error) {
	if err := checkText(s); err != nil {
		return Value{}, err
	}
	e.size += len(s)
	return String(s), nil
}

// number is a value of type N.
func (e *encoder) number(v Value, err error) (Value, error) {
	e.size += numberSize(v.text)
	return v, err
}

// made is a value that the application made.
func (e *encoder) made(v Value, level int) (Value, error) {
	e.size += v.size()
	return v, v.check(level)
}

// elements encodes those of a list or a set, which is on level.
func (e *encoder) elements(t Type, v reflect.Value, element *codec, level int) (Elements, error) {
	n := v.Len()
	if level > maxDepth || level == maxDepth && n > 0 {
		return nil, errDepth
	}
	list := e.form.NewList(t, n)
	var seen texts
	for i := range n {
		value, err := element.encode(e, v.Index(i), level+1)
		if err != nil {
			return nil, inElement(i, err)
		}
		if t != L && !seen.add(value.text) {
			return nil, setTwice(i)
		}
		list.Set(i, e.orNull(value))
	}
	return list, nil
}

// orNull is what stands for v in a list or a map.
func (e *encoder) orNull(v Value) Value {
	if v.typ == 0 {
		e.size++
		return Null()
	}
	return v
}

// entries encodes those of a map, which are on level.
func (e *encoder) entries(item AttributeSetter, v reflect.Value, kind reflect.Kind, element *codec, level int) error {
	t := v.Type()
	key, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
	for entry := v.MapRange(); entry.Next(); {
		key.SetIterKey(entry)
		value.SetIterValue(entry)
		name, err := mapKeyText(kind, key)
		if err == nil {
			err = checkName(name)
		}
		if err != nil {
			return err
		}
		encoded, err := element.encode(e, value, level)
		if err != nil {
			return inMap(err)
		}
		e.size += len(name)
		item.Set(name, e.orNull(encoded))
	}
	return nil
}
