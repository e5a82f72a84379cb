package openapi_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/handler"
	"github.com/seed-18e8afb5/tierkit/tier/openapi"
)

// point decodes itself.
type point struct{ X, Y int }

func (p *point) UnmarshalJSON(text []byte) error {
	_, err := fmt.Sscanf(strings.Trim(string(text), `"`), "%d;%d", &p.X, &p.Y)
	return err
}

// odd has what a schema tells in part or not at all.
type odd struct {
	Time      time.Time          `json:"time" validate:"omitempty,gt"`
	Need      time.Time          `json:"need" validate:"required"`
	Bytes     []byte             `json:"bytes" validate:"min=2"`
	Photo     []byte             `json:"photo" validate:"required"`
	Raw       json.RawMessage    `json:"raw" validate:"required"`
	RawMin    json.RawMessage    `json:"rawmin" validate:"omitempty,min=3"`
	Number    json.Number        `json:"number" validate:"required,min=2"`
	Addr      netip.Addr         `json:"addr" validate:"required"`
	AddrPtr   *netip.Addr        `json:"addrptr" validate:"required"`
	Point     point              `json:"point" validate:"required"`
	Points    []point            `json:"points" validate:"unique,min=1"`
	Float     float32            `json:"float" validate:"gte=0.1,lt=0.7"`
	FloatNe   float32            `json:"floatne" validate:"ne=0.5"`
	FloatMax  float32            `json:"floatmax" validate:"lte=0.1"`
	Bool      bool               `json:"bool,string"`
	Uint      uint16             `json:"uint,string" validate:"omitempty,gte=2"`
	Real      float64            `json:"real,string"`
	Text      string             `json:"text,string" validate:"max=3"`
	Quoted    *int               `json:"quoted,string" validate:"omitempty,lt=5"`
	Email     string             `json:"email" validate:"omitempty,email"`
	URL       *string            `json:"url" validate:"http_url"`
	IPs       []string           `json:"ips" validate:"dive,ip|len=3"`
	Colour    string             `json:"colour" validate:"omitempty,iscolor"`
	Day       string             `json:"day" validate:"datetime=2006-01-02"`
	Struct    item               `json:"struct" validate:"omitempty"`
	Needed    item               `json:"needed" validate:"required"`
	Never     string             `json:"never" validate:"omitempty,max=-1"`
	Negative  []string           `json:"negative" validate:"omitempty,len=-1"`
	Always    string             `json:"always" validate:"ne=-1,min=-5"`
	NoWord    string             `json:"noword" validate:"omitempty,oneof="`
	NotIn     int                `json:"notin" validate:"noneof=01"`
	Numeric   int                `json:"numeric" validate:"numeric"`
	Flag      bool               `json:"flag" validate:"boolean"`
	Long      float64            `json:"long" validate:"longitude"`
	Keys      map[int]string     `json:"keys" validate:"dive,keys,gt=1,endkeys,required"`
	Unsigned  map[uint]float64   `json:"unsigned" validate:"ne=2,unique"`
	Floats    []float64          `json:"floats" validate:"unique"`
	ByName    []item             `json:"byname" validate:"unique=SKU,dive"`
	Pointers  []*item            `json:"pointers" validate:"unique,dive,required"`
	Maps      map[string]*item   `json:"maps" validate:"omitzero,min=2,dive,required"`
	Wait      time.Duration      `json:"wait" validate:"min=1ns,max=1s"`
	Big       uint64             `json:"big" validate:"eq=18446744073709551615|lt=5"`
	If        string             `json:"if" validate:"required_if=Text abc,omitempty,alpha"`
	Eq        string             `json:"eq" validate:"eqfield=If"`
	Default   []int              `json:"default" default:"1,2" validate:"min=2"`
	Defaults  bool               `json:"defaults" default:"true" validate:"required"`
	Array     [2]string          `json:"array" validate:"required,dive,max=2"`
	Deep      map[string][]*item `json:"deep" validate:"dive,max=1,dive,omitempty"`
	Lists     [][]item           `json:"lists" validate:"dive,min=1"`
	Interface any                `json:"interface" validate:"omitempty"`
}

const fittingOdd = `{"need":"2026-01-02T03:04:05Z","bytes":"YWJj","photo":"","raw":null,"number":10,"addr":"::1","addrptr":"::1","point":"1;2",` +
	`"points":["1;2"],"float":0.1,"url":"http://a.example/","day":"2026-01-02","needed":{"sku":"x"},"wait":5,"array":["a",""],"if":"a","eq":"a"}`

// TestNeverStricter: of what is told in part the schemas refuse nothing that the
// function takes.
func TestNeverStricter(t *testing.T) {
	t.Parallel()
	s := newSubject[odd](t)
	if !s.function(t, fittingOdd) {
		_, err := s.op.Handle(t.Context(), request(fittingOdd))
		t.Fatalf("the function does not take %s: %v", fittingOdd, handler.AsError(err).Fields)
	}
	docs := neighbours(t, s, fittingOdd)
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(fittingOdd), &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range propertyNames(t, s) {
		old, there := members[name]
		for _, v := range []string{
			`"YWI="`, `"YWJj"`, `"YQ"`, `"1.5"`, `"-7"`, `"false"`, `"\"ab\""`, `"\"abcd\""`, `"0001-01-01T00:00:00Z"`, `"2026-01-02"`, `"::1"`, `"1;1"`, `"0;0"`,
			`0.1`, `0.09999999999`, `0.69999999`, `0.7`, `0.3`, `1000000001`, `18446744073709551615`, `"a@b.example"`, `"#fff"`, `"https://x/"`, `["::1","abc"]`,
			`[1.5,1.50]`, `[{"sku":"a"},{"sku":"a"}]`, `[{"sku":"a"},{"sku":"b"}]`, `{"5":"x"}`, `{"1":"x"}`, `{"-3":"x"}`, `{"x":{"sku":"a"},"y":{"sku":"b"}}`,
			`{"x":[{"sku":"a"},null]}`, `[[{}]]`, `[[]]`, `{"7":1,"8":2}`, `{"7":1.5}`,
		} {
			members[name] = json.RawMessage(v)
			docs = append(docs, marshal(t, members))
		}
		if delete(members, name); there {
			members[name] = old
		}
	}
	taken := 0
	for _, doc := range docs {
		s.check(t, doc, false)
		if s.function(t, doc) {
			taken++
		}
	}
	if taken < 100 || len(docs)-taken < 100 {
		t.Errorf("the function takes %d of %d documents: too little is tried", taken, len(docs))
	}
}

// TestPartOfType: an In of which some fields are the body has a component of its
// own, beside the one of the whole type.
func TestPartOfType(t *testing.T) {
	t.Parallel()
	type change struct {
		ID   string  `path:"id" json:"id"`
		Name string  `json:"name" validate:"required"`
		Sub  *change `json:"sub"`
	}
	schemas := openapi.New()
	body := schemas.Body("unused", describe[change](t).Body)
	got := marshal(t, append(body, openapi.Member{Name: "all", Value: schemas.Components(openapi.Full)}))
	want := `{"$ref":"#/components/schemas/Change","all":{` +
		`"Change":{"type":"object","properties":{"name":{"type":"string","minLength":1},` +
		`"sub":{"anyOf":[{"$ref":"#/components/schemas/Change2"},{"type":"null"}]}},"required":["name"]},` +
		`"Change2":{"type":"object","properties":{"id":{"type":"string"},"name":{"type":"string","minLength":1},` +
		`"sub":{"anyOf":[{"$ref":"#/components/schemas/Change2"},{"type":"null"}]}},"required":["name"]}}}`
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if none := schemas.Body("x", nil); none != nil {
		t.Errorf("no body: %v", none)
	}
}
