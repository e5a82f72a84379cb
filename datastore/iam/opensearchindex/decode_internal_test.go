package opensearchindex

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore/iam"
)

// FuzzAnswer: no answer makes the driver panic, and a page has what a handle needs.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"timed_out":false,"_shards":{"failed":0},"hits":{"total":{"value":1,"relation":"gte"},"hits":[{"_id":"1","_score":null,"_source":{},"sort":[1,"1"],"highlight":{"t":["x"]}}]},` +
			`"aggregations":{"b":{"buckets":[{"key":1,"key_as_string":"true","doc_count":1},{"key":"x","doc_count":2}]}}}`,
		`{"timed_out":true,"_shards":{"failed":1,"failures":[{"reason":{"type":"x","reason":"y"}}]}}`,
		`{"errors":true,"items":[{"index":{"status":429,"error":{"type":"x"}}},{}]}`,
		`{"error":{"type":"search_phase_execution_exception","root_cause":[{"type":"x"}]},"status":400}`,
		`{"error":"text","status":400}`, `null`, `[]`, `{"hits":{"hits":[{"_source":null}]},"_shards":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		page, err := pageOf(answer)
		for _, hit := range page.Hits {
			if err == nil && !json.Valid(hit.Doc) {
				t.Errorf("pageOf(%q): document %q is no JSON", answer, hit.Doc)
			}
		}
		if err := readBulk(answer, []int{0, 1}, new(iam.Answer)); err != nil && err != errForeign {
			t.Errorf("readBulk(%q): %v", answer, err)
		}
		if err := errorOf(400, answer); err == nil {
			t.Errorf("errorOf(%q) = nil", answer)
		}
	})
}

// FuzzAppendString: what is written is JSON, and what it was.
func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{"", "a\"b\\c/d", "\x00\x1f\x7f", "ä\u2028😀", "\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip("handles take UTF-8 only")
		}
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil || back != s {
			t.Errorf("appendString(%q) = %s, read back as %q, %v", s, appendString(nil, s), back, err)
		}
	})
}

// FuzzSplit: what is cut out of JSON and what is left are JSON, and together what it
// was.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		`{"hits" : {"x":[1,"]\\\""], "hits":[ {"_id":"1","_source" : {"a":"}\""} , "sort":[1]}, {"_source":null},{},[],"x",5 ] } , "hits":1}`,
		`{"hits":{"hits":{"_source":1}}}`, `{"hits":{"hits":[{"_source":-1.5e3,"_source":"x"}]}}`, `[]`, `{`, `{"a`, `"\`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		envelope, docs, ok := split(text, inHits)
		if !json.Valid(text) {
			return // who reads the parts sees it
		}
		if !ok || !json.Valid(envelope) {
			t.Fatalf("split(%q) = %q, %q, %v, want JSON", text, envelope, docs, ok)
		}
		for _, doc := range docs {
			if !json.Valid(doc) {
				t.Errorf("split(%q) cut out %q, which is no JSON", text, doc)
			}
		}
		type hits struct {
			Hits struct {
				Hits []struct {
					Source json.RawMessage `json:"_source"`
				} `json:"hits"`
			} `json:"hits"`
		}
		var whole, left hits
		if json.Unmarshal(text, &whole) != nil {
			return // another shape
		}
		if err := json.Unmarshal(envelope, &left); err != nil || len(left.Hits.Hits) != len(whole.Hits.Hits) {
			t.Fatalf("split(%q) left %q: %v", text, envelope, err)
		}
	})
}
