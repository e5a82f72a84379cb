package openapi

import (
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

// key tells components apart.
type key struct {
	typ    reflect.Type
	part   *schema.Type // a reading of some of the fields of typ, nil for all
	rules  string       // of a body that is no struct
	ruled  bool         // the rules of its fields count
	strict bool         // other members are refused
}

// reference is the component of a struct type, made when it is first met.
func (s *Schemas) reference(t *schema.Type, ruled bool) Object {
	k := key{typ: t.Go, ruled: ruled || !hasRules(t, nil), strict: s.strict}
	if whole, err := schema.Read(t.Go); err != nil || !sameMembers(whole, t) {
		k.part = t
	}
	if name, ok := s.names[k]; ok {
		return refTo(name)
	}
	name, suffix := typeName(t.Go), ""
	switch {
	case !k.ruled:
		name += "Unchecked"
	case k.part != nil:
		suffix = "Part"
	case k.strict:
		suffix = "Strict"
	}
	name = s.unique(name, suffix)
	s.names[k] = name
	at := s.at
	s.at = t.Go.Name()
	s.add(name, nil) // before its members, which may be of the same type
	s.components[name] = s.object(t, k.ruled)
	s.at = at
	return refTo(name)
}

// sameMembers reports whether two readings of a struct have the same members.
func sameMembers(a, b *schema.Type) bool {
	if a.Kind != b.Kind || len(a.Fields) != len(b.Fields) {
		return false
	}
	for i := range a.Fields {
		if a.Fields[i].Name != b.Fields[i].Name {
			return false
		}
	}
	return true
}

// unique is a name that no component has yet: the name itself, with the suffix,
// or with a number.
func (s *Schemas) unique(name, suffix string) string {
	try := name
	for i := 1; s.taken(try); i++ {
		try = name + suffix
		if i > 1 || suffix == "" {
			try += strconv.Itoa(max(i, 2))
		}
	}
	return try
}

func (s *Schemas) taken(name string) bool {
	_, ok := s.components[name]
	return ok
}

var (
	// The way to a type, and the number of one that is local to a function.
	paths = regexp.MustCompile(`[^\[\],*]*[./]|·[0-9]+`)
	words = regexp.MustCompile(`[A-Za-z0-9]+`)
)

// typeName is the component's name of a type: Order, or PageOrder of
// Page[shop.Order]. API Gateway allows letters and digits.
func typeName(t reflect.Type) string {
	name, args, _ := strings.Cut(t.Name(), "[")
	return identifier(name + " " + paths.ReplaceAllString(args, " "))
}

// identifier joins the words of a text, each with a capital letter.
func identifier(text string) string {
	var b strings.Builder
	for _, w := range words.FindAllString(text, -1) {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	if b.Len() == 0 {
		return "Model"
	}
	return b.String()
}

// hasRules reports whether a rule stands anywhere below a type.
func hasRules(t *schema.Type, above map[*schema.Type]bool) bool {
	if t == nil || above[t] {
		return false
	}
	if above == nil {
		above = map[*schema.Type]bool{}
	}
	above[t] = true
	for i := range t.Fields {
		if f := &t.Fields[i]; f.Rules != "" || hasRules(f.Type, above) {
			return true
		}
	}
	return hasRules(t.Elem, above)
}
