package filesearch

import (
	"bytes"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// FuzzReadJournal: what is read is written and read again as it was.
func FuzzReadJournal(f *testing.F) {
	f.Add([]byte("{\"id\":\"1\",\"version\":2,\"doc\":{\"a\":1}}\n{\"id\":\"1\",\"version\":3}\n{\"id\":\"2\""))
	f.Add([]byte("{\"id\":\"1\",\"doc\":null}\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		writes, err := readJournal(data)
		if err != nil {
			return
		}
		var again []byte
		for _, w := range writes {
			again = append(again, lineOf(w)...)
		}
		back, err := readJournal(again)
		if err != nil || len(back) != len(writes) {
			t.Fatalf("readJournal(%q) = %d writes, %v, want %d", again, len(back), err, len(writes))
		}
		for i := range back {
			if !bytes.Equal(lineOf(back[i]), lineOf(writes[i])) {
				t.Errorf("write %d = %s, want %s", i, lineOf(back[i]), lineOf(writes[i]))
			}
		}
	})
}

// FuzzTokens: words lie in their text in order, and all letters and digits lie in one.
func FuzzTokens(f *testing.F) {
	for _, seed := range []string{"Don't stop 3.14 a:b _x_ 東京タワー e\u0301", "\xff'a'\u00ad", "a.", "1,a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		outside := func(from, to int) {
			for _, c := range text[from:to] {
				if utf8.ValidRune(c) && (unicode.IsLetter(c) || unicode.Is(unicode.Nd, c)) {
					t.Errorf("tokens(%q): %q is in no word", text, c)
				}
			}
		}
		for _, tok := range tokens(text) {
			if tok.start < at || tok.end <= tok.start || tok.end > len(text) || tok.word == "" {
				t.Fatalf("tokens(%q) = %+v after %d", text, tok, at)
			}
			outside(at, tok.start)
			at = tok.end
		}
		outside(at, len(text))
	})
}

// FuzzDocument: no document makes the index panic.
func FuzzDocument(f *testing.F) {
	fields := map[string]search.Field{}
	for _, field := range []search.Field{
		{Name: "t", Kind: search.Text, Exact: true}, {Name: "k", Kind: search.Keyword}, {Name: "l", Kind: search.Long}, {Name: "d", Kind: search.Double},
		{Name: "b", Kind: search.Boolean}, {Name: "a", Kind: search.Date}, {Name: "o", Kind: search.Object}, {Name: "o.k", Kind: search.Keyword}, {Name: "s", Kind: search.Stored},
	} {
		fields[field.Name] = field
	}
	f.Add([]byte(`{"t":["a",1,null],"k":{"x":1},"l":1e400,"d":1e400,"b":"true","a":"2020-01-01T00:00:00Z","o":[{"k":["x"]},[{"k":1}]],"s":{}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		d, err := newDocument(search.Write{ID: "1", Doc: doc}, fields)
		if err != nil || d == nil {
			return
		}
		for name, own := range d.values {
			if len(own.texts) != len(own.raw) || name == "s" {
				t.Errorf("document %q has the values %+v of %s", doc, own, name)
			}
		}
	})
}
