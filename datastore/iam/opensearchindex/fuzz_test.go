package opensearchindex_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// FuzzQuery: what is sent of a search is JSON with the same text in it, whatever is
// searched for, and what cannot be sent is refused.
func FuzzQuery(f *testing.F) {
	f.Add("x\"y", int64(5), 1.5, `{"match":{"title":"x"}}`)
	f.Add("\\\u2028\x01", int64(-1), -1e300, `{}],"size":0,"x":[{}`)
	f.Add("\xff", int64(1)<<62, 0.0, "")
	f.Fuzz(func(t *testing.T, text string, whole int64, float float64, raw string) {
		var body string
		client := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			body = string(readAll(t, r))
			return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(foundNothing))}, nil
		})}
		q := search.Query{Where: search.And(search.Match(text), search.Or(search.Term("title", text), search.Gt("price", whole)), search.Not(search.Le("price", float)))}
		if raw != "" {
			q.Raw = json.RawMessage(raw)
		}
		_, err := open(t, client, search.Domain).Search(t.Context(), q)
		if err != nil {
			if !errors.Is(err, datastore.ErrInvalid) || body != "" {
				t.Errorf("Search: error = %v after sending %q, want %v and nothing sent", err, body, datastore.ErrInvalid)
			}
			return
		}
		var sent struct {
			Size  int
			Query struct {
				Bool struct{ Must []json.RawMessage }
			}
		}
		if err := json.Unmarshal([]byte(body), &sent); err != nil || sent.Size != search.DefaultLimit {
			t.Fatalf("the body %s is no JSON of a search: %v", body, err)
		}
		if raw != "" && len(sent.Query.Bool.Must) != 2 {
			t.Errorf("the body %s has another structure with the raw query %q", body, raw)
		}
	})
}
