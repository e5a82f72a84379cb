package search

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzDocuments: whatever the documents before were, one is read as json.Unmarshal
// reads it, or not at all.
func FuzzDocuments(f *testing.F) {
	type doc struct {
		Title string         `json:"title"`
		Price int            `json:"price"`
		More  map[string]any `json:"more"`
	}
	good := `{"title":"boots","price":5,"more":{"a":[1,{}]}}`
	for _, other := range []string{good, `{}`, `null`, `5`, ``, ` `, `{"title":5}`, `{"title":`, `{} `, ` {}`, `{}{}`, `{},`, `{}x`, `]`, "{}\n"} {
		f.Add(other, good)
		f.Add(good, other)
		f.Add(other, other)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		var docs documents
		for _, text := range []string{first, second, first, good, second} {
			var got, want doc
			ok, err := docs.decode([]byte(text), &got), json.Unmarshal([]byte(text), &want)
			if ok && (err != nil || !cmp.Equal(want, got)) {
				t.Fatalf("decode(%q) = %+v, want %+v, %v", text, got, want, err)
			}
			if text == good && !ok {
				t.Fatalf("decode(%q) after %q, %q = false, want true", text, first, second)
			}
		}
	})
}

// TestDocumentsErrors: a document that is none is told from the others.
func TestDocumentsErrors(t *testing.T) {
	t.Parallel()
	var docs documents
	for i, text := range []string{`{"a":1}`, `{"a":"x"}`, `{"a":2}`, `{"a":`, `{"a":3}`} {
		var v struct{ A int }
		if got, want := docs.decode([]byte(text), &v), i%2 == 0; got != want {
			t.Errorf("decode(%s) = %v, want %v", text, got, want)
		}
		if i%2 == 0 && v.A != i/2+1 {
			t.Errorf("decode(%s) gave %d", text, v.A)
		}
	}
	if _, err := docs.Read(make([]byte, 1)); errors.Is(err, nil) {
		t.Error("Read at the end: error = nil")
	}
}
