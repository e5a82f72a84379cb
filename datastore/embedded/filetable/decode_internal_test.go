package filetable

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

func setOf(t testing.TB, elements ...table.Value) table.Value {
	t.Helper()
	v, err := table.Set(elements...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// everyType is an item with values of every type, and of every form of text.
func everyType(t testing.TB) table.Item {
	t.Helper()
	return table.Item{
		"s": table.String("plain é"), "escaped": table.String("\"\\\n\u2028<&>\x01\x7f"), "": table.String(""),
		"n": table.Int(-5), "b": table.Bytes([]byte{0, 255, '"'}), "yes": table.Bool(true), "no": table.Bool(false), "null": table.Null(),
		"ss": setOf(t, table.String("a"), table.String("b\"")), "ns": setOf(t, table.Int(1)), "bs": setOf(t, table.Bytes([]byte("x"))),
		"l": table.List(table.List(), table.Int(1), table.Map(table.Item{"x": table.List(table.Null())})),
		"m": table.Map(nil), "a\"b\\": table.Map(table.Item{"y": table.Map(table.Item{"z": table.String("deep")})}),
	}
}

// TestDecodeItem: what json.Marshal writes is read in one pass, and as it was.
func TestDecodeItem(t *testing.T) {
	t.Parallel()
	deep := table.String("x")
	for range 31 {
		deep = table.List(deep)
	}
	for name, want := range map[string]record{
		"put":    {Put: everyType(t)},
		"delete": {Delete: table.Item{"id": table.String("1")}},
		"deep":   {Put: table.Item{"deep": deep}},
	} {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := decodeItem(data)
		if !ok || !got.Put.Equal(want.Put) || !got.Delete.Equal(want.Delete) || (got.Put == nil) != (want.Put == nil) {
			t.Errorf("%s: decodeItem(%s) = %v, %v, want what was written", name, data, got, ok)
		}
		for cut := range data {
			if got, ok := decodeItem(data[:cut]); ok {
				t.Fatalf("%s: decodeItem of the first %d bytes = %v, want none", name, cut, got)
			}
		}
	}
	for _, text := range []string{
		`{"put":{"a":{"S":"x"},"a":{"S":"y"}}}`, `{"put": {}}`, `{"put":{}} `, `{"put":{},"delete":{}}`, `{"table":{}}`,
		`{"put":{"a":{"X":"x"}}}`, `{"put":{"a":{"N":"x"}}}`, `{"put":{"a":{"B":"?"}}}`, `{"put":{"a":{"SS":[]}}}`, `{"put":{"a":{"NULL":false}}}`,
		"{\"put\":{\"a\":{\"S\":\"\x01\"}}}", "{\"put\":{\"a\":{\"S\":\"\xff\"}}}", `{"put":{"a":{"S":"\x"}}}`, `{"put":{"a":{"S":"\`,
		`{"put":{"a":` + strings.Repeat(`{"L":[`, 1000),
	} {
		if got, ok := decodeItem([]byte(text)); ok {
			t.Errorf("decodeItem(%.60q) = %v, want none", text, got)
		}
	}
}

// FuzzDecodeItem: what is read in one pass is what package json reads.
func FuzzDecodeItem(f *testing.F) {
	data, err := json.Marshal(record{Put: everyType(f)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"delete":{"id":{"S":"\u00e9\ud83d\ude00"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := decodeItem(data)
		if !ok {
			return
		}
		var want record
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("decodeItem(%q) = %v, package json says %v", data, got, err)
		}
		if !got.Put.Equal(want.Put) || !got.Delete.Equal(want.Delete) || (got.Put == nil) != (want.Put == nil) {
			t.Fatalf("decodeItem(%q) = %v, package json reads %v", data, got, want)
		}
	})
}

func BenchmarkParseLine(b *testing.B) {
	for name, item := range map[string]table.Item{
		"flat": {"id": table.String("0123456789"), "email": table.String("ada@example.com"), "total": table.Int(120), "paid": table.Bool(true)},
		"deep": everyType(b),
	} {
		line, err := record{Put: item}.line()
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parseLine(line[:len(line)-1]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
