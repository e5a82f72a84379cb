package datastore_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/blob"
	"github.com/seed-18e8afb5/tierkit/datastore/identity"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/datastore/stream"
)

// TestJSON: what a store answers is answered to clients under the names that JSON
// APIs usually have.
func TestJSON(t *testing.T) {
	at := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for want, v := range map[string]any{
		`{"items":[1],"next":"t"}`: datastore.Page[int]{Items: []int{1}, Next: "t"},
		`{"items":[]}`:             datastore.Page[int]{Items: []int{}},
		`{"key":"a","size":2,"etag":"e","modified":"2030-01-02T03:04:05Z","contentType":"text/plain","metadata":{"by":"me"}}`: blob.Info{
			Key: "a", Size: 2, ETag: "e", Modified: at, Attributes: blob.Attributes{ContentType: "text/plain", Metadata: map[string]string{"by": "me"}}},
		`{"key":"a/","common":true,"size":0}`: blob.Entry{Key: "a/", Common: true},
		`{"items":[{"id":"1","doc":2,"score":0.5}],"total":1,"exact":true,"facets":{"brand":[{"value":"Fox","n":1}]}}`: search.Hits[int]{
			Items: []search.Hit[int]{{ID: "1", Doc: 2, Score: 0.5}}, Total: 1, Exact: true, Facets: map[string][]search.Count{"brand": {{Value: "Fox", N: 1}}}},
		`{"name":"ada","id":"1","enabled":true,"status":"CONFIRMED","attributes":{},"created":"2030-01-02T03:04:05Z","modified":"2030-01-02T03:04:05Z"}`: identity.User{
			Name: "ada", ID: "1", Enabled: true, Status: "CONFIRMED", Attributes: map[string]string{}, Created: at, Modified: at},
		`{"shard":"s","sequence":"1"}`: stream.Place{Shard: "s", Sequence: "1"},
	} {
		got, err := json.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%T is %s, %v, want %s", v, got, err, want)
		}
	}
}
