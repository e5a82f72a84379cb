package dynamotable

import (
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// expression collects the names and values of the expressions of one request.
// Each name is a placeholder, because hundreds of words are reserved.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
type expression struct {
	names  []string
	values []table.Value
}

// name is the placeholder of an attribute.
func (x *expression) name(attr string) string {
	for i, n := range x.names {
		if n == attr {
			return "#" + strconv.Itoa(i)
		}
	}
	x.names = append(x.names, attr)
	return "#" + strconv.Itoa(len(x.names)-1)
}

// value is the placeholder of a value.
func (x *expression) value(v table.Value) string {
	x.values = append(x.values, v)
	return ":" + strconv.Itoa(len(x.values)-1)
}

// maps are the placeholders as a request takes them: nil if there are none.
func (x *expression) maps() (map[string]string, map[string]types.AttributeValue) {
	names := make(map[string]string, len(x.names))
	for i, n := range x.names {
		names["#"+strconv.Itoa(i)] = n
	}
	if len(x.values) == 0 {
		return names, nil
	}
	values := make(map[string]types.AttributeValue, len(x.values))
	for i, v := range x.values {
		values[":"+strconv.Itoa(i)] = valueToAWS(v)
	}
	return names, values
}

// forms are the comparisons: $n is the name, $1 and $2 the values.
var forms = map[table.CondOp]string{
	table.OpExists:     "attribute_exists($n)",
	table.OpNotExists:  "attribute_not_exists($n)",
	table.OpEq:         "$n = $1",
	table.OpNe:         "$n <> $1",
	table.OpLt:         "$n < $1",
	table.OpLe:         "$n <= $1",
	table.OpGt:         "$n > $1",
	table.OpGe:         "$n >= $1",
	table.OpBetween:    "$n BETWEEN $1 AND $2",
	table.OpBeginsWith: "begins_with($n, $1)",
	table.OpContains:   "contains($n, $1)",
}

// cond writes a condition.
func (x *expression) cond(c table.Cond) string {
	switch c.Op() {
	case table.OpAnd:
		return "(" + x.join(c.Conds(), " AND ") + ")"
	case table.OpOr:
		return "(" + x.join(c.Conds(), " OR ") + ")"
	case table.OpNot:
		return "(NOT " + x.cond(c.Conds()[0]) + ")"
	}
	replace := []string{"$n", x.name(c.Attr())}
	values := make([]string, len(c.Values()))
	for i, v := range c.Values() {
		values[i] = x.value(v)
		replace = append(replace, "$"+strconv.Itoa(i+1), values[i])
	}
	if c.Op() == table.OpIn {
		return x.name(c.Attr()) + " IN (" + strings.Join(values, ", ") + ")"
	}
	return strings.NewReplacer(replace...).Replace(forms[c.Op()])
}

func (x *expression) join(conds []table.Cond, word string) string {
	parts := make([]string, len(conds))
	for i, c := range conds {
		parts[i] = x.cond(c)
	}
	return strings.Join(parts, word)
}
