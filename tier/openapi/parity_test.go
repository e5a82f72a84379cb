package openapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/handler/handlertest"
	"github.com/seed-18e8afb5/tierkit/tier/openapi"
)

// subject is an operation with the schemas of its body.
type subject struct {
	op            *handler.Operation
	full, import4 *jsonschema.Schema
	text          string // the components, for messages
}

func newSubject[In any](tb testing.TB, opts ...handler.Option) *subject {
	tb.Helper()
	op := handler.New(func(context.Context, In) (struct{}, error) { return struct{}{}, nil }, opts...)
	d, err := op.Describe()
	if err != nil {
		tb.Fatal(err)
	}
	schemas := openapi.New()
	ref := schemas.Body("root", d.Body)
	s := &subject{op: op}
	s.full = compile(tb, jsonschema.Draft2020, ref, schemas.Components(openapi.Full))
	s.import4 = compile(tb, jsonschema.Draft4, ref, schemas.Components(openapi.Import))
	s.text = marshal(tb, schemas.Components(openapi.Full))
	return s
}

func marshal(tb testing.TB, v any) string {
	tb.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		tb.Fatal(err)
	}
	return strings.TrimSpace(b.String())
}

// compile makes a validator that asserts formats, which in the import variant
// must make no difference, and in the full one must not be there by accident.
func compile(tb testing.TB, draft *jsonschema.Draft, root openapi.Object, components openapi.Object) *jsonschema.Schema {
	tb.Helper()
	text := marshal(tb, append(root, openapi.Member{Name: "components", Value: openapi.Object{{Name: "schemas", Value: components}}}))
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		tb.Fatal(err)
	}
	ref, _ := root[0].Value.(string)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(draft)
	if draft == jsonschema.Draft4 {
		c.AssertFormat()
	}
	if err := c.AddResource("mem:///root.json", doc); err != nil {
		tb.Fatal(err)
	}
	compiled, err := c.Compile("mem:///root.json" + ref)
	if err != nil {
		tb.Fatalf("%v\n%s", err, text)
	}
	return compiled
}

func accepts(tb testing.TB, s *jsonschema.Schema, doc string) bool {
	tb.Helper()
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(doc))
	if err != nil {
		tb.Fatalf("%s: %v", doc, err)
	}
	return s.Validate(v) == nil
}

func request(doc string) *handler.Request {
	return handlertest.Request("POST", "/", handlertest.Body("application/json", []byte(doc)))
}

// function reports whether the function itself takes the body.
func (s *subject) function(tb testing.TB, doc string) bool {
	tb.Helper()
	_, err := s.op.Handle(context.Background(), request(doc))
	if e := (*handler.Error)(nil); err != nil && (!errors.As(err, &e) || e.StatusCode() != 400) {
		tb.Fatalf("%s: %v", doc, err)
	}
	return err == nil
}

// check holds a document to the function and to both schemas. exact asks the
// full schema to refuse what the function refuses.
func (s *subject) check(tb testing.TB, doc string, exact bool) {
	tb.Helper()
	// To JSON Schema 1e1 is a whole number, to the function it is not.
	exact = exact && !strings.Contains(doc, "1e1")
	function, full, import4 := s.function(tb, doc), accepts(tb, s.full, doc), accepts(tb, s.import4, doc)
	switch {
	case function && !full, exact && full && !function:
		tb.Errorf("%s: the function takes it: %t, the full schema: %t\n%s", doc, function, full, s.text)
	case full && !import4:
		tb.Errorf("%s: the full schema takes it, the import variant does not\n%s", doc, s.text)
	}
}

type texts struct {
	Min        *string `json:"min,omitempty" validate:"omitempty,min=2"`
	Max        *string `json:"max,omitempty" validate:"omitempty,max=3"`
	Len        *string `json:"len,omitempty" validate:"omitempty,len=3"`
	GT         *string `json:"gt,omitempty" validate:"omitempty,gt=2"`
	LT         *string `json:"lt,omitempty" validate:"omitempty,lt=3"`
	Both       *string `json:"both,omitempty" validate:"omitempty,min=1,gte=2,max=4,lte=0x9"`
	Eq         *string `json:"eq,omitempty" validate:"omitempty,eq=abc"`
	Ne         *string `json:"ne,omitempty" validate:"omitempty,ne=abc"`
	OneOf      *string `json:"oneof,omitempty" validate:"omitempty,oneof=abc 'a b' ä 7"`
	NoneOf     *string `json:"noneof,omitempty" validate:"omitempty,noneof=abc 'a b' ä 7"`
	OneOfCI    *string `json:"oneofci,omitempty" validate:"omitempty,oneofci=abc 'a b' ask Ä"`
	NoneOfCI   *string `json:"noneofci,omitempty" validate:"omitempty,noneofci=abc ask"`
	EqCI       *string `json:"eqci,omitempty" validate:"omitempty,eq_ignore_case=a.k"`
	NeCI       *string `json:"neci,omitempty" validate:"omitempty,ne_ignore_case=a.k"`
	Contains   *string `json:"contains,omitempty" validate:"omitempty,contains=a.b$"`
	Any        *string `json:"any,omitempty" validate:"omitempty,containsany=]^-\\.[0x2C"`
	Starts     *string `json:"starts,omitempty" validate:"omitempty,startswith=(a"`
	Ends       *string `json:"ends,omitempty" validate:"omitempty,endswith=c"`
	Excludes   *string `json:"excludes,omitempty" validate:"omitempty,excludes=a.b"`
	ExcludeAll *string `json:"excludesall,omitempty" validate:"omitempty,excludesall=]^-.0x7C"`
	StartsNot  *string `json:"startsnot,omitempty" validate:"omitempty,startsnotwith=a"`
	EndsNot    *string `json:"endsnot,omitempty" validate:"omitempty,endsnotwith=c"`
	Two        *string `json:"two,omitempty" validate:"omitempty,startswith=a,endswith=c,contains=b"`
	Or         *string `json:"or,omitempty" validate:"omitempty,uuid4|hexcolor|len=3"`
	Boolean    *string `json:"boolean,omitempty" validate:"omitempty,boolean"`
}

type patterned struct {
	Alpha   *string `json:"alpha,omitempty" validate:"omitempty,alpha"`
	Space   *string `json:"alphaspace,omitempty" validate:"omitempty,alphaspace"`
	Alnum   *string `json:"alphanum,omitempty" validate:"omitempty,alphanum"`
	AlnumSp *string `json:"alphanumspace,omitempty" validate:"omitempty,alphanumspace"`
	AlphaU  *string `json:"alphaunicode,omitempty" validate:"omitempty,alphaunicode"`
	AlnumU  *string `json:"alphanumunicode,omitempty" validate:"omitempty,alphanumunicode"`
	Numeric *string `json:"numeric,omitempty" validate:"omitempty,numeric"`
	Number  *string `json:"number,omitempty" validate:"omitempty,number"`
	Hex     *string `json:"hexadecimal,omitempty" validate:"omitempty,hexadecimal"`
	Color   *string `json:"hexcolor,omitempty" validate:"omitempty,hexcolor"`
	E164    *string `json:"e164,omitempty" validate:"omitempty,e164"`
	B64     *string `json:"base64,omitempty" validate:"omitempty,base64"`
	B64URL  *string `json:"base64url,omitempty" validate:"omitempty,base64url"`
	B64Raw  *string `json:"base64rawurl,omitempty" validate:"omitempty,base64rawurl"`
	JWT     *string `json:"jwt,omitempty" validate:"omitempty,jwt"`
	UUID    *string `json:"uuid,omitempty" validate:"omitempty,uuid"`
	UUID3   *string `json:"uuid3,omitempty" validate:"omitempty,uuid3"`
	UUID4   *string `json:"uuid4,omitempty" validate:"omitempty,uuid4"`
	UUID5   *string `json:"uuid5,omitempty" validate:"omitempty,uuid5"`
	UUID7   *string `json:"uuid7,omitempty" validate:"omitempty,uuid7"`
	UUIDR   *string `json:"uuid_rfc4122,omitempty" validate:"omitempty,uuid_rfc4122"`
	UUID4R  *string `json:"uuid4_rfc4122,omitempty" validate:"omitempty,uuid4_rfc4122"`
	ULID    *string `json:"ulid,omitempty" validate:"omitempty,ulid"`
	MD5     *string `json:"md5,omitempty" validate:"omitempty,md5"`
	SHA256  *string `json:"sha256,omitempty" validate:"omitempty,sha256"`
	SHA384  *string `json:"sha384,omitempty" validate:"omitempty,sha384"`
	SHA512  *string `json:"sha512,omitempty" validate:"omitempty,sha512"`
	Mongo   *string `json:"mongodb,omitempty" validate:"omitempty,mongodb"`
	ASCII   *string `json:"ascii,omitempty" validate:"omitempty,ascii"`
	Print   *string `json:"printascii,omitempty" validate:"omitempty,printascii"`
	Lat     *string `json:"latitude,omitempty" validate:"omitempty,latitude"`
	Long    *string `json:"longitude,omitempty" validate:"omitempty,longitude"`
	URLEnc  *string `json:"url_encoded,omitempty" validate:"omitempty,url_encoded"`
	Label   *string `json:"dns_rfc1035_label,omitempty" validate:"omitempty,dns_rfc1035_label"`
	BIC     *string `json:"bic,omitempty" validate:"omitempty,bic"`
	EIN     *string `json:"ein,omitempty" validate:"omitempty,ein"`
	Semver  *string `json:"semver,omitempty" validate:"omitempty,semver"`
	UUID3R  *string `json:"uuid3_rfc4122,omitempty" validate:"omitempty,uuid3_rfc4122"`
	UUID5R  *string `json:"uuid5_rfc4122,omitempty" validate:"omitempty,uuid5_rfc4122"`
	MD4     *string `json:"md4,omitempty" validate:"omitempty,md4"`
}

// samples are texts that some of the rules take, and texts that are nearly so.
var samples = []string{
	"", "a", "abc", "ABC", "aBc", "abcd", "abc\n", "\nabc", "a b", "A B", "ä", "Ä", "ß", "k", "\u212a", "\u017f", "aſK", "ASK", "ask", "a.K", "axk", "a.\u212a",
	"7", "07", "٣", "日本", "😀😀", "😀😀😀", "é", "a.b$", "a.b", "axb", "a.b$c", "(a", "(ab", "ca", "]", "^", "-", `\`, ".", "[", ",", "|", "&", "abc|",
	"ABc9", "a1", "a 1", "½", "+1", "-1.5", "1.", ".5", "1e3", "0x1f", "0X", "xyz", "#fff", "#ffff", "#fffff", "#12345678", "fff",
	"+4930123456", "4930123456", "+0493012345", "12345678", "1234567", "YWJj", "YWI=", "YQ==", "YQ", "Y-_j", "YWJ", "YW-_", "a.b.c", "a.b.", "a.b",
	"0b8f7a52-6f0c-4f0e-9a3e-2f4d6b1c9e77", "0B8F7A52-6F0C-4F0E-9A3E-2F4D6B1C9E77", "0b8f7a52-6f0c-3f0e-1a3e-2f4d6b1c9e77",
	"0b8f7a52-6f0c-5f0e-8a3e-2f4d6b1c9e77", "0b8f7a52-6f0c-7f0e-8a3e-2f4d6b1c9e77", "0b8f7a52-6f0c-4f0e-ca3e-2f4d6b1c9e77", "0b8f7a526f0c4f0e9a3e2f4d6b1c9e77",
	"01ARZ3NDEKTSV4RRFFQ69G5FAV", "01arz3ndektsv4rrffq69g5fav", "81ARZ3NDEKTSV4RRFFQ69G5FAV", "01ARZ3NDE\u212aTSV4RRFFQ69G5FAV", "01ARZ3NDEKTSV4RRFFQ69G5FAI",
	strings.Repeat("a", 32), strings.Repeat("F", 32), strings.Repeat("0", 64), strings.Repeat("9", 96), strings.Repeat("c", 128), strings.Repeat("g", 64),
	"507f1f77bcf86cd799439011", "507F1F77BCF86CD799439011", " !~", "\x7f", "\t", "\x00", "90", "90.0", "90.1", "-89.99", "+12", "180", "180.5", "-179.9", "200", "09",
	"%41", "%4", "100%", "a%20b", "%zz", "my-label", "-label", "label-", "9label", strings.Repeat("l", 63), strings.Repeat("l", 64), "DEUTDEFF", "DEUTDEFF500", "deutdeff",
	"12-3456789", "123456789", "1.2.3", "1.2.3-rc.1+b.5", "01.2.3", "1.2", "1.2.3-", "1", "t", "T", "TRUE", "true", "True", "tRUE", "0", "f", "F", "FALSE", "false", "False", "yes",
}

// TestTextRules: every rule about texts that the schema is said to tell exactly,
// on every sample (infrastructure 3.2).
func TestTextRules(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*subject{"texts": newSubject[texts](t), "patterned": newSubject[patterned](t)} {
		properties := propertyNames(t, s)
		for _, property := range properties {
			t.Run(name+"/"+property, func(t *testing.T) {
				t.Parallel()
				taken, refused := 0, 0
				for _, sample := range samples {
					doc := marshal(t, map[string]string{property: sample})
					s.check(t, doc, true)
					if s.function(t, doc) {
						taken++
					} else {
						refused++
					}
				}
				if taken == 0 || refused == 0 && property != "ascii" {
					t.Errorf("%d samples taken, %d refused: the rule is not tried", taken, refused)
				}
				s.check(t, fmt.Sprintf(`{%q:null}`, property), true)
				s.check(t, fmt.Sprintf(`{%q:5}`, property), true)
			})
		}
	}
}

func propertyNames(tb testing.TB, s *subject) []string {
	tb.Helper()
	d, err := s.op.Describe()
	if err != nil {
		tb.Fatal(err)
	}
	var names []string
	for _, f := range d.Body.Type.Fields {
		names = append(names, f.Name)
	}
	return names
}

// scalars are JSON values that members are tried with.
var scalars = []string{
	`null`, `true`, `false`, `0`, `1`, `2`, `3`, `5`, `7`, `9`, `10`, `11`, `-1`, `-0`, `90`, `91`, `-180`, `127`, `128`, `255`, `256`, `0.5`, `9.5`, `1e1`, `""`, `"a"`, `"ab"`, `"abc"`, `"5"`, `"007"`, `"true"`,
	`[]`, `{}`, `["a"]`, `["a","b"]`, `["a","a"]`, `["a",""]`, `["a",null]`, `[1]`, `[1,2]`, `[1,1]`, `[0,0,0]`, `[[]]`, `[["a"]]`, `[{}]`, `[{"sku":"x"}]`, `[{"sku":""}]`,
	`{"a":"b"}`, `{"a":""}`, `{"abc":"b","c":"d"}`, `{"1":2}`, `{"x":{"sku":"y"}}`, `{"x":{}}`, `{"sku":"x"}`, `{"sku":"x","n":3}`, `{"sku":7}`,
}

type item struct {
	SKU string `json:"sku" validate:"required"`
	N   int    `json:"n" validate:"gte=0"`
}

type numbers struct {
	Required int     `json:"required" validate:"required"`
	Positive int     `json:"positive" validate:"gt=0"`
	Range    int     `json:"range" validate:"min=3,max=9"`
	Zero     int     `json:"zero" validate:"gte=0,lte=0x0a"`
	Less     *int    `json:"less" validate:"lt=5"`
	Const    int64   `json:"const" validate:"omitempty,eq=7"`
	Len      uint    `json:"len" validate:"omitempty,len=7"`
	Not      int     `json:"not" validate:"ne=5"`
	OneOf    int     `json:"oneof" validate:"oneof=1 2 03 0"`
	None     uint8   `json:"none" validate:"noneof=1 2"`
	Small    int8    `json:"small"`
	Byte     uint8   `json:"byte"`
	Float    float64 `json:"float" validate:"gt=0.5,lt=9.5"`
	Half     float64 `json:"half" validate:"omitempty,eq=0.5"`
	Lat      float64 `json:"lat" validate:"latitude"`
	Default  int     `json:"default" default:"5" validate:"gte=3"`
	Either   int     `json:"either" validate:"eq=3|gt=9"`
	Flag     bool    `json:"flag" validate:"required"`
	False    bool    `json:"false" validate:"eq=false"`
	Pointer  *int    `json:"pointer" validate:"required"`
	OmitZero *int    `json:"omitzero" validate:"omitzero,gt=5"`
	Quoted   int     `json:"quoted,string"`
}

type lists struct {
	Required []string          `json:"required" validate:"required"`
	Min      []string          `json:"min" validate:"min=1"`
	Omit     []string          `json:"omit" validate:"omitempty,min=2"`
	OmitZero []string          `json:"omitzero" validate:"omitzero,min=2"`
	Max      []string          `json:"max" validate:"max=1"`
	Not      []int             `json:"not" validate:"ne=1"`
	Unique   []string          `json:"unique" validate:"unique"`
	Dive     []string          `json:"dive" validate:"dive,required"`
	Pointers []*string         `json:"pointers" validate:"dive,min=1"`
	Deep     [][]string        `json:"deep" validate:"max=1,dive,min=1,dive,required"`
	Items    []item            `json:"items" validate:"dive"`
	Loose    []item            `json:"loose"`
	Map      map[string]string `json:"map" validate:"required,min=1"`
	Keys     map[string]string `json:"keys" validate:"dive,keys,len=1,endkeys,required"`
	Values   map[string]item   `json:"values" validate:"dive"`
	Free     map[string]item   `json:"free"`
	Ints     map[int]int       `json:"ints"`
	Pair     [2]int            `json:"pair" validate:"dive,gte=0"`
	One      *item             `json:"one"`
	Must     *item             `json:"must" validate:"required"`
	Maybe    *[]string         `json:"maybe"`
	Any      any               `json:"any" validate:"required"`
}

type strings1 struct {
	Required string  `json:"required" validate:"required"`
	Hidden   string  `json:"hidden" validate:"alphanum"`
	Free     string  `json:"free" validate:"max=2"`
	Omit     string  `json:"omit" validate:"omitempty,len=3"`
	Zero     string  `json:"omitzero" validate:"omitzero,len=3"`
	Pointer  *string `json:"pointer"`
	Strict   *string `json:"strict" validate:"len=3"`
	Empty    *string `json:"empty" validate:"omitempty,min=1"`
	Nil      *string `json:"nil" validate:"omitnil,min=1"`
	Default  string  `json:"default" default:"ab" validate:"required,len=2"`
	Twice    string  `json:"twice" validate:"omitempty,oneof=a ab,startswith=a"`
	Before   string  `json:"before" validate:"max=2,omitempty,min=2"`
}

type base struct {
	ID string `json:"id" validate:"required"`
}

type Loose struct {
	Note string `json:"note" validate:"required"`
}

type nested struct {
	base
	*Loose
	Item  item  `json:"item"`
	Skip  item  `json:"skip" validate:"-"`
	Only  item  `json:"only" validate:"structonly"`
	Tree  *tree `json:"tree"`
	Blank struct {
		A string `json:"a" validate:"required"`
	} `json:"blank"`
}

type tree struct {
	Name string  `json:"name" validate:"required"`
	Kids []*tree `json:"kids" validate:"dive"`
	Bare []tree  `json:"bare"`
}

type conditional struct {
	A          *string `json:"a"`
	B          *int    `json:"b"`
	Kind       string  `json:"kind"`
	Flag       bool    `json:"flag"`
	With       *string `json:"with" validate:"required_with=A"`
	WithAny    *string `json:"withany" validate:"required_with=A B"`
	WithAll    *string `json:"withall" validate:"required_with_all=A B,omitempty,len=3"`
	Without    *string `json:"without" validate:"required_without=A B"`
	WithoutAll *string `json:"withoutall" validate:"required_without_all=A B"`
	If         *string `json:"if" validate:"required_if=Kind abc Flag true"`
	Unless     *string `json:"unless" validate:"required_unless=Kind abc Flag true,omitnil,len=3"`
	NoWith     *string `json:"nowith" validate:"excluded_with=A"`
	NoWithAll  *string `json:"nowithall" validate:"excluded_with_all=A B"`
	NoWithout  *string `json:"nowithout" validate:"excluded_without=A B"`
	NoWoAll    *string `json:"nowithoutall" validate:"excluded_without_all=A B"`
	NoIf       *string `json:"noif" validate:"excluded_if=Kind abc"`
	NoUnless   *string `json:"nounless" validate:"excluded_unless=Kind abc"`
}

// fixed are documents that fit, and from which others are made.
var fixed = map[string]struct {
	of   func(testing.TB) *subject
	docs []string
}{
	"numbers": {func(tb testing.TB) *subject { return newSubject[numbers](tb) }, []string{
		`{"required":1,"positive":1,"range":3,"less":1,"oneof":1,"float":1,"either":3,"flag":true,"pointer":0,"quoted":"5"}`}},
	"lists": {func(tb testing.TB) *subject { return newSubject[lists](tb) }, []string{
		`{"required":[],"min":["a"],"map":{"a":"b"},"must":{"sku":"x"},"any":1}`}},
	"strings": {func(tb testing.TB) *subject { return newSubject[strings1](tb) }, []string{
		`{"required":"a","hidden":"a","strict":"abc"}`}},
	"strict": {func(tb testing.TB) *subject { return newSubject[lists](tb, handler.DisallowUnknown()) }, []string{
		`{"required":[],"min":["a"],"map":{"a":"b"},"must":{"sku":"x"},"any":1}`}},
	"conditional": {func(tb testing.TB) *subject { return newSubject[conditional](tb) }, []string{
		`{"kind":"abc","without":"x","withoutall":"x"}`,
		`{"kind":"abc","flag":true,"a":"","b":0,"with":"","withany":"","withall":"abc","if":""}`,
		`{"kind":"x","without":"x","withoutall":"x","unless":"abc"}`,
		`{"flag":true,"a":null,"b":1,"withany":"x","without":"x"}`}},
	"nested": {func(tb testing.TB) *subject { return newSubject[nested](tb) }, []string{
		`{"id":"1","item":{"sku":"x"},"blank":{"a":"b"}}`,
		`{"id":"1","item":{"sku":"x"},"blank":{"a":"b"},"note":"n","tree":{"name":"r","kids":[{"name":"k"}],"bare":[{}]}}`,
		`{"id":"1","item":{"sku":"x"},"blank":{"a":"b"},"tree":{"name":"r","kids":[{"name":""}]}}`,
		`{"id":"1","item":{"sku":"x"},"blank":{"a":"b"},"skip":{},"only":{"sku":""}}`}},
	"list":     {func(tb testing.TB) *subject { return newSubject[[]item](tb) }, []string{`[]`, `null`, `[{"sku":"a"}]`, `[{}]`, `{}`}},
	"pointers": {func(tb testing.TB) *subject { return newSubject[*[]item](tb) }, []string{`[]`, `null`, `[{}]`}},
	"map":      {func(tb testing.TB) *subject { return newSubject[map[string]item](tb) }, []string{`{}`, `null`, `{"a":{"sku":"a"}}`, `{"a":{}}`}},
	"optional": {func(tb testing.TB) *subject { return newSubject[*item](tb) }, []string{`null`, `{}`, `{"sku":"a"}`}},
	"field": {func(tb testing.TB) *subject {
		return newSubject[struct {
			Q    string `query:"q"`
			Body []item `body:"" validate:"min=1,dive"`
		}](tb)
	}, []string{`[{"sku":"a"}]`, `[]`, `null`, `[{}]`}},
	"part": {func(tb testing.TB) *subject {
		return newSubject[struct {
			Q string `query:"q" json:"q"`
			item
			B string `json:"b" validate:"required"`
		}](tb)
	}, []string{`{"b":"1","sku":"a"}`, `{"b":"1"}`, `{"q":5,"b":"1","sku":"a"}`}},
}

// TestDocuments: a document that fits, and each of its neighbours: one member
// taken away, or given another value.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for name, test := range fixed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := test.of(t)
			if !s.function(t, test.docs[0]) {
				t.Fatalf("the function does not take %s", test.docs[0])
			}
			for _, doc := range test.docs {
				exact := name != "nested" || !strings.Contains(doc, `"note"`)
				s.check(t, doc, exact)
				for _, neighbour := range neighbours(t, s, doc) {
					s.check(t, neighbour, exact && !strings.Contains(neighbour, `"note"`))
				}
			}
		})
	}
}

// neighbours of an object: without each member, and with each scalar for each.
func neighbours(tb testing.TB, s *subject, doc string) []string {
	tb.Helper()
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(doc), &members) != nil || members == nil {
		return scalars
	}
	d, err := s.op.Describe()
	if err != nil {
		tb.Fatal(err)
	}
	var all []string
	for _, f := range d.Body.Type.Fields {
		old, there := members[f.Name]
		delete(members, f.Name)
		all = append(all, marshal(tb, members))
		for _, v := range scalars {
			members[f.Name] = json.RawMessage(v)
			all = append(all, marshal(tb, members))
		}
		if delete(members, f.Name); there {
			members[f.Name] = old
		}
	}
	members["unknown"] = json.RawMessage(`1`)
	return append(all, marshal(tb, members))
}

// TestRandomDocuments: several members changed at once.
func TestRandomDocuments(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"numbers", "lists", "strings", "strict", "conditional"} {
		s := fixed[name].of(t)
		for range 300 {
			var members map[string]json.RawMessage
			if err := json.Unmarshal([]byte(fixed[name].docs[0]), &members); err != nil {
				t.Fatal(err)
			}
			names := propertyNames(t, s)
			for range random.IntN(4) {
				members[names[random.IntN(len(names))]] = json.RawMessage(scalars[random.IntN(len(scalars))])
			}
			s.check(t, marshal(t, members), true)
		}
	}
}
