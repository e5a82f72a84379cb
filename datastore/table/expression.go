package table

import (
	"strconv"
	"strings"
)

// Placeholders are what the expressions of one request speak of: "#0" is the first
// of the names, ":0" the first of the values. Each name is a placeholder, because
// hundreds of words are reserved. It is for drivers.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.html
type Placeholders struct {
	Names  []string
	Values []Value
}

// Expressions are the changes and the condition of the write as DynamoDB takes them,
// "" for none. Its limits are kept by what a driver is given.
func (w Write) Expressions() (update, condition string, p Placeholders) {
	if len(w.Changes) > 0 {
		update = p.update(w.Changes)
	}
	if !w.If.IsZero() {
		condition = p.cond(w.If)
	}
	return update, condition, p
}

// Expressions are the condition on the keys and the filter of the query as DynamoDB
// takes them; the filter is "" for none.
func (q PageQuery) Expressions() (key, filter string, p Placeholders) {
	key = p.name(q.Index.PK.Name) + " = " + p.value(q.PK)
	if !q.Range.IsZero() {
		key += " AND " + p.cond(q.Range)
	}
	if !q.Filter.IsZero() {
		filter = p.cond(q.Filter)
	}
	return key, filter, p
}

// Expression is the filter of the scan as DynamoDB takes it, "" for none.
func (s PageScan) Expression() (filter string, p Placeholders) {
	if !s.Filter.IsZero() {
		filter = p.cond(s.Filter)
	}
	return filter, p
}

// name is the placeholder of an attribute.
func (p *Placeholders) name(attr string) string {
	for i, n := range p.Names {
		if n == attr {
			return "#" + strconv.Itoa(i)
		}
	}
	p.Names = append(p.Names, attr)
	return "#" + strconv.Itoa(len(p.Names)-1)
}

// value is the placeholder of a value.
func (p *Placeholders) value(v Value) string {
	p.Values = append(p.Values, v)
	return ":" + strconv.Itoa(len(p.Values)-1)
}

// forms are the comparisons: $n is the name, $1 and $2 the values.
var forms = map[CondOp]string{
	OpExists:     "attribute_exists($n)",
	OpNotExists:  "attribute_not_exists($n)",
	OpEq:         "$n = $1",
	OpNe:         "$n <> $1",
	OpLt:         "$n < $1",
	OpLe:         "$n <= $1",
	OpGt:         "$n > $1",
	OpGe:         "$n >= $1",
	OpBetween:    "$n BETWEEN $1 AND $2",
	OpBeginsWith: "begins_with($n, $1)",
	OpContains:   "contains($n, $1)",
}

// cond writes a condition.
func (p *Placeholders) cond(c Cond) string {
	switch c.Op() {
	case OpAnd:
		return "(" + p.join(c.Conds(), " AND ") + ")"
	case OpOr:
		return "(" + p.join(c.Conds(), " OR ") + ")"
	case OpNot:
		return "(NOT " + p.cond(c.Conds()[0]) + ")"
	}
	replace := []string{"$n", p.name(c.Attr())}
	values := make([]string, len(c.Values()))
	for i, v := range c.Values() {
		values[i] = p.value(v)
		replace = append(replace, "$"+strconv.Itoa(i+1), values[i])
	}
	if c.Op() == OpIn {
		return p.name(c.Attr()) + " IN (" + strings.Join(values, ", ") + ")"
	}
	return strings.NewReplacer(replace...).Replace(forms[c.Op()])
}

func (p *Placeholders) join(conds []Cond, word string) string {
	parts := make([]string, len(conds))
	for i, c := range conds {
		parts[i] = p.cond(c)
	}
	return strings.Join(parts, word)
}

// update writes changes. There is always a SET: that of the write id.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
func (p *Placeholders) update(changes []Change) string {
	var clauses [len(clauseWords)][]string
	empty := ""
	for _, c := range changes {
		n := p.name(c.Attr())
		switch c.Op() {
		case ToRemove:
			clauses[removeClause] = append(clauses[removeClause], n)
			continue
		case ToAppend:
			if empty == "" {
				empty = p.value(List())
			}
		}
		v := p.value(c.Value())
		switch c.Op() {
		case ToSet:
			clauses[setClause] = append(clauses[setClause], n+" = "+v)
		case ToSetIfAbsent:
			clauses[setClause] = append(clauses[setClause], n+" = if_not_exists("+n+", "+v+")")
		case ToAppend:
			clauses[setClause] = append(clauses[setClause], n+" = list_append(if_not_exists("+n+", "+empty+"), "+v+")")
		case ToAdd, ToInclude:
			clauses[addClause] = append(clauses[addClause], n+" "+v)
		case ToExclude:
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
