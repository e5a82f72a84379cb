package filesearch

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// facets count the values of fields in documents.
func facets(all []found, q search.PageQuery) map[string][]search.Count {
	if len(q.Facets) == 0 {
		return nil
	}
	counts := make(map[string][]search.Count, len(q.Facets))
	for _, f := range q.Facets {
		if f.Kind == search.Text || f.Kind == search.Keyword {
			counts[f.Name] = counted(all, f, func(own *values) []string { return own.words }, func(s string) string { return s })
			continue
		}
		text := func(n int64) string { return strconv.FormatInt(n, 10) }
		if f.Kind == search.Boolean {
			text = func(n int64) string { return strconv.FormatBool(n == 1) }
		}
		counts[f.Name] = counted(all, f, func(own *values) []int64 { return own.numbers }, text)
	}
	return counts
}

func counted[T cmp.Ordered](all []found, f search.FacetField, of func(*values) []T, text func(T) string) []search.Count {
	docs := map[T]int64{}
	for _, hit := range all {
		list := slices.Sorted(slices.Values(of(hit.doc.of(f.Field))))
		for _, v := range slices.Compact(list) {
			docs[v]++
		}
	}
	var order []T
	for v := range docs {
		order = append(order, v)
	}
	slices.SortFunc(order, func(x, y T) int { return cmp.Or(cmp.Compare(docs[y], docs[x]), cmp.Compare(x, y)) })
	counts := make([]search.Count, 0, min(len(order), f.Limit))
	for _, v := range order[:min(len(order), f.Limit)] {
		counts = append(counts, search.Count{Value: text(v), N: docs[v]})
	}
	return counts
}

// highlights are the texts of the fields in which words of the query stand, marked.
func (m *matcher) highlights(d *document, q search.PageQuery) map[string][]string {
	var marked map[string][]string
	for _, f := range q.Highlight {
		words := m.sought(q.Where, f, map[string]bool{})
		own := d.of(f)
		for i, text := range own.texts {
			if !slices.ContainsFunc(text, func(t token) bool { return words[t.word] }) {
				continue
			}
			if marked == nil {
				marked = map[string][]string{}
			}
			marked[f.Name] = append(marked[f.Name], mark(own.raw[i], text, words))
		}
	}
	return marked
}

// sought adds the words that a condition looks for in a field.
func (m *matcher) sought(c search.Cond, f search.Field, words map[string]bool) map[string]bool {
	switch c.Op() {
	case search.OpAnd, search.OpOr:
		for _, sub := range c.Conds() {
			m.sought(sub, f, words)
		}
	case search.OpMatch, search.OpMatchAll:
		if slices.Contains(c.Resolved(), f) {
			for _, word := range m.wordsOf(c.Text()) {
				words[word] = true
			}
		}
	}
	return words
}

// escaper escapes as OpenSearch does.
var escaper = strings.NewReplacer(`&`, "&amp;", `<`, "&lt;", `>`, "&gt;", `"`, "&quot;", `'`, "&#x27;", `/`, "&#x2F;")

func mark(text string, list []token, words map[string]bool) string {
	var b strings.Builder
	at := 0
	for _, t := range list {
		if !words[t.word] {
			continue
		}
		b.WriteString(escaper.Replace(text[at:t.start]))
		b.WriteString("<em>" + escaper.Replace(text[t.start:t.end]) + "</em>")
		at = t.end
	}
	b.WriteString(escaper.Replace(text[at:]))
	return b.String()
}
