package filesearch

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

var errRaw = &datastore.Error{Kind: datastore.ErrInvalid, Err: errors.New(
	"a raw query is in the language of OpenSearch, which this index of the local process does not know; use Where, or serve with the data of AWS")}

// found is one document that satisfies a query.
type found struct {
	doc   *document
	score float64
	place []key
}

// Search implements [search.Conn].
func (x *index) Search(ctx context.Context, q search.PageQuery) (search.Page, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	switch {
	case x.closed:
		return search.Page{}, errClosed
	case q.Raw != nil:
		return search.Page{}, errRaw
	}
	m := newMatcher(x.docs)
	var all []found
	for i, id := range x.ids() {
		if i%1000 == 0 && ctx.Err() != nil {
			return search.Page{}, &datastore.Error{Kind: datastore.ErrNoBudget, Err: ctx.Err()}
		}
		if ok, score := m.match(q.Where, x.docs[id]); ok {
			f := found{doc: x.docs[id], score: score}
			f.place = placeOf(f, q)
			all = append(all, f)
		}
	}
	page := search.Page{Total: int64(len(all)), Exact: true, Facets: facets(all, q)}
	hits, err := pageOf(all, q)
	for _, f := range hits {
		hit := search.Found{ID: f.doc.id, Doc: f.doc.source, Place: encode(f.place), Highlights: m.highlights(f.doc, q)}
		if len(q.Sort) == 0 {
			hit.Score = f.score
		}
		page.Hits = append(page.Hits, hit)
	}
	return page, err
}

// pageOf are the documents of one page, in order.
func pageOf(all []found, q search.PageQuery) ([]found, error) {
	compare := func(x, y found) int { return comparePlaces(x.place, y.place, q) }
	slices.SortFunc(all, compare)
	start := 0
	if q.After != nil {
		after, err := decode(q.After, q)
		if err != nil {
			return nil, err
		}
		start, _ = slices.BinarySearchFunc(all, found{place: after}, compare)
		for start < len(all) && compare(all[start], found{place: after}) == 0 {
			start++
		}
	}
	return all[start:min(start+q.Limit, len(all))], nil
}

// key is what a document is sorted by: the one of a kind, see [search.Found.Place].
type key struct {
	kind    search.Kind
	missing bool // of kind Keyword
	text    string
	whole   int64
	float   float64
}

// placeOf is the place of a document in the order of a query.
func placeOf(f found, q search.PageQuery) []key {
	id := key{kind: search.Keyword, text: f.doc.id}
	if len(q.Sort) == 0 {
		return []key{{kind: search.Double, float: f.score}, id}
	}
	place := make([]key, 0, len(q.Sort)+1)
	for _, by := range q.Sort {
		place = append(place, keyOf(f.doc.of(by.Field), by))
	}
	return append(place, id)
}

func keyOf(own *values, by search.SortField) key {
	switch by.Kind {
	case search.Text, search.Keyword:
		text, ok := extreme(own.words, by.Desc)
		return key{kind: search.Keyword, text: text, missing: !ok}
	case search.Double:
		float, ok := extreme(own.floats, by.Desc)
		if !ok {
			float = math.Inf(sign(!by.Desc))
		}
		return key{kind: search.Double, float: float}
	}
	whole, ok := extreme(own.numbers, by.Desc)
	switch {
	case ok:
	case by.Kind == search.Boolean && by.Desc:
		whole = math.MinInt32
	case by.Kind == search.Boolean:
		whole = math.MaxInt32
	case by.Desc:
		whole = math.MinInt64
	default:
		whole = math.MaxInt64
	}
	return key{kind: search.Long, whole: whole}
}

func sign(positive bool) int {
	if positive {
		return 1
	}
	return -1
}

// extreme is the smallest of list, or the greatest.
func extreme[T cmp.Ordered](list []T, greatest bool) (v T, ok bool) {
	switch {
	case len(list) == 0:
		return v, false
	case greatest:
		return slices.Max(list), true
	}
	return slices.Min(list), true
}

func comparePlaces(x, y []key, q search.PageQuery) int {
	for i := range x {
		desc := i < len(q.Sort) && q.Sort[i].Desc || i == 0 && len(q.Sort) == 0 // the best score first
		if c := x[i].compare(y[i], desc); c != 0 {
			return c
		}
	}
	return 0
}

func (k key) compare(other key, desc bool) int {
	if k.missing || other.missing { // last, in both directions
		return cmp.Compare(btoi(k.missing), btoi(other.missing))
	}
	c := cmp.Or(cmp.Compare(k.text, other.text), cmp.Compare(k.whole, other.whole), cmp.Compare(k.float, other.float))
	if desc {
		return -c
	}
	return c
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// encode is a place as JSON.
func encode(place []key) json.RawMessage {
	list := make([]any, len(place))
	for i, k := range place {
		switch {
		case k.missing:
		case k.kind == search.Keyword:
			list[i] = k.text
		case k.kind == search.Long:
			list[i] = k.whole
		case math.IsInf(k.float, 0):
			list[i] = map[bool]string{true: "Infinity", false: "-Infinity"}[k.float > 0]
		default:
			list[i] = k.float
		}
	}
	raw, _ := json.Marshal(list) // strings and finite numbers
	return raw
}

// decode is the place that JSON has. It has been checked.
func decode(raw []json.RawMessage, q search.PageQuery) ([]key, error) {
	place := make([]key, len(raw))
	for i, v := range raw {
		k := key{kind: search.Keyword}
		var err error
		switch {
		case i == len(raw)-1 || len(q.Sort) > 0 && (q.Sort[i].Kind == search.Keyword || q.Sort[i].Kind == search.Text):
			if k.missing = string(v) == "null"; !k.missing {
				err = json.Unmarshal(v, &k.text)
			}
		case len(q.Sort) == 0 || q.Sort[i].Kind == search.Double:
			k.kind = search.Double
			text, unquoted := strconv.Unquote(string(v))
			if unquoted != nil {
				text = string(v)
			}
			k.float, err = strconv.ParseFloat(text, 64)
		default:
			k.kind = search.Long
			k.whole, err = strconv.ParseInt(string(v), 10, 64)
		}
		if err != nil {
			return nil, &datastore.Error{Kind: datastore.ErrInvalid, Err: fmt.Errorf("page token: %w", err)}
		}
		place[i] = k
	}
	return place, nil
}
