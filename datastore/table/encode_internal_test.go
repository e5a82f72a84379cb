package table

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// TestEncodedSize: the size that is added up in encoding is that of the item.
func TestEncodedSize(t *testing.T) {
	t.Parallel()
	type inner struct {
		A string
		P *int
	}
	type item struct {
		S  string
		I  int
		F  float64
		J  json.Number
		B  bool
		X  []byte
		Y  [3]byte
		T  time.Time
		E  time.Time `table:",ttl"`
		L  []*int
		N  []inner
		M  map[string]inner
		K  map[int]*string
		TS []string `table:",set"`
		NS []int    `table:",set"`
		BS [][]byte `table:",set"`
		V  Value
		R  Item
		Z  inner
		G  string `table:",index=byG.pk"`
		_  int
	}
	one, text := 1200, "é"
	set, err := Set(String("x"), String("yy"))
	if err != nil {
		t.Fatal(err)
	}
	full := item{
		S: "text", I: -1200, F: 1.5e-7, J: "100.50", B: true, X: []byte("xyz"), T: time.Unix(1, 2), E: time.Unix(1700000000, 0),
		L: []*int{nil, &one}, N: []inner{{"a", &one}, {}}, M: map[string]inner{"": {}, "m": {A: "b"}}, K: map[int]*string{-1: &text, 2: nil},
		TS: []string{"a", "bc"}, NS: []int{0, -105}, BS: [][]byte{{}, {1, 2}},
		V: List(Map(Item{"a": set}), Null()), R: Item{"n": Bool(true), "l": List()}, G: "g",
	}
	delete(full.M, "")
	p := planOf(reflect.TypeFor[item]())
	for name, in := range map[string]item{"full": full, "zero": {}, "empty": {X: []byte{}, L: []*int{}, M: map[string]inner{}}} {
		e := encoder{form: plainForm{}}
		made, err := e.item(p, reflect.ValueOf(&in).Elem())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := ItemOf(made).Size(); e.size != want {
			t.Errorf("%s: the size of what was encoded is %d, want %d", name, e.size, want)
		}
	}
}

// TestNumberSize: two digits make a byte, without zeros at either end.
func TestNumberSize(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"0", "1", "-1", "10", "-1200", "101", "0.5", "0.05", "-0.0105", "12.5", "1E-130", "-1.05E+125", "1.5E-20",
		"1" + strings.Repeat("0", 37), strings.Repeat("9", 38), "100.001",
	} {
		v, err := Number(text)
		if err != nil {
			t.Fatal(err)
		}
		d, err := parseDecimal(v.text)
		if err != nil {
			t.Fatal(err)
		}
		want := 1 + (len(d.digits)+1)/2
		if d.neg {
			want++
		}
		if got := numberSize(v.text); got != want {
			t.Errorf("size of %s = %d, want %d", v.text, got, want)
		}
	}
}

// TestBatchSize: a batch that is large as JSON is split, though its items are not
// large, and one whose request cannot be too large is not looked at.
func TestBatchSize(t *testing.T) {
	t.Parallel()
	control := func(n int) Write {
		item := Item{"id": String("1"), "text": String(strings.Repeat("\x01", n))}
		return Write{Item: item, size: item.Size()}
	}
	for name, c := range map[string]struct {
		write Write
		n     int
		want  int
	}{
		"small":                     {control(10), 30, maxBatchWrite},
		"characters that are large": {control(390 << 10), 25, 6},
		"large":                     {Write{Item: Item{"b": Bytes(make([]byte, 390<<10))}, size: 390 << 10}, 25, 25},
	} {
		writes := make([]Write, c.n)
		for i := range writes {
			writes[i] = c.write
		}
		if got := batchSize(writes); got != c.want {
			t.Errorf("%s: a batch has %d writes, want %d", name, got, c.want)
		}
	}
}
