package openapi_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/tier/openapi"
)

// bare has rules that a zero value obeys, so that no null hides them from the
// import variant.
type bare struct {
	Excludes  string  `json:"excludes" validate:"excludes=a.b"`
	ExclAll   string  `json:"exclall" validate:"excludesall=]^-."`
	StartsNot string  `json:"startsnot" validate:"startsnotwith=a"`
	EndsNot   string  `json:"endsnot" validate:"endsnotwith=c"`
	Ne        string  `json:"ne" validate:"ne=abc"`
	NoneOf    string  `json:"noneof" validate:"noneof=abc 7"`
	NoneOfCI  string  `json:"noneofci" validate:"noneofci=abc"`
	NotLen    string  `json:"notlen" validate:"min=0,ne=abc,excludes=b"`
	NotItems  []int   `json:"notitems" validate:"ne=2"`
	Both      string  `json:"both" validate:"ascii,printascii,url_encoded"`
	Umlaut    string  `json:"umlaut" validate:"excludes=ä"`
	NotBoth   int     `json:"notboth" validate:"ne=3,ne=5"`
	Bounds    int     `json:"bounds" validate:"gte=-5,gt=-7,lt=9,lte=9"`
	Sharp     int     `json:"sharp" validate:"gte=-9,gt=-7,lt=6,lte=9"`
	Float     float64 `json:"float" validate:"gt=-0.5,lt=9.5"`
	FloatBoth float64 `json:"floatboth" validate:"gte=-1,gt=-0.5"`
	False     bool    `json:"false" validate:"ne=true"`
	Const     int     `json:"const" validate:"eq=0"`
}

const importBare = `{"Bare":{"type":"object","properties":{` +
	`"excludes":{"type":"string","not":{"pattern":"a\\.b"}},` +
	`"exclall":{"type":"string","not":{"pattern":"[\\]\\^\\-.]"}},` +
	`"startsnot":{"type":"string","not":{"pattern":"^a"}},` +
	`"endsnot":{"type":"string"},` +
	`"ne":{"type":"string","not":{"enum":["abc"]}},` +
	`"noneof":{"type":"string","not":{"enum":["abc","7"]}},` +
	`"noneofci":{"type":"string"},` +
	`"notlen":{"type":"string","minLength":0,"not":{"enum":["abc"]},"allOf":[{"not":{"pattern":"b"}}]},` +
	`"notitems":{},` + // null is one, and no "not" of a list says so
	`"both":{"type":"string","pattern":"^[\\x00-\\x7F]*$","allOf":[{"pattern":"^[ -~]*$"},{"pattern":"^([^%]|%[0-9A-Fa-f]{2})*$"}]},` +
	`"umlaut":{"type":"string"},` +
	`"notboth":{"type":"integer","not":{"enum":[3]},"allOf":[{"not":{"enum":[5]}}]},` +
	`"bounds":{"type":"integer","minimum":-5,"maximum":8},` +
	`"sharp":{"type":"integer","minimum":-6,"maximum":5},` +
	`"float":{"type":"number","minimum":-0.5,"maximum":9.5},` +
	`"floatboth":{"type":"number","minimum":-0.5},` +
	`"false":{"type":"boolean","enum":[false]},"const":{"type":"integer","enum":[0]}}}}`

// TestImportVariant: const becomes enum, an excluded bound its neighbour, and a
// negation stands only where it says exactly the same (infrastructure 3.3).
func TestImportVariant(t *testing.T) {
	t.Parallel()
	schemas := openapi.New()
	schemas.Body("unused", describe[bare](t).Body)
	got := marshal(t, schemas.Components(openapi.Import))
	if d := cmp.Diff(strings.SplitAfter(importBare, "},"), strings.SplitAfter(got, "},")); d != "" {
		t.Errorf("import variant (-want +got):\n%s", d)
	}
	s := newSubject[bare](t)
	docs := neighbours(t, s, `{}`)
	for _, name := range propertyNames(t, s) {
		for _, sample := range samples {
			docs = append(docs, marshal(t, map[string]string{name: sample}))
		}
		for _, n := range []string{"-9", "-8", "-7", "-6", "-5", "-0.5", "-0.4", "6", "8", "9", "9.4"} {
			docs = append(docs, marshal(t, map[string]json.RawMessage{name: json.RawMessage(n)}))
		}
	}
	for _, doc := range docs {
		s.check(t, doc, true)
	}
}
