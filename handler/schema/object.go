package schema

import (
	"reflect"
	"unsafe"
)

// object is the plan for a struct.
type object struct {
	members []member
	index   map[string]int
	absent  bool // some member has a default
}

type member struct {
	name   string
	offset uintptr
	hops   []hop
	decode decodeFunc
	absent absentFunc
	// redacted says that no error may tell what it has.
	redacted bool
}

func (c *compiler) object(t *Type) *object {
	o := &object{index: make(map[string]int, len(t.Fields))}
	for i := range t.Fields {
		f := &t.Fields[i]
		m := member{name: f.Name, offset: f.offset, hops: f.hops, decode: c.compile(f.Type), redacted: f.redacted}
		if f.Quoted {
			m.decode = quoted(m.decode, f.Type.Nullable())
		}
		if f.Default != nil {
			m.absent = setDefault(f.Type.Go, *f.Default)
		} else if f.Type.Kind == Object && len(f.hops) == 0 {
			m.absent = c.defaults[f.Type]
		}
		o.absent = o.absent || m.absent != nil
		o.index[f.Name] = i
		o.members = append(o.members, m)
	}
	if o.absent {
		c.defaults[t] = o.defaults
	}
	return o
}

func (o *object) defaults(at unsafe.Pointer) {
	for i := range o.members {
		if m := &o.members[i]; m.absent != nil {
			m.absent(unsafe.Add(at, m.offset))
		}
	}
}

func (o *object) decode(s *state, at unsafe.Pointer) {
	if s.peek() != '{' {
		s.mismatch("must be an object")
		return
	}
	var room [2]uint64
	seen := room[:]
	if len(o.members) > 128 {
		seen = make([]uint64, (len(o.members)+63)/64)
	}
	var others *nameSet
	next := 0
	for more := s.open('{'); more; more = s.more('{') {
		name, before := s.key(), len(s.issues)
		i := o.find(name, next)
		switch {
		case i < 0:
			if others == nil {
				others = &nameSet{}
			}
			s.other(name, others)
		case seen[i/64]&(1<<(i%64)) != 0:
			s.skip()
			s.raise("duplicate", "is given more than once")
		default:
			seen[i/64] |= 1 << (i % 64)
			o.members[i].decodeIn(s, at)
			next = i + 1
		}
		if len(s.issues) != before {
			s.under(before, segment{name: name})
		}
	}
	if o.absent {
		for i := range o.members {
			if m := &o.members[i]; m.absent != nil && seen[i/64]&(1<<(i%64)) == 0 {
				m.absent(unsafe.Add(at, m.offset))
			}
		}
	}
}

// other passes over a member that no field has.
func (s *state) other(name string, others *nameSet) {
	if s.err == "" && !others.add(name) {
		s.raise("duplicate", "is given more than once")
	} else if s.strict {
		s.raise("unknown", "is not known here")
	}
	s.skip()
}

// find is the member of that name, -1 if there is none. Documents mostly keep
// the order of the fields: next is the likely one.
func (o *object) find(name string, next int) int {
	if next < len(o.members) && o.members[next].name == name {
		return next
	}
	if i, ok := o.index[name]; ok {
		return i
	}
	return -1
}

// decodeIn decodes the member of the struct at at, making the embedded structs
// on the way.
func (m *member) decodeIn(s *state, at unsafe.Pointer) {
	for _, h := range m.hops {
		p := (*unsafe.Pointer)(unsafe.Add(at, h.offset))
		if *p == nil {
			*p = reflect.New(h.elem).UnsafePointer()
		}
		at = *p
	}
	before := len(s.issues)
	m.decode(s, unsafe.Add(at, m.offset))
	if m.redacted {
		s.withhold(before)
	}
}
