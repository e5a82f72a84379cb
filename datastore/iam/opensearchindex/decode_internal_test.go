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
