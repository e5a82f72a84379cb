package dynamotable

import (
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// expression collects the names and values of the expressions of one request.
// Each name is a placeholder, because hundreds of words are reserved.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
type expression struct {
	names  []string
	values attributes // by their placeholders; nil for none
}

// usual is for how many names or values, and for how much text, there is room at
// once.
const usual, usualText = 8, 128

// The first placeholders of names and values, which most requests have enough of.
var nameMarks, valueMarks = marks("#"), marks(":")

func marks(sign string) (m [16]string) {
	for i := range m {
		m[i] = sign + strconv.Itoa(i)
	}
	return m
}

func nameMark(i int) string {
	if i < len(nameMarks) {
		return nameMarks[i]
	}
	return "#" + strconv.Itoa(i)
}

func valueMark(i int) string {
	if i < len(valueMarks) {
		return valueMarks[i]
	}
	return ":" + strconv.Itoa(i)
}

// name is the placeholder of an attribute.
func (x *expression) name(attr string) string {
	at := slices.Index(x.names, attr)
	if at < 0 {
		at = len(x.names)
		if at == 0 {
			x.names = make([]string, 0, usual)
		}
		x.names = append(x.names, attr)
	}
	return nameMark(at)
}

// value is the placeholder of a value.
func (x *expression) value(v table.Value) string {
	if x.values == nil {
		x.values = make(attributes, usual)
	}
	mark := valueMark(len(x.values))
	x.values.Set(mark, v)
	return mark
}

// maps are the placeholders as a request takes them: nil if there are none.
func (x *expression) maps() (map[string]string, map[string]types.AttributeValue) {
	names := make(map[string]string, len(x.names))
	for i, n := range x.names {
		names[nameMark(i)] = n
	}
	return names, x.values
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

// cond is a condition.
func (x *expression) cond(c table.Cond) string {
	return string(x.appendCond(make([]byte, 0, usualText), c))
}

func (x *expression) appendCond(text []byte, c table.Cond) []byte {
	switch c.Op() {
	case table.OpAnd:
		return x.appendConds(text, c.Conds(), " AND ")
	case table.OpOr:
		return x.appendConds(text, c.Conds(), " OR ")
	case table.OpNot:
		return append(x.appendCond(append(text, "(NOT "...), c.Conds()[0]), ')')
	}
	name, values := x.name(c.Attr()), c.Values()
	switch c.Op() {
	case table.OpIn:
		return append(x.appendValues(append(append(text, name...), " IN ("...), values, ", "), ')')
	case table.OpBetween:
		return x.appendValues(append(append(text, name...), " BETWEEN "...), values, " AND ")
	}
	if f, ok := functions[c.Op()]; ok {
		text = append(append(text, f...), name...)
		if len(values) > 0 {
			text = x.appendValues(append(text, ", "...), values, "")
		}
		return append(text, ')')
	}
	return x.appendValues(append(append(text, name...), infix[c.Op()]...), values, "")
}

func (x *expression) appendConds(text []byte, conds []table.Cond, word string) []byte {
	text = append(text, '(')
	for i, c := range conds {
		if i > 0 {
			text = append(text, word...)
		}
		text = x.appendCond(text, c)
	}
	return append(text, ')')
}

func (x *expression) appendValues(text []byte, values []table.Value, word string) []byte {
	for i, v := range values {
		if i > 0 {
			text = append(text, word...)
		}
		text = append(text, x.value(v)...)
	}
	return text
}

// update writes changes. There is always a SET: that of the write id.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
func (x *expression) update(changes []table.Change) string {
	var room [len(clauseWords)][usualText]byte
	var clauses [len(clauseWords)][]byte
	empty := "" // the list that Append begins with
	for _, c := range changes {
		name, at := x.name(c.Attr()), clauseOf[c.Op()]
		if c.Op() == table.ToAppend && empty == "" {
			empty = x.value(table.List())
		}
		text := append(clauses[at], ", "...)
		if clauses[at] == nil {
			text = append(room[at][:0], clauseWords[at]...)
		}
		clauses[at] = x.appendChange(append(text, name...), c, name, empty)
	}
	text := clauses[setClause]
	for _, clause := range clauses[setClause+1:] {
		text = append(text, clause...)
	}
	return string(text)
}

// appendChange writes what follows the name that is changed.
func (x *expression) appendChange(text []byte, c table.Change, name, empty string) []byte {
	if c.Op() == table.ToRemove {
		return text
	}
	value, end := x.value(c.Value()), ""
	switch c.Op() {
	case table.ToSet:
		text = append(text, " = "...)
	case table.ToSetIfAbsent:
		text, end = append(append(append(text, " = if_not_exists("...), name...), ", "...), ")"
	case table.ToAppend:
		text, end = append(append(append(text, " = list_append(if_not_exists("...), name...), ", "...), ")"
		text = append(append(text, empty...), "), "...)
	default:
		text = append(text, ' ')
	}
	return append(append(text, value...), end...)
}

const (
	setClause = iota
	removeClause
	addClause
	deleteClause
)

var (
	clauseWords = [...]string{setClause: "SET ", removeClause: " REMOVE ", addClause: " ADD ", deleteClause: " DELETE "}
	clauseOf    = [...]int{
		table.ToSet: setClause, table.ToSetIfAbsent: setClause, table.ToAppend: setClause,
		table.ToRemove: removeClause, table.ToAdd: addClause, table.ToInclude: addClause, table.ToExclude: deleteClause,
	}
)
