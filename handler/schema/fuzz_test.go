package schema_test

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"
	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

type named string

type base struct {
	X int `json:"x"`
	Y int `json:"y"`
}

type Other struct {
	Y int     `json:"y"`
	Z float32 `json:"z"`
}

// custom has methods of its own.
type custom struct{ text string }

func (c *custom) UnmarshalJSON(b []byte) error {
	c.text = string(b)
	return nil
}

// all has every kind.
type all struct {
	base
	*Other
	Bool   bool               `json:"bool"`
	I8     int8               `json:"i8"`
	I64    int64              `json:"i64"`
	U16    uint16             `json:"u16"`
	U64    uint64             `json:"u64"`
	F32    float32            `json:"f32"`
	F64    float64            `json:"f64"`
	S      named              `json:"s"`
	P      *string            `json:"p"`
	PP     **int              `json:"pp"`
	L      []int              `json:"l"`
	LL     [][]string         `json:"ll"`
	A      [2]bool            `json:"a"`
	B      []byte             `json:"b"`
	M      map[string]int     `json:"m"`
	MI     map[int8]string    `json:"mi"`
	MT     map[netip.Addr]int `json:"mt"`
	Time   time.Time          `json:"time"`
	Wait   time.Duration      `json:"wait"`
	Raw    json.RawMessage    `json:"raw"`
	Any    any                `json:"any"`
	Q      int                `json:"q,string"`
	Custom custom             `json:"custom"`
	Addr   netip.Addr         `json:"addr"`
	Kids   []*all             `json:"kids"`
	Hidden int                `json:"-"`
}

var documents = []string{
	`{}`, `null`, `[]`, `""`, ` {"x":1 , "y":2,"z":3.5} `,
	`{"bool":true,"i8":-128,"i64":-9223372036854775808,"u16":65535,"u64":18446744073709551615,"f32":1e10,"f64":-0.0}`,
	`{"i8":128}`, `{"u16":-1}`, `{"u64":18446744073709551616}`, `{"f32":1e39}`, `{"f64":1e400}`, `{"f64":123456789012345.6}`, `{"i64":1.0}`, `{"i64":01}`, `{"i64":-}`,
	`{"s":"é\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t"}`, `{"s":"\ud800"}`, "{\"s\":\"\xff\"}", "{\"s\":\"\n\"}", `{"s":"\x"}`, `{"s":"\u12"}`,
	`{"p":null,"pp":null,"l":null,"b":null,"m":null,"raw":null,"any":null,"custom":null,"kids":null}`,
	`{"p":"a","pp":7,"l":[1,2,3,4,5],"ll":[[],["a"],null],"a":[true,false]}`, `{"a":[true]}`, `{"a":[true,true,true]}`, `{"l":[1,]}`, `{"l":[1 2]}`,
	`{"b":"AAEC","m":{"a":1,"b":2},"mi":{"-1":"x"},"mt":{"::1":1}}`, `{"b":"A"}`, `{"m":{"a":1,"a":2}}`, `{"mi":{"300":""}}`, `{"mi":{"00":""}}`, `{"mi":{"-0":""}}`, `{"mi":{"+1":""}}`, `{"mi":{"x":""}}`,
	`{"time":"2026-01-02T03:04:05.6Z","wait":5,"raw":{"a":[1, 2]},"any":{"a":[1,"x",null,true,{"b":-1.5e3}]}}`, `{"time":"now"}`,
	`{"q":"5"}`, `{"q":5}`, `{"q":" 5"}`, `{"q":"x"}`, `{"custom":{"a":1},"addr":"1.2.3.4"}`, `{"addr":""}`, `{"addr":"x"}`,
	`{"kids":[{"kids":[null,{"x":1}]},{}]}`, `{"X":1}`, `{"unknown":{"a":[1,{"b":2}]}}`, `{"x":1,"x":1}`, `{"-":1}`, `{"Hidden":1}`,
	`{"any":{"a":1,"a":2}}`, `{"unknown":{"a":1,"a":2}}`, `{} {}`, `{"x":tru}`, `{"x"`, `{"x":`, `{,}`, `{"x":1,,"y":2}`, "\ufeff{}", `{"x":nul}`,
	strings.Repeat(`[`, 200), `{"any":` + strings.Repeat(`[`, 127) + strings.Repeat(`]`, 127) + `}`, `{"any":` + strings.Repeat(`[`, 128) + strings.Repeat(`]`, 128) + `}`,
}

// FuzzDecode compares with json v2, which is as strict, but for null, depth, the
// strings around a number, and "-0" as another name for "0".
func FuzzDecode(f *testing.F) {
	for _, d := range documents {
		f.Add(d)
	}
	t, err := schema.Read(reflect.TypeFor[all]())
	if err != nil {
		f.Fatal(err)
	}
	dec := schema.NewDecoder(t, schema.Options{})
	opts := jsonv2.JoinOptions(jsonv1.FormatDurationAsNano(true), jsonv1.FormatByteArrayAsArray(true))
	enc := encoder[all](f)
	out := jsonv2.JoinOptions(opts, jsonv2.Deterministic(true), jsontext.AllowInvalidUTF8(true), jsontext.EscapeForJS(true), jsonv1.StringifyWithLegacySemantics(true))
	f.Fuzz(func(t *testing.T, document string) {
		var got, want all
		issues := dec.Decode([]byte(document), &got)
		err := jsonv2.Unmarshal([]byte(document), &want, opts)
		if len(issues) > 0 {
			for _, i := range issues {
				if i.Message == "must not be null" || i.Location == ".q" || strings.Contains(i.Message, "inside each other") || strings.HasSuffix(i.Location, ".q") || strings.HasSuffix(i.Location, "[-0]") {
					return
				}
			}
			if err == nil {
				t.Fatalf("%q: issues %q, but json v2 takes it", document, issues)
			}
			return
		}
		if err != nil {
			t.Fatalf("%q: no issues, but json v2 says: %v", document, err)
		}
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("%q: got %+v, json v2 %+v", document, got, want)
		}
		encoded, err := enc.Append(nil, &got)
		if err != nil {
			t.Fatalf("%q: %v", document, err)
		}
		wantEncoded, err := jsonv2.Marshal(&got, out)
		if err != nil {
			return // more than 1,000 deep by pointers, which JSON of 128 is not
		}
		raw := jsontext.Value(encoded) // methods' and raw JSON is not reformatted by us
		if err := raw.Compact(); err != nil || string(raw) != string(wantEncoded) {
			t.Fatalf("%q: encoded %s (%v), json v2 %s", document, encoded, err, wantEncoded)
		}
	})
}

// FuzzSetter checks that no text makes a parameter panic.
func FuzzSetter(f *testing.F) {
	for _, text := range []string{"", "1", "-1", "1.5", "true", "2026-01-02T03:04:05Z", "::1", "a,b", "0x10", "1_000", "Inf", "\xff"} {
		f.Add(text)
	}
	types := []reflect.Type{reflect.TypeFor[int8](), reflect.TypeFor[uint64](), reflect.TypeFor[float32](), reflect.TypeFor[*bool](),
		reflect.TypeFor[time.Time](), reflect.TypeFor[netip.Addr](), reflect.TypeFor[named](), reflect.TypeFor[**int]()}
	f.Fuzz(func(t *testing.T, text string) {
		for _, typ := range types {
			set, err := schema.NewSetter(typ)
			if err != nil {
				t.Fatal(err)
			}
			v := reflect.New(typ)
			problem, _ := set.Set(v.UnsafePointer(), text)
			if n, ok := v.Interface().(*int8); ok && problem == "" {
				var want int8
				if json.Unmarshal([]byte(strings.TrimLeft(strings.TrimPrefix(text, "+"), "0")), &want) == nil && *n != want {
					t.Errorf("int8 of %q = %d, want %d", text, *n, want)
				}
			}
		}
	})
}
