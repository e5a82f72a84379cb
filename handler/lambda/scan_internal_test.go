package lambda

import (
	"bytes"
	"encoding/json"
	"math/bits"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

var scanCases = []string{
	``, ` `, `null`, `true`, `false`, `nul`, `truex`, `0`, `-0`, `01`, `-`, `-a`, `1.`, `1.5`, `.5`, `1e`, `1e5`, `1E+5`, `1e-`, `12345678901234567890`,
	`"`, `""`, `"a`, `"a"`, `"a\"b"`, `"\u00e9"`, `"\u00g9"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ud83d\u0041"`, `"\ud83dx"`, `"\ude00\ud83d"`, `"\x"`, `"\`, `"\u12`,
	"\"a\nb\"", "\"\x00\"", "\"\x1f\"", "\"\x7f\"", "\"12345678\x019\"", `"12345678\"1234567"`, `"12345678\`, `"é😀` + "\u2028" + `"`,
	`{}`, `{ }`, `{"a":1}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1,"b":[1,{"c":null}]}`, ` { "a" : [ ] , "b" : { } } `,
	`[]`, `[1]`, `[1,]`, `[,1]`, `[1 2]`, `[1}`, `{"a":1]`, `[[[]]]`, `[`, `{`, `{}{}`, `[] x`, `1 2`, "\ufeff{}", "\v{}",
	strings.Repeat("[", 900) + strings.Repeat("]", 900),
	`{"a":"1","a":"2","\u0061":"3"}`, `{"k\n":"v\\\/\b\f\n\r\t"}`,
}

func TestScanAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, text := range scanCases {
		agree(t, text)
	}
	for _, text := range scanCases { // the same at every place within a word of eight bytes
		for pad := range 9 {
			agree(t, strings.Repeat(" ", pad)+text+strings.Repeat(" ", 8-pad))
		}
	}
}

func FuzzScan(f *testing.F) {
	for _, text := range scanCases {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) { agree(t, text) })
}

// agree checks that the scanner takes what encoding/json takes, and reads the
// same from it.
func agree(t *testing.T, text string) {
	t.Helper()
	s := scanner{text: text}
	v := s.value()
	err := s.end()
	if (err == nil) != json.Valid([]byte(text)) {
		if err != nil && strings.Contains(err.Error(), "nested too deep") {
			return
		}
		t.Fatalf("scan %q: %v; encoding/json says valid = %v", text, err, json.Valid([]byte(text)))
	}
	if err != nil || !utf8.ValidString(text) {
		return
	}
	e := &event{payload: text}
	var str string
	if json.Unmarshal([]byte(text), &str) == nil && text[v.from] == '"' {
		if got := e.text(v); got != str {
			t.Fatalf("text of %s = %q, want %q", text, got, str)
		}
	}
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &object) == nil && object != nil {
		got := map[string]json.RawMessage{}
		for name, value := range e.members(v) {
			got[name] = json.RawMessage(text[value.from:value.to])
		}
		if !reflect.DeepEqual(got, object) {
			t.Fatalf("members of %s = %s, want %s", text, got, object)
		}
	}
	var list []json.RawMessage
	if json.Unmarshal([]byte(text), &list) == nil && text[v.from] == '[' {
		got := []json.RawMessage{}
		for value := range e.elements(v) {
			got = append(got, json.RawMessage(text[value.from:value.to]))
		}
		if !reflect.DeepEqual(got, list) {
			t.Fatalf("elements of %s = %s, want %s", text, got, list)
		}
	}
}

func FuzzQuoted(f *testing.F) {
	for _, s := range []string{"", "plain", "a\"b\\c\n\r\t\x00\x1f\x7fé\u2028😀", "<script>&"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.ToValidUTF8(s, "?")
		quoted := appendQuoted(nil, s)
		var back string
		if err := json.Unmarshal(quoted, &back); err != nil || back != s {
			t.Fatalf("appendQuoted(%q) = %s, which reads %q, %v", s, quoted, back, err)
		}
		if again := appendUnescaped(nil, string(quoted[1:len(quoted)-1])); string(again) != s {
			t.Fatalf("appendUnescaped(%s) = %q, want %q", quoted, again, s)
		}
		if more := appendUnescaped([]byte("x"), string(quoted[1:len(quoted)-1])); !bytes.Equal(more, append([]byte("x"), s...)) {
			t.Fatalf("appendUnescaped after x = %q", more)
		}
	})
}

func FuzzEscapePath(f *testing.F) {
	for _, s := range []string{"", "/", "/a b", "/a%2Fb", "/%", "/%zz", "//x", "é", "/a?b#c"} {
		f.Add(s, true)
		f.Add(s, false)
	}
	f.Fuzz(func(t *testing.T, path string, decoded bool) {
		got := escapePath(path, decoded)
		if got == "" || got[0] != '/' || strings.ContainsAny(got, "?# \n") {
			t.Fatalf("escapePath(%q, %v) = %q", path, decoded, got)
		}
		if escapePath(got, false) != got {
			t.Fatalf("escapePath(%q, %v) = %q is changed by another", path, decoded, got)
		}
	})
}

func TestSpecial(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for place := range 8 {
			for _, after := range []byte{'a', '"', 0, '!', 0x80, 0xff} {
				b := [8]byte{'a', '!', ' ', '#', '[', ']', 0x7f, 0xe4}
				b[place] = byte(c)
				for i := place + 1; i < 8; i++ {
					b[i] = after
				}
				want := 8
				for i, c := range b {
					if c < 0x20 || c == '"' || c == '\\' {
						want = i
						break
					}
				}
				if got := bits.TrailingZeros64(special(load8(b[:], 0))) / 8; got != want {
					t.Fatalf("special(% x) marks byte %d, want %d", b, got, want)
				}
			}
		}
	}
}
