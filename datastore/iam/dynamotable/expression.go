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

// infix are the comparisons, functions the functions.
var (
	infix = map[table.CondOp]string{
		table.OpEq: " = ", table.OpNe: " <> ", table.OpLt: " < ", table.OpLe: " <= ", table.OpGt: " > ", table.OpGe: " >= ",
	}
	functions = map[table.CondOp]string{
		table.OpExists: "attribute_exists(", table.OpNotExists: "attribute_not_exists(",
		table.OpBeginsWith: "begins_with(", table.OpContains: "contains(",
	}
)

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
	n, values := x.name(c.Attr()), c.Values()
	switch c.Op() {
	case table.OpIn:
		return n + " IN (" + x.each(values) + ")"
	case table.OpBetween:
		return n + " BETWEEN " + x.value(values[0]) + " AND " + x.value(values[1])
	case table.OpExists, table.OpNotExists:
		return functions[c.Op()] + n + ")"
	case table.OpBeginsWith, table.OpContains:
		return functions[c.Op()] + n + ", " + x.value(values[0]) + ")"
	}
	return n + infix[c.Op()] + x.value(values[0])
}

func (x *expression) each(values []table.Value) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = x.value(v)
	}
	return strings.Join(parts, ", ")
}

func (x *expression) join(conds []table.Cond, word string) string {
	parts := make([]string, len(conds))
	for i, c := range conds {
		parts[i] = x.cond(c)
	}
	return strings.Join(parts, word)
}

// update writes changes. There is always a SET: that of the write id.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
func (x *expression) update(changes []table.Change) string {
	var clauses [len(clauseWords)][]string
	empty := ""
	for _, c := range changes {
		n := x.name(c.Attr())
		switch c.Op() {
		case table.ToRemove:
			clauses[removeClause] = append(clauses[removeClause], n)
			continue
		case table.ToAppend:
			if empty == "" {
				empty = x.value(table.List())
			}
		}
		v := x.value(c.Value())
		switch c.Op() {
		case table.ToSet:
			clauses[setClause] = append(clauses[setClause], n+" = "+v)
		case table.ToSetIfAbsent:
			clauses[setClause] = append(clauses[setClause], n+" = if_not_exists("+n+", "+v+")")
		case table.ToAppend:
			clauses[setClause] = append(clauses[setClause], n+" = list_append(if_not_exists("+n+", "+empty+"), "+v+")")
		case table.ToAdd, table.ToInclude:
			clauses[addClause] = append(clauses[addClause], n+" "+v)
		case table.ToExclude:
			clauses[deleteClause] = append(clauses[deleteClause], n+" "+v)
		}
	}
	var b strings.Builder
	for i, parts := range clauses {
		if len(parts) > 0 {
			b.WriteString(clauseWords[i])
			b.WriteString(strings.Join(parts, ", "))
		}
	}
	return b.String()
}

const (
	setClause = iota
	removeClause
	addClause
	deleteClause
)

var clauseWords = [...]string{setClause: "SET ", removeClause: " REMOVE ", addClause: " ADD ", deleteClause: " DELETE "}
