package jwt

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
)

// manyMembers has as many members as make a desk longer, and escapes.
var manyMembers = `{"\u0061":1` + memberList(40) + `}`

func memberList(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"m%d":{"a":[%d,"\n"]}`, i, i)
	}
	return b.String()
}

// FuzzObject: an object is read if and only if it is JSON, has no name twice and
// is not too deep, and its members are those that encoding/json finds; also where
// others have been read before.
func FuzzObject(f *testing.F) {
	for _, text := range []string{
		`{}`, ` { } `, `{"a":1}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"a":{"b":1,"b":2}}`, `[{}]`, `null`, ``, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `{,}`,
		`{"a":[1,2,[]],"b":{"c":[{}]}}`, `{"a":-0.5e+10,"b":1E9,"c":0,"d":-0}`, `{"a":01}`, `{"a":+1}`, `{"a":1.}`, `{"a":.5}`, `{"a":1e}`, `{"a":-}`,
		`{"a":tru}`, `{"a":nulll}`, `{"a":true,"b":false,"c":null}`, "{\"a\":\"\x01\"}", "{\"a\":\"\xff\"}", `{"a":"\u12"}`, `{"a":"\x"}`, `{"a":"\`, `{"a":"\ud800"}`,
		`{"a":1}x`, `{"a":1} `, `{"a" : [ 1 , 2 ] , "b":"\"}{"}`, `{"":1}`, `{"a":1 "b":2}`, `{"a":[1 2]}`, `{"a":[1,]}`, `{a:1}`, `{"a":{]}`, "\ufeff{}",
		`{"a":` + strings.Repeat("[", maxDepth-1) + strings.Repeat("]", maxDepth-1) + `}`,
		`{"a":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := parseObject(text)
		var d desk
		if _, err := d.read(manyMembers); err != nil {
			t.Fatal(err)
		}
		if again, errAgain := d.read(text); fmt.Sprint(again, errAgain) != fmt.Sprint(o, err) {
			t.Fatalf("parseObject(%q) = %v, %v; on a desk that was used %v, %v", text, o, err, again, errAgain)
		}
		var want map[string]json.RawMessage
		legal := jsontext.Value(text).IsValid() || // and with lone surrogates, which encoding/json takes
			json.Valid([]byte(text)) && jsontext.Value(text).IsValid(jsontext.AllowInvalidUTF8(true)) && strings.ToValidUTF8(text, "") == text
		legal = legal && json.Unmarshal([]byte(text), &want) == nil && want != nil
		if deep := depth(text) > maxDepth; (err == nil) != (legal && !deep) {
			t.Fatalf("parseObject(%q) = %v; JSON without names twice: %v, too deep: %v", text, err, legal, deep)
		}
		if err != nil {
			return
		}
		if len(o.members) != len(want) {
			t.Fatalf("parseObject(%q) has %d members, want %d", text, len(o.members), len(want))
		}
		for name, value := range want {
			if o.value(name) != string(value) {
				t.Fatalf("parseObject(%q): %q is %q, want %q", text, name, o.value(name), value)
			}
			checkMember(t, o, name, value)
		}
	})
}

// checkMember: the readers of a member find what encoding/json does.
func checkMember(t *testing.T, o object, name string, value json.RawMessage) {
	t.Helper()
	var text *string
	isText := json.Unmarshal(value, &text) == nil
	if got, ok := o.textOf(name); ok != isText || ok && text != nil && got != *text {
		t.Fatalf("textOf(%q) of %q = %q, %v", name, o.text, got, ok)
	}
	var list []*string
	isList := json.Unmarshal(value, &list) == nil
	for _, element := range list {
		isList = isList && element != nil
	}
	got, ok := o.list(name)
	if ok != isList || ok && len(got) != len(list) {
		t.Fatalf("list(%q) of %q = %q, %v", name, o.text, got, ok)
	}
	for i := range got {
		if got[i] != *list[i] {
			t.Fatalf("list(%q) of %q = %q", name, o.text, got)
		}
	}
}

// depth is how deep lists and objects are nested in JSON.
func depth(text string) (most int) {
	d := jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for {
		if _, err := d.ReadToken(); err != nil {
			return most
		}
		most = max(most, d.StackDepth())
	}
}

// TestManyNames: an object of many names is read in a time that grows with its
// length, and a name that stands twice is found however many there are.
func TestManyNames(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(`{"last":0`)
	for i := range 5000 {
		text.WriteString(`,"` + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + `":1`)
	}
	if _, err := parseObject(text.String() + "}"); err != nil {
		t.Error(err)
	}
	_, err := parseObject(text.String() + `,"l\u0061st":1}`)
	if err == nil || !strings.Contains(err.Error(), `"last" twice`) {
		t.Errorf("a name that stands twice: %v", err)
	}
	// Names of one object are not those of another.
	if _, err := parseObject(`{"a":{"b":1},"b":{"a":1},"c":[{"a":1},{"a":1}]}`); err != nil {
		t.Error(err)
	}
}
