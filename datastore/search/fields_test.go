package search_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

type address struct {
	City string
	Geo  struct {
		Lat, Lon float32
	} `json:"geo"`
}

type Base struct {
	ID      string `json:"id"`
	Title   string `json:"title"` // hidden by that of the document
	Created time.Time
}

type document struct {
	Base
	*Extra
	Title  string          `json:"title" search:"text,keyword"`
	Body   []*string       `json:"body,omitempty" search:"text"`
	Tag    string          `search:"keyword"`
	Count  *int64          `json:"count"`
	Small  [3]uint8        `json:"small"`
	Ratio  []float64       `json:"ratio"`
	On     bool            `json:"on"`
	IP     netip.Addr      `json:"ip"`
	Home   *address        `json:"home"`
	Others []address       `json:"others"`
	Any    any             `json:"any"`
	Map    map[string]int  `json:"map"`
	Bytes  []byte          `json:"bytes"`
	Big    uint64          `json:"big" search:"-"`
	Raw    json.RawMessage `json:"raw" search:"-"`
	Number json.Number     `json:"number" search:"-"`
	Self   []*document     `json:"self" search:"-"`
	Quoted int             `json:"quoted,string" search:"-"`
	//lint:ignore SA5008 this is how encoding/json calls a field "-"
	Dash    int    `json:"-,"`
	Ignored func() `json:"-"`
	hidden  int
}

type Extra struct {
	Note string `json:"note" search:"text"`
}

func specOf[D any](t testing.TB, name string, service search.Service) search.Spec {
	t.Helper()
	data := datastore.New(nil, nil)
	spec, ok := search.New[D](data, name, service).Spec().(search.Spec)
	if !ok {
		t.Fatal("the Spec of an index is no search.Spec")
	}
	for _, err := range data.Errs() {
		t.Fatalf("declaration: %v", err)
	}
	return spec
}

func TestFields(t *testing.T) {
	t.Parallel()
	_ = document{}.hidden
	spec := specOf[document](t, "docs", search.Domain)
	var got []string
	for _, f := range spec.Fields() {
		got = append(got, fmt.Sprint(f.Name, " ", f.Kind, " ", f.Exact))
	}
	want := []string{
		"- long false", "Created date false", "Tag keyword false", "any stored false", "big stored false", "body text false", "bytes stored false",
		"count long false", "home object false", "home.City keyword false", "home.geo object false", "home.geo.Lat double false", "home.geo.Lon double false",
		"id keyword false", "ip keyword false", "map stored false", "note text false", "number stored false", "on boolean false",
		"others object false", "others.City keyword false", "others.geo object false", "others.geo.Lat double false", "others.geo.Lon double false",
		"quoted stored false", "ratio double false", "raw stored false", "self stored false", "small long false", "title text true",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Fields (-want +got):\n%s", diff)
	}
	if spec != specOf[document](t, "docs", search.Domain) {
		t.Error("two Specs of one declaration are not equal")
	}
}

// own writes its own JSON.
type own struct{ A int }

func (own) MarshalJSON() ([]byte, error) { return []byte(`"own"`), nil }

type loop struct {
	Next *loop `json:"next"`
}

type left struct{ B int }

type right struct{ B string }

func TestMistakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		declare func(*datastore.Data) datastore.Store
		want    string
	}{
		{"no struct", func(d *datastore.Data) datastore.Store { return search.New[int](d, "x", search.Domain) }, "int is no struct"},
		{"a pointer", func(d *datastore.Data) datastore.Store { return search.New[*own](d, "x", search.Domain) }, "is no struct"},
		{"own JSON", func(d *datastore.Data) datastore.Store { return search.New[own](d, "x", search.Domain) }, "writes its JSON itself"},
		{"no field", func(d *datastore.Data) datastore.Store { return search.New[struct{ a int }](d, "x", search.Domain) }, "no exported field"},
		{"recursive", func(d *datastore.Data) datastore.Store { return search.New[loop](d, "x", search.Domain) }, `next leads back`},
		{"text of a number", func(d *datastore.Data) datastore.Store {
			return search.New[struct {
				A int `search:"text"`
			}](d, "x", search.Domain)
		}, `is for strings`},
		{"a tag that is none", func(d *datastore.Data) datastore.Store {
			return search.New[struct {
				A string `search:"words"`
			}](d, "x", search.Domain)
		}, `write text, keyword, text,keyword or -`},
		{"uint64", func(d *datastore.Data) datastore.Store { return search.New[struct{ A uint64 }](d, "x", search.Domain) }, `tag it search:"-"`},
		{"a type of own JSON", func(d *datastore.Data) datastore.Store { return search.New[struct{ A own }](d, "x", search.Domain) }, `tag it search:"-"`},
		{"a quoted number", func(d *datastore.Data) datastore.Store {
			return search.New[struct {
				A int `json:"a,string"`
			}](d, "x", search.Domain)
		}, `makes it text`},
		{"a name with a dot", func(d *datastore.Data) datastore.Store {
			return search.New[struct {
				A int `json:"a.b"`
			}](d, "x", search.Domain)
		}, `the name "a.b"`},
		{"a reserved name", func(d *datastore.Data) datastore.Store {
			return search.New[struct {
				A string `json:"_key"`
			}](d, "x", search.Domain)
		}, `the name "_key"`},
		{"a name twice", func(d *datastore.Data) datastore.Store {
			return search.New[struct {
				left
				right
			}](d, "x", search.Domain)
		}, `another field is called "B" too`},
		{"no service", func(d *datastore.Data) datastore.Store { return search.New[Extra](d, "x", "") }, `write search.Domain or search.Serverless`},
		{"a name", func(d *datastore.Data) datastore.Store { return search.New[Extra](d, "1x", search.Domain) }, `search name "1x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			data := datastore.New(nil, nil)
			index := c.declare(data)
			errs := data.Errs()
			if len(errs) != 1 || !strings.Contains(errs[0].Error(), c.want) || !strings.Contains(errs[0].Error(), "fields_test.go") {
				t.Errorf("declaration: errors = %v, want one with %q, and its line", errs, c.want)
			}
			index.Spec().Needs([]string{"Search"}) // works all the same
		})
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	all := []string{"Index", "Get", "Delete", "Bulk", "Search", "Ensure"}
	domain, serverless := specOf[Extra](t, "Docs", search.Domain), specOf[Extra](t, "Docs", search.Serverless)
	for _, c := range []struct {
		spec search.Spec
		ops  []string
		want []datastore.Need
	}{
		{domain, nil, nil},
		{domain, []string{"Search"}, []datastore.Need{{Service: "es", Actions: []string{"ESHttpGet"}, Resource: "domain/{name}/docs/_search"}}},
		{domain, all, []datastore.Need{
			{Service: "es", Actions: []string{"ESHttpPut"}, Resource: "domain/{name}/docs"},
			{Service: "es", Actions: []string{"ESHttpPut"}, Resource: "domain/{name}/docs/_bulk"},
			{Service: "es", Actions: []string{"ESHttpDelete", "ESHttpGet", "ESHttpPut"}, Resource: "domain/{name}/docs/_doc/*"},
			{Service: "es", Actions: []string{"ESHttpGet", "ESHttpPut"}, Resource: "domain/{name}/docs/_mapping"},
			{Service: "es", Actions: []string{"ESHttpGet"}, Resource: "domain/{name}/docs/_search"},
		}},
		{serverless, nil, nil},
		{serverless, []string{"Bulk"}, []datastore.Need{{Service: "aoss", Actions: []string{"APIAccessAll"}, Resource: "collection/{name}"}}},
	} {
		if diff := cmp.Diff(c.want, c.spec.Needs(c.ops)); diff != "" {
			t.Errorf("Needs(%v) of a %s (-want +got):\n%s", c.ops, c.spec.Service, diff)
		}
	}
	want := []string{"aoss:CreateIndex", "aoss:DescribeIndex", "aoss:ReadDocument", "aoss:UpdateIndex", "aoss:WriteDocument"}
	if diff := cmp.Diff(want, serverless.IndexPermissions(all)); diff != "" {
		t.Errorf("IndexPermissions (-want +got):\n%s", diff)
	}
	if got := serverless.IndexPermissions([]string{"Index", "Bulk"}); len(got) != 1 || got[0] != "aoss:WriteDocument" {
		t.Errorf("IndexPermissions of writes = %v, want aoss:WriteDocument", got)
	}
}
