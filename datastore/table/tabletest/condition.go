package tabletest

import (
	"errors"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

// sample is the item that conditions are tried on. Missing is never stored.
type sample struct {
	ID      string `table:"id,pk"`
	Part    int    `table:"part,sk"`
	Text    string
	Number  int
	Yes     bool
	Bytes   []byte
	Null    table.Value
	List    []int
	Texts   []string `table:",set"`
	Numbers []int    `table:",set"`
	Missing *int
}

func theSample() sample {
	return sample{
		ID: "s", Part: 1, Text: "hello", Number: 10, Yes: true, Bytes: []byte("bytes"),
		Null: table.Null(), List: []int{1, 2}, Texts: []string{"a", "b"}, Numbers: []int{1, 2},
	}
}

type condCase struct {
	name string
	cond table.Cond
	want bool
}

// conditions are tried as the condition of a write and as the filter of a query.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
func conditions() []condCase {
	set, _ := table.Set(table.String("b"), table.String("a"))
	return []condCase{
		{"exists", table.Exists("Text"), true},
		{"exists null", table.Exists("Null"), true},
		{"exists missing", table.Exists("Missing"), false},
		{"not exists", table.NotExists("Text"), false},
		{"not exists missing", table.NotExists("Missing"), true},
		{"eq", table.Eq("Text", "hello"), true},
		{"eq other", table.Eq("Text", "Hello"), false},
		{"eq other type", table.Eq("Number", "10"), false},
		{"eq missing", table.Eq("Missing", 1), false},
		{"eq number in another notation", table.Eq("Number", 1e1), true},
		{"eq bool", table.Eq("Yes", true), true},
		{"eq bytes", table.Eq("Bytes", []byte("bytes")), true},
		{"eq null", table.Eq("Null", table.Null()), true},
		{"eq list", table.Eq("List", table.List(table.Int(1), table.Int(2))), true},
		{"eq list in another order", table.Eq("List", table.List(table.Int(2), table.Int(1))), false},
		{"eq set in another order", table.Eq("Texts", set), true},
		{"ne", table.Ne("Text", "hello"), false},
		{"ne other", table.Ne("Text", "other"), true},
		{"ne other type", table.Ne("Number", "10"), true},
		{"ne missing", table.Ne("Missing", 1), true},
		{"lt", table.Lt("Number", 11), true},
		{"lt equal", table.Lt("Number", 10), false},
		{"lt as numbers and not as text", table.Lt("Number", 9), false},
		{"lt other type", table.Lt("Number", "z"), false},
		{"lt missing", table.Lt("Missing", 1), false},
		{"le", table.Le("Number", 10), true},
		{"gt", table.Gt("Text", "help"), false},
		{"gt shorter", table.Gt("Text", "hell"), true},
		{"gt missing", table.Gt("Missing", -1), false},
		{"ge", table.Ge("Bytes", []byte("bytes")), true},
		{"between", table.Between("Number", 10, 20), true},
		{"between outside", table.Between("Number", 11, 20), false},
		{"begins with", table.BeginsWith("Text", "hel"), true},
		{"begins with bytes", table.BeginsWith("Bytes", []byte("by")), true},
		{"begins with other", table.BeginsWith("Text", "el"), false},
		{"begins with other type", table.BeginsWith("Number", "1"), false},
		{"contains", table.Contains("Text", "ell"), true},
		{"contains other", table.Contains("Text", "x"), false},
		{"contains in set", table.Contains("Texts", "b"), true},
		{"contains number in set", table.Contains("Numbers", 2), true},
		{"contains other type in set", table.Contains("Numbers", "2"), false},
		{"contains in list", table.Contains("List", 2), true},
		{"contains missing", table.Contains("Missing", 2), false},
		{"in", table.In("Number", 1, 10), true},
		{"in other", table.In("Number", 1, 2), false},
		{"in missing", table.In("Missing", 1), false},
		{"and", table.And(table.Exists("Text"), table.Eq("Number", 10)), true},
		{"and false", table.And(table.Exists("Text"), table.Eq("Number", 11)), false},
		{"or", table.Or(table.Exists("Missing"), table.Eq("Number", 10)), true},
		{"or false", table.Or(table.Exists("Missing"), table.Eq("Number", 11)), false},
		{"not", table.Not(table.Eq("Number", 11)), true},
		{"not of missing", table.Not(table.Eq("Missing", 1)), true},
		{"nested", table.And(table.Or(table.Eq("Number", 1), table.Not(table.Exists("Missing"))), table.Eq("Yes", true)), true},
		{"zero", table.And(), true},
	}
}

var conditionRules = []rule{
	{"write", "a condition of a write means what it means in DynamoDB", func(t *testing.T, open Open) {
		samples := start[sample](t, open)
		put(t, samples, theSample())
		for _, c := range conditions() {
			_, err := samples.Put(t.Context(), theSample(), c.cond)
			if err != nil && !errors.Is(err, datastore.ErrConflict) {
				t.Errorf("Put if %s: %v", c.name, err)
			} else if held := err == nil; held != c.want {
				t.Errorf("Put if %s: held = %v, want %v", c.name, held, c.want)
			}
		}
	}},
	{"filter", "a filter means what the same condition of a write means", func(t *testing.T, open Open) {
		samples := start[sample](t, open)
		put(t, samples, theSample())
		for _, c := range conditions() {
			page, err := samples.Query(t.Context(), table.Query{Key: table.PK("s"), Filter: c.cond})
			if err != nil {
				t.Errorf("Query with filter %s: %v", c.name, err)
			} else if held := len(page.Items) == 1; held != c.want {
				t.Errorf("Query with filter %s: held = %v, want %v", c.name, held, c.want)
			}
		}
	}},
	{"no item", "of an item that does not exist only the absence of attributes holds", func(t *testing.T, open Open) {
		notes := start[note](t, open)
		for name, c := range map[string]struct {
			cond table.Cond
			want bool
		}{
			"exists": {table.Exists("text"), false}, "not exists": {table.NotExists("text"), true},
			"eq": {table.Eq("text", ""), false}, "ne": {table.Ne("text", ""), true},
		} {
			err := notes.Delete(t.Context(), table.PK("none"), c.cond)
			if held := err == nil; held != c.want || err != nil && !errors.Is(err, datastore.ErrConflict) {
				t.Errorf("Delete of no item if %s: %v, want it to hold: %v", name, err, c.want)
			}
		}
	}},
}
