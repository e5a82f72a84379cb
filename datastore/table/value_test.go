package table_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "0.000": "0", "0E99999": "0", "+5": "5", "007": "7", "-12.50": "-12.5", "1e2": "100", "1E-2": "0.01",
		"1E37": "1" + strings.Repeat("0", 37), "1E38": "1E38", "1.5E-20": "1.5E-20", ".5": "0.5", "5.": "5",
		"12345678901234567890123456789012345678":      "12345678901234567890123456789012345678",
		"12345678901234567890123456789012345678000":   "1.2345678901234567890123456789012345678E40",
		"9.9999999999999999999999999999999999999E125": "9.9999999999999999999999999999999999999E125",
		"1E-130": "1E-130", "-1E-130": "-1E-130",
	} {
		if got, err := table.Number(in); err != nil || got.Text() != want || got.Type() != table.N {
			t.Errorf("Number(%q) = %q, %v, want %q", in, got.Text(), err, want)
		}
	}
	for in, want := range map[string]string{
		"": "not a decimal number", "-": "not a decimal", "1e": "not a decimal", "1e1e1": "not a decimal", "1.2.3": "not a decimal",
		"NaN": "not a decimal", " 1": "not a decimal", "1_000": "not a decimal", "1E126": "out of range", "1E-131": "out of range",
		"1E9999999999": "not a decimal", "--1": "not a decimal",
		"123456789012345678901234567890123456789": "39 significant digits",
	} {
		if got, err := table.Number(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Number(%q) = %q, %v, want an error about %q", in, got.Text(), err, want)
		}
	}
}

// FuzzNumber checks the canonical form and the order against math/big.
func FuzzNumber(f *testing.F) {
	for _, seed := range [][2]string{{"0", "-0.0"}, {"1E-130", "-1E125"}, {"12.50", "1.25e1"}, {"-3", "-20"}, {"00.1", "1E40"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, errX := table.Number(a)
		y, errY := table.Number(b)
		if errX != nil || errY != nil {
			return
		}
		again, err := table.Number(x.Text())
		if err != nil || again.Text() != x.Text() {
			t.Fatalf("Number(%q) = %q is not canonical: %q, %v", a, x.Text(), again.Text(), err)
		}
		bigA, okA := new(big.Rat).SetString(a)
		bigB, okB := new(big.Rat).SetString(b)
		bigX, okX := new(big.Rat).SetString(x.Text())
		if !okA || !okB || !okX || bigA.Cmp(bigX) != 0 {
			t.Fatalf("Number(%q) = %q is another number", a, x.Text())
		}
		if got, want := x.Compare(y), bigA.Cmp(bigB); got != want {
			t.Fatalf("%s compared with %s = %d, want %d", a, b, got, want)
		}
		if got, want := x.Equal(y), bigA.Cmp(bigB) == 0; got != want {
			t.Fatalf("%s equal to %s = %v, want %v", a, b, got, want)
		}
	})
}

func TestSet(t *testing.T) {
	t.Parallel()
	for name, elements := range map[string][]table.Value{
		"empty": nil, "bools": {table.Bool(true)}, "mixed": {table.Int(1), table.String("1")}, "twice": {table.Int(1), table.Int(1)},
	} {
		if v, err := table.Set(elements...); err == nil {
			t.Errorf("Set of %s = %+v, want an error", name, v)
		}
	}
}

func TestValuesAreCopies(t *testing.T) {
	t.Parallel()
	elements, item, data := []table.Value{table.Int(1)}, table.Item{"a": table.Int(1)}, []byte("x")
	list, m, b := table.List(elements...), table.Map(item), table.Bytes(data)
	elements[0], item["a"], data[0] = table.Int(2), table.Int(2), 'y'
	if list.Elements()[0].Text() != "1" || m.Attributes()["a"].Text() != "1" || b.Text() != "x" {
		t.Errorf("values changed with what they were made of: %v %v %v", list, m, b)
	}
}

// TestSize has the sizes that AWS documents.
//
// See https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
func TestSize(t *testing.T) {
	t.Parallel()
	number := func(s string) table.Value {
		v, err := table.Number(s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	set, err := table.Set(table.String("ab"), table.String("c"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		v    table.Value
		want int
	}{
		{table.String("ä"), 2}, {table.Bytes([]byte{1, 2, 3}), 3}, {table.Bool(false), 1}, {table.Null(), 1},
		{number("0"), 1}, {number("7"), 2}, {number("27"), 2}, {number("-27"), 3}, {number("1000"), 2}, {number("123"), 3},
		{number("12345678901234567890123456789012345678"), 20}, {number("-12345678901234567890123456789012345678"), 21},
		{table.List(), 3}, {table.List(table.Null(), table.String("ab")), 3 + 1 + 1 + 1 + 2},
		{table.Map(nil), 3}, {table.Map(table.Item{"ab": table.String("c")}), 3 + 1 + 2 + 1}, {set, 3},
	} {
		if got := (table.Item{"n": c.v}).Size(); got != c.want+1 {
			t.Errorf("size of %s %q = %d, want %d", c.v.Type(), c.v.Text(), got-1, c.want)
		}
	}
}

// FuzzJSON reads any bytes as an item in DynamoDB's JSON form: what is read is
// written and read again the same.
func FuzzJSON(f *testing.F) {
	for _, seed := range []string{
		`{"a":{"S":"x"},"b":{"N":"1.50"},"c":{"B":"AAE="},"d":{"BOOL":true},"e":{"NULL":true}}`,
		`{"m":{"M":{"x":{"L":[{"S":""},{"M":{}}]}}},"s":{"SS":["a","b"]},"n":{"NS":["1","2"]},"b":{"BS":["AA=="]}}`,
		`{"a":null}`, `{"a":{}}`, `{"a":{"S":"x","N":"1"}}`, `{"a":{"X":1}}`, `{"a":{"L":[null]}}`, `{"a":{"SS":[]}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var item table.Item
		if json.Unmarshal(data, &item) != nil {
			return
		}
		text, err := json.Marshal(item)
		if err != nil {
			t.Fatalf("an item that was read from %s cannot be written: %v", data, err)
		}
		var again table.Item
		if err := json.Unmarshal(text, &again); err != nil || !again.Equal(item) || again.Size() != item.Size() {
			t.Fatalf("%s was read again as %+v, %v, want %+v", text, again, err, item)
		}
	})
}

func ExampleNumber() {
	price, err := table.Number("19.90")
	fmt.Println(price.Text(), err)
	_, err = table.Number("1E200")
	fmt.Println(err)
	// Output:
	// 19.9 <nil>
	// number: out of range; its magnitude must be between 1E-130 and 1E126
}

func ExampleSet() {
	tags, err := table.Set(table.String("new"), table.String("sale"))
	fmt.Println(tags.Type(), len(tags.Elements()), err)
	// Output: SS 2 <nil>
}
