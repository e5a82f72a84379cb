package dynamotable

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// form is that of the SDK: package table encodes Go values straight into its types,
// and decodes them from there. What contains other values has its own type's name
// here, and costs nothing to convert.
type form struct{}

var _ table.Form = form{}

// NewItem implements [table.Form].
func (form) NewItem(n int) table.AttributeSetter { return make(attributes, n) }

// NewList implements [table.Form].
func (form) NewList(t table.Type, n int) table.ElementSetter { return newList(t, n) }

// attributes are those of an item or a map.
type attributes map[string]types.AttributeValue

var _ table.AttributeSetter = attributes(nil)

func (a attributes) Len() int                       { return len(a) }
func (a attributes) Set(name string, v table.Value) { a[name] = valueToAWS(v) }

func (a attributes) Find(name string) (v table.Value, ok bool) {
	value, ok := a[name]
	if !ok {
		return v, false
	}
	return valueFromAWS(value), true
}

func (a attributes) All(yield func(string, table.Value) bool) {
	for name, value := range a {
		if !yield(name, valueFromAWS(value)) {
			return
		}
	}
}

// member is a list or a set.
type member interface {
	table.ElementSetter
	value() types.AttributeValue
}

func newList(t table.Type, n int) member {
	switch t {
	case table.SS:
		return &texts{Value: make([]string, n)}
	case table.NS:
		return &numbers{Value: make([]string, n)}
	case table.BS:
		return &binaries{Value: make([][]byte, n)}
	}
	return &list{Value: make([]types.AttributeValue, n)}
}

// The lists and sets are members of the SDK's union by other names.
type (
	list     types.AttributeValueMemberL
	texts    types.AttributeValueMemberSS
	numbers  types.AttributeValueMemberNS
	binaries types.AttributeValueMemberBS
)

var (
	_ member = (*list)(nil)
	_ member = (*texts)(nil)
	_ member = (*numbers)(nil)
	_ member = (*binaries)(nil)
)

func (l *list) Len() int                    { return len(l.Value) }
func (l *list) At(i int) table.Value        { return valueFromAWS(l.Value[i]) }
func (l *list) Set(i int, v table.Value)    { l.Value[i] = valueToAWS(v) }
func (l *list) value() types.AttributeValue { return (*types.AttributeValueMemberL)(l) }

func (s *texts) Len() int                    { return len(s.Value) }
func (s *texts) At(i int) table.Value        { return table.String(s.Value[i]) }
func (s *texts) Set(i int, v table.Value)    { s.Value[i] = v.Text() }
func (s *texts) value() types.AttributeValue { return (*types.AttributeValueMemberSS)(s) }

func (s *numbers) Len() int { return len(s.Value) }
func (s *numbers) At(i int) table.Value {
	v, _ := table.Number(s.Value[i])
	return v
}
func (s *numbers) Set(i int, v table.Value)    { s.Value[i] = v.Text() }
func (s *numbers) value() types.AttributeValue { return (*types.AttributeValueMemberNS)(s) }

func (s *binaries) Len() int                    { return len(s.Value) }
func (s *binaries) At(i int) table.Value        { return table.Bytes(s.Value[i]) }
func (s *binaries) Set(i int, v table.Value)    { s.Value[i] = []byte(v.Text()) }
func (s *binaries) value() types.AttributeValue { return (*types.AttributeValueMemberBS)(s) }
