package filesearch

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// matcher finds the documents that satisfy a condition, and how well.
type matcher struct {
	docs  map[string]*document
	stats map[string]fieldStats
	words map[string][]string // of the texts of conditions
}

// fieldStats are what the score of a word in a text field needs.
type fieldStats struct {
	docs   int            // that have the field
	length float64        // words in all of them
	with   map[string]int // documents that have a word; filled when asked for
}

func newMatcher(docs map[string]*document) *matcher {
	return &matcher{docs, map[string]fieldStats{}, map[string][]string{}}
}

// match reports whether d satisfies c, and its score.
func (m *matcher) match(c search.Cond, d *document) (ok bool, score float64) {
	switch c.Op() {
	case search.OpAll:
		return true, 0
	case search.OpAnd:
		for _, sub := range c.Conds() {
			one, s := m.match(sub, d)
			if !one {
				return false, 0
			}
			score += s
		}
		return true, score
	case search.OpOr:
		for _, sub := range c.Conds() {
			one, s := m.match(sub, d)
			ok, score = ok || one, score+s
		}
		return ok, score
	case search.OpNot:
		one, _ := m.match(c.Conds()[0], d)
		return !one, 0
	case search.OpMatch:
		return m.any(c, d)
	case search.OpMatchAll:
		return m.all(c, d)
	}
	return holds(c, d.of(c.Resolved()[0])), 0
}

// holds reports whether one of the values of a field satisfies a condition on the
// field as a whole.
func holds(c search.Cond, own *values) bool {
	list := c.Values()
	switch {
	case c.Op() == search.OpExists:
		return own.present
	case c.Op() == search.OpPrefix:
		return slices.ContainsFunc(own.words, func(w string) bool { return strings.HasPrefix(w, c.Text()) })
	case len(list) == 0:
		return false
	case list[0].Kind() == search.Keyword:
		return among(c.Op(), own.words, list, search.Value.Text)
	case list[0].Kind() == search.Double:
		return among(c.Op(), own.floats, list, search.Value.Float)
	}
	return among(c.Op(), own.numbers, list, search.Value.Int)
}

func among[T cmp.Ordered](op search.Op, own []T, list []search.Value, of func(search.Value) T) bool {
	first, last := of(list[0]), of(list[len(list)-1])
	return slices.ContainsFunc(own, func(v T) bool {
		switch op {
		case search.OpGt:
			return v > first
		case search.OpGe:
			return v >= first
		case search.OpLt:
			return v < first
		case search.OpLe:
			return v <= first
		case search.OpBetween:
			return v >= first && v <= last
		}
		return slices.ContainsFunc(list, func(x search.Value) bool { return of(x) == v })
	})
}

// any is for OpMatch: the score is that of the best field.
func (m *matcher) any(c search.Cond, d *document) (ok bool, best float64) {
	for _, f := range c.Resolved() {
		score := 0.0
		for _, word := range m.wordsOf(c.Text()) {
			if s := m.score(f, word, d); s > 0 {
				ok, score = true, score+s
			}
		}
		best = max(best, score)
	}
	return ok, best
}

// all is for OpMatchAll: the score is the sum of each word's best.
func (m *matcher) all(c search.Cond, d *document) (ok bool, score float64) {
	words := m.wordsOf(c.Text())
	for _, word := range words {
		best := 0.0
		for _, f := range c.Resolved() {
			best = max(best, m.score(f, word, d))
		}
		if best == 0 {
			return false, 0
		}
		score += best
	}
	return len(words) > 0, score
}

// wordsOf are the words of a text, each once.
func (m *matcher) wordsOf(text string) []string {
	words, known := m.words[text]
	if !known {
		for _, t := range tokens(text) {
			if !slices.Contains(words, t.word) {
				words = append(words, t.word)
			}
		}
		m.words[text] = words
	}
	return words
}

// The constants of BM25 as OpenSearch has them.
const (
	saturation = 1.2
	lengthPart = 0.75
)

// score is the BM25 score of a word in a text field of d, 0 if it is not there.
func (m *matcher) score(f search.Field, word string, d *document) float64 {
	count, length := 0.0, 0.0
	for _, text := range d.of(f).texts {
		for _, t := range text {
			if length++; t.word == word {
				count++
			}
		}
	}
	if count == 0 {
		return 0
	}
	stats := m.statsOf(f, word)
	n, with := float64(stats.docs), float64(stats.with[word])
	rarity := math.Log(1 + (n-with+0.5)/(with+0.5))
	return rarity * (saturation + 1) * count / (count + saturation*(1-lengthPart+lengthPart*length*n/stats.length))
}

func (m *matcher) statsOf(f search.Field, word string) fieldStats {
	stats, known := m.stats[f.Name]
	if !known {
		stats.with = map[string]int{}
		for _, d := range m.docs {
			if own := d.of(f); len(own.texts) > 0 {
				stats.docs++
				for _, text := range own.texts {
					stats.length += float64(len(text))
				}
			}
		}
		m.stats[f.Name] = stats
	}
	if _, counted := stats.with[word]; !counted {
		for _, d := range m.docs {
			if slices.ContainsFunc(d.of(f).texts, func(text []token) bool { return hasWord(text, word) }) {
				stats.with[word]++
			}
		}
	}
	return stats
}

func hasWord(text []token, word string) bool {
	return slices.ContainsFunc(text, func(t token) bool { return t.word == word })
}
