package search

import (
	"context"
	"encoding/json"
	"errors"
	"iter"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// The limits of a query.
//
// See https://docs.opensearch.org/latest/install-and-configure/configuring-opensearch/index-settings/
const (
	DefaultLimit = 10
	MaxLimit     = 10000
	// DefaultFacet and MaxFacet are how many values a facet has.
	DefaultFacet = 10
	MaxFacet     = 1000
	maxSort      = 8
	maxFacets    = 20
)

// Query asks for documents.
type Query struct {
	// Where is what documents must satisfy. The zero Cond is all documents.
	Where Cond
	// Raw is a query in the language of OpenSearch, a JSON object such as
	// {"match_phrase": {"title": "red shoes"}}, that documents must match beside
	// Where. Fields found both ways have a sub-field ".keyword" for the whole. It is
	// for what this package has no words for: embedded indices answer
	// [datastore.ErrInvalid]. What OpenSearch finds wrong in it answers the same.
	//
	// See https://docs.opensearch.org/latest/query-dsl/
	Raw json.RawMessage
	// Sort is the order, of which the first counts most; fields are found as a
	// whole. The last resort is the id. Default: the best score first.
	Sort []Sort
	// Limit is how many documents a page has at most, up to [MaxLimit]. 0 means
	// [DefaultLimit]; a negative one that only Total and Facets are asked for.
	Limit int
	// After is the Next of the page before. It has the values that its last
	// document was sorted by in plain form. Documents that are written meanwhile
	// may be missed or come twice, and if Sort is empty any may, since scores are
	// not the same on all copies of an index.
	After datastore.Token
	// Facets are the fields whose values to count, in all documents that are
	// found. They are found as a whole, and no floats or times.
	Facets []Facet
	// Highlight are the fields of kind text in which to mark what was matched.
	Highlight []string
	// CountAll has the Total be exact. Without, counting ends at 10,000.
	CountAll bool
}

// Sort is one field by which to sort. Documents that have several values are sorted
// by the smallest, by the greatest if Desc; those that have none come last.
type Sort struct {
	Field string
	Desc  bool
}

// Facet is a field whose values to count.
type Facet struct {
	Field string
	// Limit is how many values to count, those that most documents have. 0 means
	// [DefaultFacet].
	Limit int
}

// Hits are what was found.
type Hits[D any] struct {
	Items []Hit[D] `json:"items"`
	// Total is how many documents there are, on all pages. If Exact is false there
	// are at least as many.
	Total int64 `json:"total"`
	Exact bool  `json:"exact"`
	// Facets are the counts by the name of the field: most documents first, equal
	// ones in the order of the values. An index of several shards may count a
	// value too low that few documents have.
	Facets map[string][]Count `json:"facets,omitempty"`
	// Next is "" after the last page. There may be none after it all the same.
	Next datastore.Token `json:"next,omitempty"`
}

// Hit is one document that was found.
type Hit[D any] struct {
	ID  string `json:"id"`
	Doc D      `json:"doc"`
	// Score says how well it matches: the higher, the better, but only in
	// comparison within one answer. It is 0 with a Sort.
	Score float64 `json:"score"`
	// Highlights are, by field, the values that were matched: HTML with <em> around
	// what was, and else escaped. A field that was not matched has none.
	Highlights map[string][]string `json:"highlights,omitempty"`
}

// Count is how many documents have a value.
type Count struct {
	Value string `json:"value"` // a number in decimal, "true" or "false"
	N     int64  `json:"n"`
}

// All are the documents of q, page by page; q.After is where it begins. It ends
// after the first error, except a [*datastore.PartialError]: that comes after the
// other documents of its page, and the next page follows.
func All[D any](ctx context.Context, searcher Searcher[D], q Query) iter.Seq2[Hit[D], error] {
	return func(yield func(Hit[D], error) bool) {
		for {
			hits, err := searcher.Search(ctx, q)
			for _, hit := range hits.Items {
				if !yield(hit, nil) {
					return
				}
			}
			if err != nil {
				_, partial := errors.AsType[*datastore.PartialError](err)
				if !yield(Hit[D]{}, err) || !partial {
					return
				}
			}
			if q.After = hits.Next; hits.Next == "" {
				return
			}
		}
	}
}

// page turns a query into what drivers take.
func (s *state) page(q Query) (PageQuery, error) {
	p := PageQuery{Raw: q.Raw, Limit: q.Limit, CountAll: q.CountAll}
	var err error
	r := resolver{layout: s.layout}
	if p.Where, err = r.resolve(q.Where, 0); err != nil {
		return p, err
	}
	if q.Raw != nil && !isObject(q.Raw) {
		return p, invalid("the raw query is no JSON object")
	}
	switch {
	case q.Limit == 0:
		p.Limit = DefaultLimit
	case q.Limit < 0:
		p.Limit = 0
	case q.Limit > MaxLimit:
		return p, invalid("the limit of %d is over %d; go on by After", q.Limit, MaxLimit)
	}
	if err := s.details(&p, q); err != nil {
		return p, err
	}
	p.ID = queryID(s.spec, q.Raw, p)
	p.After, err = openToken(q.After, p)
	return p, err
}

// details are sort, facets and highlights.
func (s *state) details(p *PageQuery, q Query) error {
	if len(q.Sort) > maxSort || len(q.Facets) > maxFacets {
		return invalid("the query has over %d fields to sort by, or over %d facets", maxSort, maxFacets)
	}
	for _, by := range q.Sort {
		f, err := s.layout.wholeField(by.Field)
		if err != nil {
			return err
		}
		p.Sort = append(p.Sort, SortField{f, by.Desc})
	}
	for _, facet := range q.Facets {
		f, err := s.layout.wholeField(facet.Field)
		switch {
		case err != nil:
			return err
		case f.Kind == Double || f.Kind == Date:
			return invalid("facet: field %q has floats or times, of which hardly two are equal", f.Name)
		case facet.Limit < 0 || facet.Limit > MaxFacet:
			return invalid("facet: the limit of %d is none of 1 to %d", facet.Limit, MaxFacet)
		case facet.Limit == 0:
			facet.Limit = DefaultFacet
		}
		for _, other := range p.Facets {
			if other.Name == f.Name {
				return invalid("facet: field %q comes twice", f.Name)
			}
		}
		p.Facets = append(p.Facets, FacetField{f, facet.Limit})
	}
	for _, name := range q.Highlight {
		f, err := s.layout.field(name)
		if err != nil {
			return err
		}
		if f.Kind != Text {
			return invalid("highlight: field %q is not found by its words", name)
		}
		p.Highlight = append(p.Highlight, f)
	}
	return nil
}

func isObject(raw json.RawMessage) bool {
	for _, c := range raw {
		if c != ' ' && c != '\t' && c != '\n' && c != '\r' {
			return c == '{' && json.Valid(raw)
		}
	}
	return false
}
