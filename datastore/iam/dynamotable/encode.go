package dynamotable

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// toAWS is an item in the SDK's types.
func toAWS(item table.Item) map[string]types.AttributeValue {
	out := make(map[string]types.AttributeValue, len(item))
	for name, v := range item {
		out[name] = valueToAWS(v)
	}
	return out
}

// maps are placeholders as a request takes them: nil if there are none.
func maps(p table.Placeholders) (names map[string]string, values map[string]types.AttributeValue) {
	if len(p.Names) > 0 {
		names = make(map[string]string, len(p.Names))
	}
	for i, n := range p.Names {
		names["#"+strconv.Itoa(i)] = n
	}
	if len(p.Values) > 0 {
		values = make(map[string]types.AttributeValue, len(p.Values))
	}
	for i, v := range p.Values {
		values[":"+strconv.Itoa(i)] = valueToAWS(v)
	}
	return names, values
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
		return &types.AttributeValueMemberM{Value: toAWS(v.Attributes())}
	case table.L:
		list := make([]types.AttributeValue, len(v.Elements()))
		for i, e := range v.Elements() {
			list[i] = valueToAWS(e)
		}
		return &types.AttributeValueMemberL{Value: list}
	case table.SS:
		return &types.AttributeValueMemberSS{Value: texts(v)}
	case table.NS:
		return &types.AttributeValueMemberNS{Value: texts(v)}
	case table.BS:
		list := make([][]byte, len(v.Elements()))
		for i, e := range v.Elements() {
			list[i] = []byte(e.Text())
		}
		return &types.AttributeValueMemberBS{Value: list}
	}
	return &types.AttributeValueMemberNULL{Value: true}
}

func texts(v table.Value) []string {
	list := make([]string, len(v.Elements()))
	for i, e := range v.Elements() {
		list[i] = e.Text()
	}
	return list
}

// fromAWS is an item of the SDK's types. The error is of what no DynamoDB sends.
func fromAWS(attributes map[string]types.AttributeValue) (table.Item, error) {
	item := make(table.Item, len(attributes))
	for name, a := range attributes {
		v, err := valueFromAWS(a)
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", name, err)
		}
		item[name] = v
	}
	return item, nil
}

func valueFromAWS(a types.AttributeValue) (table.Value, error) {
	switch a := a.(type) {
	case *types.AttributeValueMemberS:
		return table.String(a.Value), nil
	case *types.AttributeValueMemberN:
		return table.Number(a.Value)
	case *types.AttributeValueMemberB:
		return table.Bytes(a.Value), nil
	case *types.AttributeValueMemberBOOL:
		return table.Bool(a.Value), nil
	case *types.AttributeValueMemberNULL:
		return table.Null(), nil
	case *types.AttributeValueMemberM:
		item, err := fromAWS(a.Value)
		return table.OwnedMap(item), err
	case *types.AttributeValueMemberL:
		list, err := each(a.Value, valueFromAWS)
		return table.OwnedList(list), err
	case *types.AttributeValueMemberSS:
		return set(a.Value, func(s string) (table.Value, error) { return table.String(s), nil })
	case *types.AttributeValueMemberNS:
		return set(a.Value, table.Number)
	case *types.AttributeValueMemberBS:
		return set(a.Value, func(b []byte) (table.Value, error) { return table.Bytes(b), nil })
	}
	return table.Value{}, fmt.Errorf("an attribute value of type %T is not known", a)
}

func each[E any](list []E, convert func(E) (table.Value, error)) ([]table.Value, error) {
	out := make([]table.Value, len(list))
	for i, e := range list {
		v, err := convert(e)
		if err != nil {
			return nil, err
		}
		out[i] = v
	}
	return out, nil
}

func set[E any](list []E, convert func(E) (table.Value, error)) (table.Value, error) {
	elements, err := each(list, convert)
	if err != nil {
		return table.Value{}, err
	}
	return table.Set(elements...)
}
