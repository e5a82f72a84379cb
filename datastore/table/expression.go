package table

import (
	"slices"
	"strconv"
)

// Placeholders are what the expressions of one request speak of, each by its
// placeholder: "#0" is the first of the names, ":0" the first of the values. Each name
// has one, because hundreds of words are reserved. It is for drivers.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
type Placeholders struct {
	Names  map[string]string // nil for none
	Values Attributes        // in the form that was asked for; nil for none
}

// Expressions are the changes and the condition of the write as DynamoDB takes them,
// "" for none, with their values in the form. Its limits are kept by what a driver is
// given.
func (w Write) Expressions(form Form) (update, condition string, p Placeholders) {
	x := expression{form: form}
	if len(w.Changes) > 0 {
		update = x.update(w.Changes)
	}
	if !w.If.IsZero() {
		condition = x.cond(w.If)
	}
	return update, condition, x.placeholders()
}

// Expressions are the condition on the keys and the filter of the query as DynamoDB
// takes them, with their values in the form; the filter is "" for none.
func (q PageQuery) Expressions(form Form) (key, filter string, p Placeholders) {
	x := expression{form: form}
	key = x.name(q.Index.PK.Name) + " = " + x.value(q.PK)
	if !q.Range.IsZero() {
		key += " AND " + x.cond(q.Range)
	}
	if !q.Filter.IsZero() {
		filter = x.cond(q.Filter)
	}
	return key, filter, x.placeholders()
}

// Expression is the filter of the scan as DynamoDB takes it, "" for none, with its
// values in the form.
func (s PageScan) Expression(form Form) (filter string, p Placeholders) {
	x := expression{form: form}
	if !s.Filter.IsZero() {
		filter = x.cond(s.Filter)
	}
	return filter, x.placeholders()
}

// expression collects the names and values of the expressions of one request.
type expression struct {
	form   Form
	names  []string
	values AttributeSetter // nil for none
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
func (x *expression) value(v Value) string {
	if x.values == nil {
		x.values = x.form.NewItem(usual)
	}
	mark := valueMark(x.values.Len())
	x.values.Set(mark, v)
	return mark
}

func (x *expression) placeholders() (p Placeholders) {
	if len(x.names) > 0 {
		p.Names = make(map[string]string, len(x.names))
	}
	for i, n := range x.names {
		p.Names[nameMark(i)] = n
	}
	if x.values != nil {
		p.Values = x.values
	}
	return p
}

// infix are the comparisons, functions the functions.
var (
	infix = [...]string{
		OpEq: " = ", OpNe: " <> ", OpLt: " < ", OpLe: " <= ", OpGt: " > ", OpGe: " >= ", OpBetween: " BETWEEN ",
	}
	functions = map[CondOp]string{
		OpExists: "attribute_exists(", OpNotExists: "attribute_not_exists(",
		OpBeginsWith: "begins_with(", OpContains: "contains(",
	}
)

// cond writes a condition.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
func (x *expression) cond(c Cond) string {
	return string(x.appendCond(make([]byte, 0, usualText), c))
}

func (x *expression) appendCond(text []byte, c Cond) []byte {
	switch c.op {
	case OpAnd:
		return x.appendConds(text, c.conds, " AND ")
	case OpOr:
		return x.appendConds(text, c.conds, " OR ")
	case OpNot:
		return append(x.appendCond(append(text, "(NOT "...), c.conds[0]), ')')
	}
	name := x.name(c.attr)
	if f, ok := functions[c.op]; ok {
		text = append(append(text, f...), name...)
		if len(c.values) > 0 {
			text = x.appendValues(append(text, ", "...), c.values, "")
		}
		return append(text, ')')
	}
	text = append(text, name...)
	if c.op == OpIn {
		return append(x.appendValues(append(text, " IN ("...), c.values, ", "), ')')
	}
	return x.appendValues(append(text, infix[c.op]...), c.values, " AND ") // two of OpBetween
}

func (x *expression) appendConds(text []byte, conds []Cond, word string) []byte {
	text = append(text, '(')
	for i, c := range conds {
		if i > 0 {
			text = append(text, word...)
		}
		text = x.appendCond(text, c)
	}
	return append(text, ')')
}

func (x *expression) appendValues(text []byte, values []Value, word string) []byte {
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
func (x *expression) update(changes []Change) string {
	var room [len(clauseWords)][usualText]byte
	var clauses [len(clauseWords)][]byte
	empty := "" // the list that Append begins with
	for _, c := range changes {
		name, at := x.name(c.attr), clauseOf[c.op]
		if c.op == ToAppend && empty == "" {
			empty = x.value(List())
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
func (x *expression) appendChange(text []byte, c Change, name, empty string) []byte {
	if c.op == ToRemove {
		return text
	}
	value, end := x.value(c.value), ""
	switch c.op {
	case ToSet:
		text = append(text, " = "...)
	case ToSetIfAbsent:
		text, end = append(append(append(text, " = if_not_exists("...), name...), ", "...), ")"
	case ToAppend:
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
		ToSet: setClause, ToSetIfAbsent: setClause, ToAppend: setClause,
		ToRemove: removeClause, ToAdd: addClause, ToInclude: addClause, ToExclude: deleteClause,
	}
)
