package schema_test

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/handler/schema"
)

func decoder[T any](t testing.TB, opts schema.Options) *schema.Decoder {
	t.Helper()
	typ, err := schema.Read(reflect.TypeFor[T]())
	if err != nil {
		t.Fatal(err)
	}
	return schema.NewDecoder(typ, opts)
}

func TestIssues(t *testing.T) {
	t.Parallel()
	strict := decoder[all](t, schema.Options{DisallowUnknown: true})
	tests := []struct {
		document string
		want     []string
	}{
		{`{"i8":128,"u16":-1,"l":[1,"x",2.5,null],"kids":[{},{"kids":[{"s":5}]}]}`,
			[]string{".i8 type is out of range", ".u16 type must not be negative", ".l[1] type must be a whole number",
				".l[2] type must be a whole number, without point or exponent", ".l[3] type must not be null", ".kids[1].kids[0].s type must be a string"}},
		{`{"x":1,"x":2,"m":{"a":1,"a":2,"b":true},"any":{"k":1,"k":2},"new":1}`,
			[]string{".x duplicate is given more than once", ".m[a] duplicate is given more than once", ".m[b] type must be a whole number",
				".any.k duplicate is given more than once", ".new unknown is not known here"}},
		{`{"a":[true],"b":"*","time":"now","addr":"x","q":5,"mi":{"x":""},"bool":1,"f64":"1","z":null,"ll":{}}`,
			[]string{".a type must have exactly 2 items", ".b type must be base64", ".time type must be a date and time as in RFC 3339",
				".addr type is not valid", ".q type must be a string with the value in it", ".mi[x] type the name must be a whole number",
				".bool type must be true or false", ".f64 type must be a number", ".z type must not be null", ".ll type must be an array"}},
		{"{\n\"x\": 01}", []string{" json is not JSON: line 2, column 7: a comma or the closing bracket is missing"}},
		{`{"unknown":{"a":1,"a":2}}`, []string{" json is not JSON: line 1, column 23: a member name is given more than once"}},
		{`{"raw":"` + "\xff" + `"}`, []string{" json is not JSON: line 1, column 8: a string is not UTF-8"}},
		{strings.Repeat("[", 1000), []string{" type must be an object"}},
	}
	tests[len(tests)-1].want = []string{" json is not JSON: line 1, column 130: more than 128 arrays and objects inside each other"}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%.20s", tt.document), func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, i := range strict.Decode([]byte(tt.document), new(all)) {
				got = append(got, i.Location+" "+i.Rule+" "+i.Message)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIssuesAreLimited(t *testing.T) {
	t.Parallel()
	dec := decoder[[]int](t, schema.Options{})
	document := "[" + strings.Repeat("null,", 5000) + "null]"
	if got := len(dec.Decode([]byte(document), new([]int))); got != schema.MaxIssues {
		t.Errorf("%d issues, want %d", got, schema.MaxIssues)
	}
	key := strings.Repeat("k", 1000)
	issues := decoder[map[string]int](t, schema.Options{}).Decode([]byte(`{"`+key+`":null}`), new(map[string]int))
	if len(issues) != 1 || len(issues[0].Location) > 80 {
		t.Errorf("location of a long name: %q", issues)
	}
}

func TestEmbedding(t *testing.T) {
	t.Parallel()
	type Deep struct {
		A int `json:"a"`
		B int `json:"b"`
	}
	type Left struct {
		Deep
		C int `json:"c"`
		D int
	}
	type Right struct {
		C int `json:"c"`
		D int `json:"D"`
	}
	type outer struct {
		Left
		*Right
		A int    `json:"a"`
		E []Deep `json:"e"`
	}
	for _, document := range []string{`{"a":1,"b":2,"c":3,"D":4,"e":[{"a":5}]}`, `{}`, `{"D":1}`} {
		var got, want outer
		if issues := decoder[outer](t, schema.Options{}).Decode([]byte(document), &got); len(issues) > 0 {
			t.Fatal(issues)
		}
		if err := json.Unmarshal([]byte(document), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", document, diff)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		typ  reflect.Type
		want string
	}{
		{reflect.TypeFor[chan int](), "chan int has no JSON form"},
		{reflect.TypeFor[[]func()](), "[]: func() has no JSON form"},
		{reflect.TypeFor[map[float64]int](), "a map key of type float64"},
		{reflect.TypeFor[io.Reader](), "no JSON value decodes into the interface io.Reader"},
		{reflect.TypeFor[struct{ C complex64 }](), ".C: complex64 has no JSON form"},
		{reflect.TypeFor[struct {
			//lint:ignore SA5008 the mistake that is to be reported
			A int `json:"a\"b"`
		}](), "has a character that cannot stand there"},
		{reflect.TypeFor[struct {
			A int8 `json:"a" default:"300"`
		}](), `.A: default "300" is out of range`},
		{reflect.TypeFor[struct {
			A struct{} `json:"a" default:"x"`
		}](), ".A: a default cannot be set"},
	}
	for _, tt := range tests {
		t.Run(tt.want, func(t *testing.T) {
			t.Parallel()
			if _, err := schema.Read(tt.typ); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Read(%v) = %v, want %q", tt.typ, err, tt.want)
			}
		})
	}
	if _, err := schema.ReadOutput(reflect.TypeFor[struct{ E error }]()); err != nil {
		t.Errorf("ReadOutput of an interface: %v", err)
	}
}

func TestManyMembers(t *testing.T) {
	t.Parallel()
	fields := make([]reflect.StructField, 200)
	var document strings.Builder
	for i := range fields {
		fields[i] = reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: reflect.TypeFor[int](), Tag: `default:"7"`}
		if i%2 == 0 {
			fmt.Fprintf(&document, `,"F%d":%d`, i, i)
		}
	}
	typ, err := schema.Read(reflect.StructOf(fields))
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.New(typ.Go)
	if issues := schema.NewDecoder(typ, schema.Options{}).Decode([]byte("{"+document.String()[1:]+"}"), v.Interface()); len(issues) > 0 {
		t.Fatal(issues)
	}
	for i := range fields {
		want := int64(7)
		if i%2 == 0 {
			want = int64(i)
		}
		if got := v.Elem().Field(i).Int(); got != want {
			t.Errorf("F%d = %d, want %d", i, got, want)
		}
	}
}

func TestWrongPointerPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "schema: Decode into *string, want *int") {
			t.Errorf("recovered %v", r)
		}
	}()
	decoder[int](t, schema.Options{}).Decode([]byte("1"), new(string))
}

// TestSameName: two fields beside each other cannot share a name; encoding/json
// would read neither, and say nothing.
func TestSameName(t *testing.T) {
	t.Parallel()
	text := reflect.TypeFor[string]()
	twice := reflect.StructOf([]reflect.StructField{ // vet would find it in a declared type
		{Name: "A", Type: text, Tag: `json:"a"`}, {Name: "B", Type: text, Tag: `json:"a"`},
	})
	_, err := schema.Read(twice)
	if err == nil || !strings.Contains(err.Error(), ".B: the field A has the same JSON name") {
		t.Errorf("Read = %v, want both fields named", err)
	}
}
