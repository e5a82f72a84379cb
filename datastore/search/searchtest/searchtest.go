// Package searchtest is the conformance suite of package search: what every driver
// must do, one case a rule. The embedded driver, datastore/embedded/filesearch, is
// the reference.
//
//	func TestConformance(t *testing.T) {
//		searchtest.Run(t, func(t testing.TB, spec search.Spec) *datastore.Data {
//			return datastore.New([]datastore.Driver{mydriver.New()}, nil)
//		})
//	}
package searchtest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// Open prepares the place of an index for one case, which has nothing there yet, and
// returns the Data on which the case declares it by spec's name and service. The case
// makes the index. It is called from several tests at once.
type Open func(t testing.TB, spec search.Spec) *datastore.Data

// Difference is a known way in which a driver does not do what OpenSearch does. The
// suite asserts it: a driver that has lost one fails.
type Difference string

// NoRaw: raw queries are refused.
const NoRaw Difference = "no raw queries"

// target is what the suite runs on.
type target struct {
	open    Open
	differs []Difference
}

func (t target) has(d Difference) bool { return slices.Contains(t.differs, d) }

// rule is one case.
type rule struct {
	name string
	why  string // the rule, in one line
	run  func(t *testing.T, open target)
}

// Run runs the suite on the indices that open prepares. What differs from OpenSearch
// is named, and asserted.
func Run(t *testing.T, open Open, differs ...Difference) {
	for _, group := range []struct {
		name  string
		rules []rule
	}{
		{"ensure", ensureRules},
		{"write", writeRules},
		{"bulk", bulkRules},
		{"search", searchRules},
		{"page", pageRules},
	} {
		for _, r := range group.rules {
			t.Run(group.name+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("the rule: %s", r.why)
					}
				})
				r.run(t, target{open, differs})
			})
		}
	}
}

// all is everything that may be done to an index.
type all[D any] interface {
	search.Indexer[D]
	search.Getter[D]
	search.Deleter
	search.Bulker[D]
	search.Searcher[D]
	search.Ensurer
}

// function is what the handles of the suite are granted to.
type function struct{}

func (function) FunctionName() string      { return "suite" }
func (function) AddGrant(*datastore.Grant) {}

// declare is a handle of documents D on an index that may not be there yet.
func declare[D any](t testing.TB, open target) (all[D], *datastore.Data) {
	t.Helper()
	spec, ok := search.New[D](datastore.New(nil, nil), "items", search.Domain).Spec().(search.Spec)
	if !ok {
		t.Fatal("the Spec of an index is no search.Spec")
	}
	data := open.open(t, spec)
	return use[D](t, data), data
}

func use[D any](t testing.TB, data *datastore.Data) all[D] {
	t.Helper()
	handle := datastore.Use[all[D]](function{}, search.New[D](data, "items", search.Domain))
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return handle
}

// start is a handle on an empty index of documents D.
func start[D any](t testing.TB, open target) all[D] {
	t.Helper()
	handle, _ := declare[D](t, open)
	if err := handle.Ensure(t.Context()); err != nil {
		t.Fatalf("Ensure: %v", err)
	}
	return handle
}

// again is a handle of other documents on the index of data.
func again[D any](t testing.TB, data *datastore.Data) all[D] {
	t.Helper()
	spec := data.Specs()[0]
	driver, err := datastore.DriverOf[search.Driver](data, spec)
	if err != nil {
		t.Fatal(err)
	}
	physical, _ := data.Physical(spec)
	return use[D](t, datastore.New([]datastore.Driver{driver}, &datastore.Options{
		Namespace: data.Namespace(),
		Lookup:    func(name string) (string, bool) { return physical, name == datastore.Variable(spec) },
	}))
}

// product is the document of most cases.
type product struct {
	Title  string     `json:"title" search:"text,keyword"`
	About  []string   `json:"about,omitempty" search:"text"`
	Brand  string     `json:"brand,omitempty"`
	Tags   []string   `json:"tags,omitempty"`
	Price  *int64     `json:"price,omitempty"`
	Rating *float64   `json:"rating,omitempty"`
	New    *bool      `json:"new,omitempty"`
	Added  *time.Time `json:"added,omitempty"`
	Maker  *maker     `json:"maker,omitempty"`
	Parts  []part     `json:"parts,omitempty"`
	Extra  any        `json:"extra,omitempty" search:"-"`
}

type maker struct {
	City string `json:"city"`
}

type part struct {
	SKU   string `json:"sku"`
	Count int    `json:"count"`
}

func some[T any](v T) *T { return &v }

func day(text string) *time.Time {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic("searchtest: " + err.Error())
	}
	return &at
}

// seed stores documents, and waits until they are found.
func seed[D any](t testing.TB, index all[D], docs map[string]D) {
	t.Helper()
	var changes []search.Change[D]
	for id, doc := range docs {
		changes = append(changes, search.Change[D]{ID: id, Doc: doc})
	}
	if err := index.Bulk(t.Context(), changes, search.Wait()); err != nil {
		t.Fatalf("Bulk: %v", err)
	}
}

// found are the ids of the documents of one page.
func found[D any](t testing.TB, index search.Searcher[D], q search.Query) []string {
	t.Helper()
	hits, err := index.Search(t.Context(), q)
	if err != nil {
		t.Errorf("Search(%+v): %v", q, err)
	}
	return ids(hits.Items)
}

func ids[D any](hits []search.Hit[D]) []string {
	list := []string{}
	for _, hit := range hits {
		list = append(list, hit.ID)
	}
	return list
}

// wantError checks an error of the index.
func wantError(t testing.TB, call string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error = %v, want %v", call, err, want)
		return
	}
	if e, ok := errors.AsType[*datastore.Error](err); !ok || e.Store != "search items" {
		t.Errorf("%s: error = %#v, want a *datastore.Error of search items", call, err)
	}
}
