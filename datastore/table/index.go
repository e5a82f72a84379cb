package table

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"unique"
)

// Index is another order in which the items of a table are found: a global
// secondary index, which has a partition key of its own, or a local one, which
// orders each partition of the table by another attribute. It holds all
// attributes of the items that have its keys; items without are not in it. Unlike
// those of the table, its keys are not unique.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/SecondaryIndexes.html
type Index struct {
	Name  string    // 3 to 255 letters, digits, "_" and "-"; "" of the table's own order
	PK    Attribute // the partition key; of a local index the table's
	SK    Attribute // the sort key; the zero Attribute if there is none
	Local bool
}

// HasSK reports whether the index has a sort key.
func (x Index) HasSK() bool { return x.SK.Name != "" }

// Holds reports whether an item is in the index.
func (x Index) Holds(item Item) bool {
	return item[x.PK.Name].typ == x.PK.Type && (!x.HasSK() || item[x.SK.Name].typ == x.SK.Type)
}

// The numbers of indexes that a table has at most.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
const (
	maxGlobal = 20
	maxLocal  = 5
)

// Indexes are the indexes of a table, in the order of their names. The zero
// Indexes are none. They are comparable: equal if they are the same indexes.
type Indexes struct{ list unique.Handle[indexList] }

type indexList struct {
	n    int
	list [maxGlobal + maxLocal]Index
}

var noIndexes unique.Handle[indexList]

// IndexesOf are the given indexes, of which a table can have 25.
func IndexesOf(list ...Index) Indexes {
	if len(list) == 0 {
		return Indexes{}
	}
	sorted := slices.Clone(list)
	slices.SortFunc(sorted, func(a, b Index) int { return strings.Compare(a.Name, b.Name) })
	var l indexList
	l.n = copy(l.list[:], sorted)
	return Indexes{unique.Make(l)}
}

// All are the indexes.
func (x Indexes) All() []Index {
	if x.list == noIndexes {
		return nil
	}
	l := x.list.Value()
	return l.list[:l.n:l.n]
}

// Find is the index called name.
func (x Indexes) Find(name string) (Index, bool) {
	for _, i := range x.All() {
		if i.Name == name {
			return i, true
		}
	}
	return Index{}, false
}

// Equal reports whether they are the same indexes.
func (x Indexes) Equal(y Indexes) bool { return x == y }

// names are the names of the indexes, for messages.
func (x Indexes) names() string {
	var names []string
	for _, i := range x.All() {
		names = append(names, i.Name)
	}
	if names == nil {
		return "none"
	}
	return strings.Join(names, ", ")
}

// indexRole says what a field is in an index, as its tag does.
type indexRole struct {
	name  string
	sk    bool
	local bool
}

// parseIndex reads a tag option: "index=byEmail.pk", "index=byEmail.sk" or
// "local=byTotal". ok is false if it is none of them.
func parseIndex(option string) (r indexRole, ok bool) {
	if name, found := strings.CutPrefix(option, "local="); found {
		return indexRole{name: name, sk: true, local: true}, validIndex(name)
	}
	rest, found := strings.CutPrefix(option, "index=")
	name, role, dotted := strings.Cut(rest, ".")
	if !found || !dotted || role != "pk" && role != "sk" {
		return r, false
	}
	return indexRole{name: name, sk: role == "sk"}, validIndex(name)
}

func validIndex(name string) bool {
	return len(name) >= 3 && len(name) <= maxKeyName && strings.Trim(name, indexLetters) == ""
}

const indexLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"

// indexBuilder puts the indexes of an item type together.
type indexBuilder struct {
	spec Spec
	list []Index
	errs []error
}

// add gives the field a of an item type its role in an index.
func (b *indexBuilder) add(a Attribute, r indexRole) {
	i := slices.IndexFunc(b.list, func(x Index) bool { return x.Name == r.name })
	if i < 0 {
		i = len(b.list)
		b.list = append(b.list, Index{Name: r.name, Local: r.local})
	}
	x := &b.list[i]
	if x.Local != r.local {
		b.errorf("index %s is both global and local; give one another name", r.name)
		return
	}
	part, role := &x.PK, "partition"
	if r.sk {
		part, role = &x.SK, "sort"
	}
	if part.Name != "" {
		b.errorf("index %s has two %s keys, %q and %q", r.name, role, part.Name, a.Name)
	}
	*part = a
}

// indexes are those that were added, checked.
func (b *indexBuilder) indexes() (Indexes, []error) {
	local := 0
	for i := range b.list {
		x := &b.list[i]
		if x.Local {
			local++
			x.PK = b.spec.PK
			if !b.spec.HasSK() {
				b.errorf("index %s: only a table with a sort key has local indexes; write `index=%s.sk` and give it a partition key", x.Name, x.Name)
			}
		}
		if x.PK.Name == "" {
			b.errorf("index %s has no partition key; write `table:\",index=%s.pk\"` behind the field that is it", x.Name, x.Name)
		}
	}
	if local > maxLocal || len(b.list)-local > maxGlobal {
		b.errorf("has %d global and %d local indexes; there are at most %d and %d", len(b.list)-local, local, maxGlobal, maxLocal)
		return Indexes{}, b.errs
	}
	return IndexesOf(b.list...), b.errs
}

func (b *indexBuilder) errorf(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf(format, args...))
}

// keyAttributes are the attributes of the keys of an index and of the table, each
// once: what a place in the index is made of.
func (s Spec) keyAttributes(x Index) iter.Seq[Attribute] {
	return func(yield func(Attribute) bool) {
		all := [4]Attribute{x.PK, x.SK, s.PK, s.SK}
		for i, a := range all {
			if a.Name != "" && !slices.Contains(all[:i], a) && !yield(a) {
				return
			}
		}
	}
}
