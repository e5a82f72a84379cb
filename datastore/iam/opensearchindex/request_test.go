package opensearchindex_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/faults"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
	"github.com/seed-18e8afb5/tierkit/tier/local/sigv4"
)

type item struct {
	Title string    `json:"title,omitempty" search:"text,keyword"`
	Price int       `json:"price"`
	Added time.Time `json:"added,omitzero"`
	Gone  bool      `json:"gone,omitempty"`
}

type store interface {
	search.Indexer[item]
	search.Getter[item]
	search.Deleter
	search.Bulker[item]
	search.Searcher[item]
	search.Ensurer
}

type function struct{}

func (function) FunctionName() string      { return "f" }
func (function) AddGrant(*datastore.Grant) {}

const endpoint = "https://search-shop.eu-west-1.es.amazonaws.com/items"

// open is a handle on an index that client serves.
func open(t testing.TB, client aws.HTTPClient, service search.Service) store {
	t.Helper()
	cfg := config()
	cfg.HTTPClient = client
	data := on(endpoint, cfg)
	handle := datastore.Use[store](function{}, search.New[item](data, "items", service))
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handle
}

const (
	foundNothing = `{"timed_out":false,"_shards":{"failed":0},"hits":{"total":{"value":0,"relation":"eq"},"hits":[]}}`
	written      = `{"result":"created"}`
	bulkWritten  = `{"errors":false,"items":[{"index":{"status":201}},{"delete":{"status":404}}]}`
)

// operation is one operation, and the request it is.
type operation struct {
	name, op string
	service  search.Service
	do       func(context.Context, store) error
	answers  []string // the answers of OpenSearch
	want     []string // method and URL below the endpoint, and body
}

var operations = []operation{
	{"index", "Index", search.Domain, func(ctx context.Context, s store) error {
		return s.Index(ctx, "a/ö", item{Title: `"x" <y>`, Price: 5}, search.Version(7), search.Wait())
	}, []string{written}, []string{
		"PUT /_doc/a%2F%C3%B6?refresh=wait_for&version=7&version_type=external_gte {\"_key\":\"a/ö\",\"title\":\"\\\"x\\\" <y>\",\"price\":5}",
	}},
	{"get", "Get", search.Domain, func(ctx context.Context, s store) error { _, err := s.Get(ctx, "1"); return err },
		[]string{`{"found":true,"_source":{"price":5}}`}, []string{"GET /_doc/1 "}},
	{"delete", "Delete", search.Domain, func(ctx context.Context, s store) error { return s.Delete(ctx, "1") },
		[]string{`{"result":"deleted"}`}, []string{"DELETE /_doc/1 "}},
	{"bulk", "Bulk", search.Domain, func(ctx context.Context, s store) error {
		return s.Bulk(ctx, []search.Change[item]{{ID: "1", Doc: item{Price: 5}, Version: 3}, {ID: "\"", Delete: true}}, search.Wait())
	}, []string{bulkWritten}, []string{
		"PUT /_bulk?filter_path=errors%2Citems.%2A.status%2Citems.%2A.error.type&refresh=wait_for " +
			`{"index":{"_id":"1","version":3,"version_type":"external_gte"}}` + "\n" + `{"_key":"1","price":5}` + "\n" + `{"delete":{"_id":"\""}}` + "\n",
	}},
	{"bulk serverless", "Bulk", search.Serverless, func(ctx context.Context, s store) error {
		return s.Bulk(ctx, []search.Change[item]{{ID: "1", Doc: item{Price: 5}}, {ID: "2", Delete: true}})
	}, []string{bulkWritten}, []string{
		"POST /_bulk " + `{"index":{"_id":"1"}}` + "\n" + `{"_key":"1","price":5}` + "\n" + `{"delete":{"_id":"2"}}` + "\n",
	}},
	{"search all", "Search", search.Serverless, func(ctx context.Context, s store) error {
		_, err := s.Search(ctx, search.Query{})
		return err
	}, []string{foundNothing}, []string{
		`GET /_search {"size":10,"query":{"bool":{"filter":{"match_all":{}}}},"sort":[{"_score":"desc"},{"_key":"asc"}]}`,
	}},
	{"search", "Search", search.Domain, func(ctx context.Context, s store) error {
		_, err := s.Search(ctx, search.Query{
			Where: search.And(
				search.Match("x \"y\"\n"), search.Term("title", "a", "b"), search.Between("price", 1, 2.5),
				search.Or(search.MatchAll("z", "title"), search.Gt("added", time.Date(1969, 12, 31, 23, 0, 0, 1e6, time.UTC))),
				search.Not(search.Or(search.Term("gone", true), search.Exists("added"), search.Prefix("title", "p"))),
			),
			Raw: []byte(`{"match_none":{}}`), CountAll: true, Limit: 3, Highlight: []string{"title"},
			Sort: []search.Sort{{Field: "title", Desc: true}, {Field: "price"}}, Facets: []search.Facet{{Field: "title"}, {Field: "price", Limit: 2}},
		})
		return err
	}, []string{foundNothing}, []string{
		`GET /_search {"size":3,"track_total_hits":true,"query":{"bool":{"must":[{"match_none":{}},{"bool":{"must":[` +
			`{"multi_match":{"query":"x \"y\"\u000A","fields":["title"],"type":"best_fields"}},` +
			`{"bool":{"filter":{"terms":{"title.keyword":["a","b"]}}}},` +
			`{"bool":{"filter":{"range":{"price":{"gte":1,"lte":2}}}}},` +
			`{"bool":{"should":[{"multi_match":{"query":"z","fields":["title"],"type":"cross_fields","operator":"and"}},` +
			`{"bool":{"filter":{"range":{"added":{"gt":"1969-12-31T23:00:00.001Z"}}}}}]}},` +
			`{"bool":{"filter":{"bool":{"must_not":{"bool":{"should":[{"bool":{"filter":{"terms":{"gone":[true]}}}},` +
			`{"bool":{"filter":{"exists":{"field":"added"}}}},{"bool":{"filter":{"prefix":{"title.keyword":{"value":"p"}}}}}]}}}}}}` +
			`],"filter":{"match_all":{}}}}]}},"sort":[{"title.keyword":{"order":"desc"}},{"price":{"order":"asc"}},{"_key":"asc"}],` +
			`"aggs":{"title":{"terms":{"field":"title.keyword","size":10}},"price":{"terms":{"field":"price","size":2}}},` +
			`"highlight":{"encoder":"html","number_of_fragments":0,"fields":{"title":{}}}}`,
	}},
	{"ensure, field is missing", "Ensure", search.Domain, func(ctx context.Context, s store) error { return s.Ensure(ctx) },
		[]string{`{"items-1":{"mappings":{"properties":{"price":{"type":"long"}}}}}`, `{}`}, []string{"GET /_mapping ", "PUT /_mapping " + itemMapping}},
	{"ensure, index is missing", "Ensure", search.Domain, func(ctx context.Context, s store) error { return s.Ensure(ctx) },
		[]string{`{"error":{"type":"index_not_found_exception"}}`, `{}`}, []string{"GET /_mapping ", `PUT  {"mappings":` + itemMapping + `}`}},
}

const itemMapping = `{"dynamic":"strict","properties":{"_key":{"type":"keyword"},"added":{"type":"date"},"gone":{"type":"boolean"},"price":{"type":"long"},` +
	`"title":{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":8191}}}}}`

// answersOf are the answers of an operation.
func (o operation) script(t testing.TB) *faults.Script {
	var answers []faults.Answer
	for _, body := range o.answers {
		a := faults.Answer{Body: body}
		if strings.Contains(body, `"error":`) {
			a.Status = 404
		}
		answers = append(answers, a)
	}
	return faults.NewScript(t, answers...)
}

func TestRequests(t *testing.T) {
	t.Parallel()
	for _, o := range operations {
		t.Run(o.name, func(t *testing.T) {
			t.Parallel()
			script := o.script(t)
			if err := o.do(t.Context(), open(t, script.Client(), o.service)); err != nil {
				t.Errorf("%s: %v", o.op, err)
			}
			var got []string
			for _, r := range script.Requests() {
				got = append(got, r.Method+" "+strings.TrimPrefix(r.URL, endpoint)+" "+r.Body)
			}
			if diff := cmp.Diff(o.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNeeds: a function that may do an operation may send the requests it is, by
// method and path, and it is granted nothing else.
func TestNeeds(t *testing.T) {
	t.Parallel()
	sent := map[string][]string{} // by operation
	for _, o := range operations {
		if o.service == search.Serverless {
			continue
		}
		script := o.script(t)
		if err := o.do(t.Context(), open(t, script.Client(), o.service)); err != nil {
			t.Errorf("%s: %v", o.op, err)
		}
		for _, r := range script.Requests() {
			p, _, _ := strings.Cut(strings.TrimPrefix(r.URL, "https://search-shop.eu-west-1.es.amazonaws.com/"), "?")
			sent[o.op] = append(sent[o.op], "ESHttp"+r.Method[:1]+strings.ToLower(r.Method[1:])+" domain/{name}/"+p)
		}
	}
	spec := search.New[item](datastore.New(nil, nil), "items", search.Domain).Spec()
	for op, requests := range sent {
		used := map[string]bool{}
		for _, request := range requests {
			covered := false
			for _, need := range spec.Needs([]string{op}) {
				for _, action := range need.Actions {
					pattern := action + " " + need.Resource
					if ok, err := path.Match(pattern, request); err != nil {
						t.Fatal(err)
					} else if ok {
						covered, used[pattern] = true, true
					}
				}
			}
			if !covered {
				t.Errorf("%s sends %s, which Needs = %v does not allow", op, request, spec.Needs([]string{op}))
			}
		}
		for _, need := range spec.Needs([]string{op}) {
			for _, action := range need.Actions {
				if !used[action+" "+need.Resource] {
					t.Errorf("%s needs %s on %s and never used it", op, action, need.Resource)
				}
			}
		}
	}
}

// TestSignature: what arrives is signed as it arrives, for the right service, and not
// over its length.
func TestSignature(t *testing.T) {
	t.Parallel()
	keys := sigv4.Static(sigv4.Credentials{AccessKey: "AKID", Secret: "SECRET", SessionToken: "TOKEN"})
	for service, name := range map[search.Service]string{search.Domain: "es", search.Serverless: "aoss"} {
		verifier := sigv4.NewVerifier(name, "eu-west-1", keys, nil)
		for _, o := range operations {
			if o.service != service && o.service == search.Domain {
				continue
			}
			t.Run(string(service)+"/"+o.name, func(t *testing.T) {
				t.Parallel()
				script := o.script(t)
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					signed := sigv4.FromHTTP(r, readAll(t, r))
					if _, err := verifier.Verify(t.Context(), signed); err != nil {
						t.Errorf("%s %s: %v", r.Method, r.URL, err)
					}
					if hash := r.Header.Get("X-Amz-Content-Sha256"); (hash != "") != (service == search.Serverless) {
						t.Errorf("%s %s: X-Amz-Content-Sha256 = %q, want one for a collection and none for a domain", r.Method, r.URL, hash)
					}
					if list := strings.Split(r.Header.Get("Authorization"), "SignedHeaders="); len(list) != 2 || strings.Contains(list[1], "content-length") {
						t.Errorf("%s %s: Authorization = %q, want signed headers without content-length", r.Method, r.URL, r.Header.Get("Authorization"))
					}
					script.ServeHTTP(w, r)
				}))
				t.Cleanup(server.Close)
				data := on(server.URL+"/items", config())
				if err := o.do(t.Context(), datastore.Use[store](function{}, search.New[item](data, "items", service))); err != nil {
					t.Errorf("%s: %v", o.op, err)
				}
			})
		}
	}
}

// TestAnonymous: without credentials nothing is signed.
func TestAnonymous(t *testing.T) {
	t.Parallel()
	script := faults.NewScript(t, faults.Answer{Body: `{"result":"deleted"}`})
	cfg := aws.Config{Region: "eu-west-1", Credentials: aws.AnonymousCredentials{}, HTTPClient: script.Client()}
	handle := datastore.Use[store](function{}, search.New[item](on(endpoint, cfg), "items", search.Domain))
	if err := handle.Delete(t.Context(), "1"); err != nil {
		t.Errorf("Delete: %v", err)
	}
	if got := script.Requests()[0].Header; len(got["Authorization"]) != 0 {
		t.Errorf("headers = %v, want no Authorization", got)
	}
}

// TestUnsignable: without credentials or a region nothing is sent.
func TestUnsignable(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*aws.Config){
		"no credentials": func(cfg *aws.Config) { cfg.Credentials = nil },
		"no region":      func(cfg *aws.Config) { cfg.Region = "" },
	} {
		cfg := config()
		cfg.HTTPClient = faults.NewScript(t).Client()
		change(&cfg)
		handle := datastore.Use[store](function{}, search.New[item](on(endpoint, cfg), "items", search.Domain))
		wantError(t, "Delete with "+name, handle.Delete(t.Context(), "1"), datastore.ErrUnavailable, 0)
	}
	cfg := config()
	cfg.HTTPClient = faults.NewScript(t).Client()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no keys")
	})
	handle := datastore.Use[store](function{}, search.New[item](on(endpoint, cfg), "items", search.Domain))
	wantError(t, "Delete without keys", handle.Delete(t.Context(), "1"), datastore.ErrDenied, 1)
}

// TestTotal: a total that is not exact is not called so.
func TestTotal(t *testing.T) {
	t.Parallel()
	for relation, exact := range map[string]bool{"eq": true, "gte": false} {
		script := faults.NewScript(t, faults.Answer{Body: strings.Replace(foundNothing, `"value":0,"relation":"eq"`, `"value":10000,"relation":"`+relation+`"`, 1)})
		hits, err := open(t, script.Client(), search.Domain).Search(t.Context(), search.Query{Limit: -1})
		if err != nil || hits.Total != 10000 || hits.Exact != exact {
			t.Errorf("Search with a total that is %s = %d, exact %v, %v, want 10000, exact %v", relation, hits.Total, hits.Exact, err, exact)
		}
	}
}

// TestEndpoint: a wrong URL is refused before anything is sent, and not shown.
func TestEndpoint(t *testing.T) {
	t.Parallel()
	for url, ok := range map[string]bool{
		"https://h/items": true, "https://h:8443/items/": true, "http://127.0.0.1:9200/items": true, "http://localhost/items": true, "http://[::1]:1/items": true,
		"": false, "://": false, "https://h": false, "https://h/": false, "http://h/items": false, "http://127.0.0.1.evil.example/items": false,
		"https://h/a/b": false, "https://h/_all": false, "https://h/*": false, "https://h/a,b": false, "https://u:secret@h/items": false,
		"https://h/items?secret": false, "https://h/items#secret": false, "ftp://h/items": false, "https:///items": false, "https://h/a%2Fb": false,
	} {
		script := faults.NewScript(t, faults.Answer{Body: `{"result":"deleted"}`, Always: true})
		cfg := config()
		cfg.HTTPClient = script.Client()
		err := datastore.Use[store](function{}, search.New[item](on(url, cfg), "items", search.Domain)).Delete(t.Context(), "1")
		if (err == nil) != ok || (len(script.Requests()) == 1) != ok {
			t.Errorf("Delete at %q: %d requests, error = %v, want success %v", url, len(script.Requests()), err, ok)
		}
		if !ok {
			wantError(t, "Delete at "+url, err, datastore.ErrUnavailable, 0)
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("Delete: the error %v has the URL", err)
			}
		}
	}
}

// TestIndexName: OpenSearch takes names in lower case alone.
func TestIndexName(t *testing.T) {
	t.Parallel()
	spec, ok := search.New[item](datastore.New(nil, nil), "Items-2_x", search.Domain).Spec().(search.Spec)
	if !ok || spec.Index() != "items-2_x" {
		t.Errorf("Index() = %q, want items-2_x", spec.Index())
	}
	if needs := spec.Needs([]string{"Search"}); len(needs) != 1 || !slices.Equal(needs[0].Actions, []string{"ESHttpGet"}) || needs[0].Resource != "domain/{name}/items-2_x/_search" {
		t.Errorf("Needs(Search) = %v", needs)
	}
}
