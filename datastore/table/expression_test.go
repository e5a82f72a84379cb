package table_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// TestExpressions: conditions and changes as DynamoDB takes them, each name once, and
// the values in the form that was asked for.
func TestExpressions(t *testing.T) {
	t.Parallel()
	cond := func(c table.Cond) table.Write { return table.Write{If: c} }
	changes := func(list ...table.Change) table.Write { return table.Write{Changes: list} }
	for _, tt := range []struct {
		write             table.Write
		update, condition string
		names             string // in the order of their placeholders
		values            int
	}{
		{table.Write{}, "", "", "", 0},
		{cond(table.Exists("a")), "", "attribute_exists(#0)", "a", 0},
		{cond(table.NotExists("a")), "", "attribute_not_exists(#0)", "a", 0},
		{cond(table.Eq("a", 1)), "", "#0 = :0", "a", 1},
		{cond(table.Ne("a", 1)), "", "#0 <> :0", "a", 1},
		{cond(table.Lt("a", 1)), "", "#0 < :0", "a", 1},
		{cond(table.Le("a", 1)), "", "#0 <= :0", "a", 1},
		{cond(table.Gt("a", 1)), "", "#0 > :0", "a", 1},
		{cond(table.Ge("a", 1)), "", "#0 >= :0", "a", 1},
		{cond(table.Between("a", 1, 2)), "", "#0 BETWEEN :0 AND :1", "a", 2},
		{cond(table.BeginsWith("a", "x")), "", "begins_with(#0, :0)", "a", 1},
		{cond(table.Contains("a", "x")), "", "contains(#0, :0)", "a", 1},
		{cond(table.In("a", 1, 2, 3)), "", "#0 IN (:0, :1, :2)", "a", 3},
		{
			cond(table.And(table.Or(table.Eq("a", 1), table.Not(table.Eq("b", 2))), table.Exists("a"))), "",
			"((#0 = :0 OR (NOT #1 = :1)) AND attribute_exists(#0))", "a b", 2,
		},
		{
			changes(
				table.Add("a", 1), table.SetTo("b", 1), table.Remove("c"), table.Append("d", 1), table.SetIfAbsent("e", 1), table.Include("f", 1),
				table.Exclude("g", 1), table.Append("h", 1), table.Remove("i"), table.Exclude("j", 1),
			),
			"SET #1 = :1, #3 = list_append(if_not_exists(#3, :2), :3), #4 = if_not_exists(#4, :4), #7 = list_append(if_not_exists(#7, :2), :7)" +
				" REMOVE #2, #8 ADD #0 :0, #5 :5 DELETE #6 :6, #9 :8",
			"", "a b c d e f g h i j", 9,
		},
		{
			table.Write{Changes: []table.Change{table.SetTo("a", 1)}, If: table.And(table.Ge("a", 2), table.Exists("b"))},
			"SET #0 = :0", "(#0 >= :1 AND attribute_exists(#1))", "a b", 2,
		},
	} {
		update, condition, p := tt.write.Expressions(pairsForm{})
		if update != tt.update || condition != tt.condition {
			t.Errorf("Expressions = %q, %q, want %q, %q", update, condition, tt.update, tt.condition)
		}
		want := map[string]string{}
		for i, name := range strings.Fields(tt.names) {
			want[fmt.Sprintf("#%d", i)] = name
		}
		if !maps.Equal(p.Names, want) {
			t.Errorf("names of %q, %q = %v, want %v", update, condition, p.Names, want)
		}
		if got := valuesOf(t, p); len(got) != tt.values {
			t.Errorf("values of %q, %q = %v, want %d", update, condition, got, tt.values)
		}
	}
}

// valuesOf are the values of a request, by their placeholders, which have to be in the
// form of the tests.
func valuesOf(t *testing.T, p table.Placeholders) table.Item {
	t.Helper()
	if p.Values == nil {
		return nil
	}
	if _, ok := p.Values.(*pairs); !ok {
		t.Errorf("the values are a %T, want the form that was asked for", p.Values)
	}
	return table.ItemOf(p.Values)
}

// TestManyPlaceholders: each value has a placeholder of its own, however many there
// are, and so has each name.
func TestManyPlaceholders(t *testing.T) {
	t.Parallel()
	var conds []table.Cond
	var parts []string
	names, values := map[string]string{}, table.Item{}
	for i := range 40 {
		attr := fmt.Sprintf("a%d", i)
		conds = append(conds, table.Eq(attr, i))
		parts = append(parts, fmt.Sprintf("#%d = :%d", i, i))
		names[fmt.Sprintf("#%d", i)], values[fmt.Sprintf(":%d", i)] = attr, table.Int(int64(i))
	}
	filter, p := table.PageScan{Filter: table.Or(append(conds, conds[0])...)}.Expression(pairsForm{})
	parts, values[":40"] = append(parts, "#0 = :40"), table.Int(0)
	if want := "(" + strings.Join(parts, " OR ") + ")"; filter != want {
		t.Errorf("Expression = %q, want %q", filter, want)
	}
	if diff := cmp.Diff(names, p.Names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(values, valuesOf(t, p)); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
}

// TestQueryExpressions: the condition on the keys and the filter share placeholders.
func TestQueryExpressions(t *testing.T) {
	t.Parallel()
	index := table.Index{PK: table.Attribute{Name: "id", Type: table.S}, SK: table.Attribute{Name: "n", Type: table.N}}
	for _, tt := range []struct {
		name          string
		rng, filter   table.Cond
		key, filtered string
		values        []string
	}{
		{"partition", table.Cond{}, table.Cond{}, "#0 = :0", "", []string{"p"}},
		{"range", table.Between("n", 1, 2), table.Cond{}, "#0 = :0 AND #1 BETWEEN :1 AND :2", "", []string{"p", "1", "2"}},
		{"filter", table.Gt("n", 1), table.Contains("t", "x"), "#0 = :0 AND #1 > :1", "contains(#2, :2)", []string{"p", "1", "x"}},
	} {
		key, filter, p := table.PageQuery{Index: index, PK: table.String("p"), Range: tt.rng, Filter: tt.filter}.Expressions(pairsForm{})
		var got []string
		for i := range tt.values {
			got = append(got, valuesOf(t, p)[fmt.Sprintf(":%d", i)].Text())
		}
		if key != tt.key || filter != tt.filtered || !slices.Equal(got, tt.values) || p.Values.Len() != len(tt.values) {
			t.Errorf("%s: Expressions = %q, %q, %q, want %q, %q, %q", tt.name, key, filter, got, tt.key, tt.filtered, tt.values)
		}
	}
}
