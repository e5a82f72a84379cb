package dynamotable

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// toAWS is an item in the SDK's types.
func toAWS(item table.Attributes) map[string]types.AttributeValue {
	if own, ok := item.(attributes); ok {
		return own
	}
	out := make(attributes, item.Len())
	for name, v := range item.All {
		out.Set(name, v)
	}
	return out
}

// itemOf is an item of the service; nil for none.
func itemOf(item map[string]types.AttributeValue) table.Attributes {
	if len(item) == 0 {
		return nil
	}
	return attributes(item)
}

// maps are placeholders as a request takes them: nil if there are none.
func maps(p table.Placeholders) (names map[string]string, values map[string]types.AttributeValue) {
	if p.Values != nil {
		values = toAWS(p.Values)
	}
	return p.Names, values
}

// text is nil for no expression.
func text(expression string) *string {
	if expression == "" {
		return nil
	}
	return &expression
}

func valueToAWS(v table.Value) types.AttributeValue {
	switch v.Type() {
	case table.S:
		return &types.AttributeValueMemberS{Value: v.Text()}
	case table.N:
		return &types.AttributeValueMemberN{Value: v.Text()}
	case table.B:
		return &types.AttributeValueMemberB{Value: []byte(v.Text())}
	case table.BOOL:
		return &types.AttributeValueMemberBOOL{Value: v.Truth()}
	case table.M:
		item, _ := v.Contents()
		return &types.AttributeValueMemberM{Value: toAWS(item)}
	case table.L, table.SS, table.NS, table.BS:
		_, elements := v.Contents()
		return elementsToAWS(v.Type(), elements)
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

func elementsToAWS(t table.Type, elements table.Elements) types.AttributeValue {
	if own, ok := elements.(member); ok {
		return own.value()
	}
	list := newList(t, elements.Len())
	for i := range elements.Len() {
		list.Set(i, elements.At(i))
	}
	return list.value()
}

// valueFromAWS is a value in the SDK's types; the zero Value if it is of a type that
// is not known, or no number where it says so.
func valueFromAWS(a types.AttributeValue) table.Value {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		return table.String(a.Value)
	case *types.AttributeValueMemberN:
		v, _ := table.Number(a.Value)
		return v
	case *types.AttributeValueMemberB:
		return table.Bytes(a.Value)
	case *types.AttributeValueMemberBOOL:
		return table.Bool(a.Value)
	case *types.AttributeValueMemberNULL:
		return table.Null()
	case *types.AttributeValueMemberM:
		return table.MapOf(attributes(a.Value))
	case *types.AttributeValueMemberL:
		return table.ListOf(table.L, (*list)(a))
	case *types.AttributeValueMemberSS:
		return table.ListOf(table.SS, (*texts)(a))
	case *types.AttributeValueMemberNS:
		return table.ListOf(table.NS, (*numbers)(a))
	case *types.AttributeValueMemberBS:
		return table.ListOf(table.BS, (*binaries)(a))
	}
	return table.Value{}
}
