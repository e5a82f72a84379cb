package table_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/table"
)

type level string

func (l level) MarshalText() ([]byte, error) {
	if l == "bad" {
		return nil, errors.New("bad level")
	}
	return []byte("level:" + l), nil
}

func (l *level) UnmarshalText(text []byte) error {
	s, ok := strings.CutPrefix(string(text), "level:")
	if !ok {
		return errors.New("no level")
	}
	*l = level(s)
	return nil
}

func encodeJSON[T any](t testing.TB, item T) string {
	t.Helper()
	codec, err := table.NewCodec[T]()
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := codec.Encode(item)
	if err != nil {
		t.Fatalf("Encode(%+v): %v", item, err)
	}
	text, err := json.Marshal(encoded)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := codec.Decode(encoded)
	if err != nil {
		t.Fatalf("Decode(%s): %v", text, err)
	}
	if diff := cmp.Diff(item, decoded, cmp.Comparer(table.Value.Equal)); diff != "" {
		t.Errorf("Decode(%s) (-want +got):\n%s", text, diff)
	}
	return string(text)
}

func TestCodecForms(t *testing.T) {
	t.Parallel()
	type text struct {
		L level
		M map[level]int
	}
	type embeds struct {
		*Inner
		Own int
	}
	for want, got := range map[string]string{
		`{"T":{"S":"0001-01-01T00:00:00.000000000Z"}}`:          encodeJSON(t, struct{ T time.Time }{}),
		`{"T":{"S":"2024-02-29T11:00:00.000000500Z"}}`:          encodeJSON(t, struct{ T time.Time }{time.Date(2024, 2, 29, 11, 0, 0, 500, time.UTC)}),
		`{"L":{"S":"level:a"},"M":{"M":{"level:b":{"N":"1"}}}}`: encodeJSON(t, text{"a", map[level]int{"b": 1}}),
		`{"Own":{"N":"1"}}`:                     encodeJSON(t, embeds{Own: 1}),
		`{"Own":{"N":"0"},"X":{"N":"7"}}`:       encodeJSON(t, embeds{Inner: &Inner{7}}),
		`{"P":{"L":[{"NULL":true},{"S":"x"}]}}`: encodeJSON(t, struct{ P []*string }{[]*string{nil, new("x")}}),
		`{"E":{"L":[]},"M":{"M":{}}}`: encodeJSON(t, struct {
			E []int
			M map[string]int
			N []int
		}{E: []int{}, M: map[string]int{}}),
		`{"B":{"B":""}}`: encodeJSON(t, struct{ B, C []byte }{B: []byte{}}),
		`{"F":{"N":"0.1"},"G":{"N":"1E+30"}}`: strings.ReplaceAll(encodeJSON(t, struct {
			F float32
			G float64
		}{0.1, 1e30}), `"1000000000000000000000000000000"`, `"1E+30"`),
		`{"S":{"SS":["b","a"]}}`: encodeJSON(t, struct {
			S []string `table:",set"`
			E []string `table:",set"`
		}{S: []string{"b", "a"}}),
		`{"V":{"BOOL":true}}`: encodeJSON(t, struct{ V, W table.Value }{V: table.Bool(true)}),
	} {
		if got != want {
			t.Errorf("encoded as %s, want %s", got, want)
		}
	}
}

// Inner is exported because an embedded pointer has to be.
type Inner struct{ X int }

func TestTimesSort(t *testing.T) {
	t.Parallel()
	type at struct{ T time.Time }
	codec, err := table.NewCodec[at]()
	if err != nil {
		t.Fatal(err)
	}
	zone := time.FixedZone("", 5*3600)
	begin := time.Date(2024, 1, 1, 0, 0, 0, 0, zone)
	var last table.Value
	for _, d := range []time.Duration{0, 1, 10, time.Microsecond, time.Second, time.Hour, 24 * time.Hour, 400 * 24 * time.Hour} {
		item, err := codec.Encode(at{begin.Add(d)})
		if err != nil {
			t.Fatal(err)
		}
		if now := item["T"]; last.Type() != 0 && now.Compare(last) <= 0 {
			t.Errorf("%v is stored as %s, which is not after %s", begin.Add(d), now.Text(), last.Text())
		}
		last = item["T"]
	}
	if _, err := codec.Encode(at{time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}); !errors.Is(err, datastore.ErrInvalid) {
		t.Errorf("Encode of the year 10000: error = %v, want %v", err, datastore.ErrInvalid)
	}
}

func TestEncodeErrors(t *testing.T) {
	t.Parallel()
	type item struct {
		F []float64
		L level
		S []string `table:",set"`
		N json.Number
	}
	codec, err := table.NewCodec[item]()
	if err != nil {
		t.Fatal(err)
	}
	for want, in := range map[string]item{
		`attribute "F": element 1: NaN`: {F: []float64{0, math.NaN()}},
		"-Inf":                          {F: []float64{math.Inf(-1)}},
		"out of range":                  {F: []float64{1e200}},
		`attribute "L": table_test.level does not marshal to text`: {L: "bad"},
		"is there twice":            {S: []string{"a", "a"}},
		"not a decimal number":      {N: "0x10"},
		"has 39 significant digits": {N: "1.00000000000000000000000000000000000001"},
	} {
		if _, err := codec.Encode(in); !errors.Is(err, datastore.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("Encode(%+v): error = %v, want %v about %q", in, err, datastore.ErrInvalid, want)
		}
	}
	if _, err := table.NewCodec[int](); err == nil {
		t.Error("NewCodec[int]: error = nil, want one")
	}
	if _, err := table.NewCodec[struct{ C chan int }](); err == nil {
		t.Error("NewCodec of a channel: error = nil, want one")
	}
}

func TestDecodeErrors(t *testing.T) {
	t.Parallel()
	type item struct {
		I8  int8
		U   uint
		F   float32
		S   string
		B   []byte
		A   [2]byte
		P   [2]int
		T   time.Time
		L   []int
		M   map[int]string
		V   level
		N   json.Number
		Yes bool
		Set []int `table:",set"`
		In  struct{ X int }
		Ptr *int
	}
	codec, err := table.NewCodec[item]()
	if err != nil {
		t.Fatal(err)
	}
	number := func(s string) table.Value {
		v, err := table.Number(s)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		attr string
		v    table.Value
		want string
	}{
		{"I8", number("128"), "does not fit int8"}, {"I8", number("1.5"), "does not fit int8"}, {"I8", table.String("1"), "is of type S, want N"},
		{"U", number("-1"), "does not fit uint"}, {"F", number("1E+100"), "does not fit float32"}, {"S", number("1"), "want S"},
		{"B", table.String(""), "want B"}, {"A", table.Bytes([]byte{1}), "has 1 bytes, want 2"}, {"P", table.List(table.Int(1)), "has 1 elements, want 2"},
		{"T", table.String("yesterday"), "is not a time"}, {"T", number("1"), "want S"}, {"L", table.List(table.String("x")), "element 0: is of type S"},
		{"M", table.Map(table.Item{"x": table.String("")}), `attribute "M": a name in it does not fit int`}, {"M", table.List(), "want M"},
		{"V", table.String("x"), "the text does not unmarshal into table_test.level"}, {"N", table.String("1"), "want N"}, {"Yes", table.Int(1), "want BOOL"},
		{"Set", table.List(table.Int(1)), "want NS"}, {"In", table.Map(table.Item{"X": table.Null(), "Y": table.Int(1)}), ""},
		{"In", table.Map(table.Item{"X": table.Bool(true)}), `attribute "X": is of type BOOL`}, {"In", table.Int(1), "want M"}, {"Ptr", table.String(""), "want N"},
		{"I8", number("1E2"), ""}, {"U", number("0"), ""}, {"unknown", table.Int(1), ""},
	} {
		_, err := codec.Decode(table.Item{c.attr: c.v})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("Decode of %s as %s %q: error = %v, want %q", c.attr, c.v.Type(), c.v.Text(), err, c.want)
		}
	}
	// NULL is the zero of everything.
	for _, attr := range []string{"I8", "U", "F", "S", "B", "A", "P", "T", "L", "M", "V", "N", "Yes", "Set", "In", "Ptr"} {
		if got, err := codec.Decode(table.Item{attr: table.Null()}); err != nil || !cmp.Equal(got, item{}) {
			t.Errorf("Decode of %s as NULL = %+v, %v, want the zero item", attr, got, err)
		}
	}
}

type benchItem struct {
	ID      string    `table:"id,pk"`
	At      time.Time `table:"at,sk"`
	Email   string
	Total   int
	Paid    bool
	Lines   []benchLine
	Version int `table:",version"`
}

type benchLine struct {
	SKU   string
	Count int
	Price float64
}

func benchValue() benchItem {
	return benchItem{ID: "8b0d5c7e", At: time.Unix(1_700_000_000, 0).UTC(), Email: "a@example.com", Total: 4200, Version: 3,
		Lines: []benchLine{{"a-1", 1, 9.5}, {"b-2", 2, 10}, {"c-3", 3, 0.25}}}
}

func BenchmarkEncode(b *testing.B) {
	codec, err := table.NewCodec[benchItem]()
	if err != nil {
		b.Fatal(err)
	}
	item := benchValue()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.Encode(item); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	codec, err := table.NewCodec[benchItem]()
	if err != nil {
		b.Fatal(err)
	}
	item, err := codec.Encode(benchValue())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := codec.Decode(item); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNew is what each declared table costs when a function starts.
func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		table.New[benchItem](datastore.New(nil, nil), "items")
	}
}

// BenchmarkPlan is what the first operation of a table costs on top.
func BenchmarkPlan(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := table.NewCodec[benchItem](); err != nil {
			b.Fatal(err)
		}
	}
}
