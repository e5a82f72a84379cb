package opensearchindex

import (
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// appendQuery appends the body of a search.
//
// See https://docs.opensearch.org/latest/api-reference/search-apis/search/
func appendQuery(b []byte, q search.PageQuery) []byte {
	b = append(b, `{"size":`...)
	b = strconv.AppendInt(b, int64(q.Limit), 10)
	if q.CountAll {
		b = append(b, `,"track_total_hits":true`...)
	}
	b = append(b, `,"query":`...)
	if q.Raw == nil {
		b = appendScored(b, q.Where)
	} else {
		b = append(append(b, `{"bool":{"must":[`...), q.Raw...)
		b = append(appendScored(append(b, ','), q.Where), `]}}`...)
	}
	b = appendSort(b, q)
	for i, value := range q.After {
		b = append(append(b, separator(i, `,"search_after":[`)...), value...)
	}
	if q.After != nil {
		b = append(b, ']')
	}
	b = appendFacets(b, q.Facets)
	for i, f := range q.Highlight {
		b = append(b, separator(i, `,"highlight":{"encoder":"html","number_of_fragments":0,"fields":{`)...)
		b = append(appendString(b, f.Name), `:{}`...)
	}
	if len(q.Highlight) > 0 {
		b = append(b, `}}`...)
	}
	return append(b, '}')
}

// separator is what stands before element i of a list that begins with first.
func separator(i int, first string) string {
	if i == 0 {
		return first
	}
	return ","
}

func appendSort(b []byte, q search.PageQuery) []byte {
	b = append(b, `,"sort":[`...)
	if len(q.Sort) == 0 {
		b = append(b, `{"_score":"desc"},`...)
	}
	for _, by := range q.Sort {
		b = append(appendString(append(b, '{'), whole(by.Field)), `:{"order":"asc"}},`...)
		if by.Desc {
			b = append(b[:len(b)-len(`asc"}},`)], `desc"}},`...)
		}
	}
	return append(b, `{"`+keyField+`":"asc"}]`...)
}

func appendFacets(b []byte, facets []search.FacetField) []byte {
	for i, f := range facets {
		b = append(b, separator(i, `,"aggs":{`)...)
		b = append(appendString(b, f.Name), `:{"terms":{"field":`...)
		b = append(appendString(b, whole(f.Field)), `,"size":`...)
		b = append(strconv.AppendInt(b, int64(f.Limit), 10), `}}`...)
	}
	if len(facets) > 0 {
		b = append(b, '}')
	}
	return b
}

// whole is the name by which a field is found as a whole.
func whole(f search.Field) string {
	if f.Kind == search.Text {
		return f.Name + ".keyword"
	}
	return f.Name
}

// appendScored appends a condition where words make a score. Others make none.
func appendScored(b []byte, c search.Cond) []byte {
	switch c.Op() {
	case search.OpMatch, search.OpMatchAll:
		return appendCond(b, c)
	case search.OpAnd:
		return appendList(b, `{"bool":{"must":[`, c.Conds(), `],"filter":{"match_all":{}}}}`)
	case search.OpOr:
		if len(c.Conds()) > 0 {
			return appendList(b, `{"bool":{"should":[`, c.Conds(), `]}}`)
		}
	}
	return append(appendCond(append(b, `{"bool":{"filter":`...), c), `}}`...)
}

func appendList(b []byte, first string, conds []search.Cond, last string) []byte {
	b = append(b, first...)
	for i, c := range conds {
		b = appendScored(append(b, separator(i, "")...), c)
	}
	return append(b, last...)
}

// appendCond appends a condition.
func appendCond(b []byte, c search.Cond) []byte {
	switch c.Op() {
	case search.OpAll:
		return append(b, `{"match_all":{}}`...)
	case search.OpAnd:
		return appendScored(b, c)
	case search.OpOr:
		if len(c.Conds()) == 0 {
			return append(b, `{"match_none":{}}`...)
		}
		return appendScored(b, c)
	case search.OpNot:
		return append(appendCond(append(b, `{"bool":{"must_not":`...), c.Conds()[0]), `}}`...)
	case search.OpMatch:
		return appendMatch(b, c, `],"type":"best_fields"}}`)
	case search.OpMatchAll:
		return appendMatch(b, c, `],"type":"cross_fields","operator":"and"}}`)
	case search.OpExists:
		b = append(b, `{"exists":{"field":`...)
		return append(appendString(b, c.Resolved()[0].Name), `}}`...)
	case search.OpPrefix:
		b = appendString(append(b, `{"prefix":{`...), whole(c.Resolved()[0]))
		return append(appendString(append(b, `:{"value":`...), c.Text()), `}}}`...)
	case search.OpTerm:
		b = appendString(append(b, `{"terms":{`...), whole(c.Resolved()[0]))
		for i, v := range c.Values() {
			b = appendValue(append(b, separator(i, `:[`)...), v)
		}
		return append(b, `]}}`...)
	}
	return appendRange(b, c)
}

func appendMatch(b []byte, c search.Cond, last string) []byte {
	b = appendString(append(b, `{"multi_match":{"query":`...), c.Text())
	for i, f := range c.Resolved() {
		b = appendString(append(b, separator(i, `,"fields":[`)...), f.Name)
	}
	return append(b, last...)
}

var bounds = map[search.Op]string{search.OpGt: `"gt":`, search.OpGe: `"gte":`, search.OpLt: `"lt":`, search.OpLe: `"lte":`}

func appendRange(b []byte, c search.Cond) []byte {
	b = append(appendString(append(b, `{"range":{`...), whole(c.Resolved()[0])), `:{`...)
	if c.Op() == search.OpBetween {
		b = appendValue(append(b, `"gte":`...), c.Values()[0])
		b = appendValue(append(b, `,"lte":`...), c.Values()[1])
	} else {
		b = appendValue(append(b, bounds[c.Op()]...), c.Values()[0])
	}
	return append(b, `}}}`...)
}

func appendValue(b []byte, v search.Value) []byte {
	switch v.Kind() {
	case search.Long:
		return strconv.AppendInt(b, v.Int(), 10)
	case search.Double:
		return strconv.AppendFloat(b, v.Float(), 'g', -1, 64)
	case search.Boolean:
		return strconv.AppendBool(b, v.Int() == 1)
	case search.Date:
		return time.UnixMilli(v.Int()).UTC().AppendFormat(b, `"2006-01-02T15:04:05.000Z"`)
	}
	return appendString(b, v.Text())
}

// appendString appends a string as JSON. It is UTF-8.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' || c >= utf8.RuneSelf {
			continue
		}
		b = append(b, s[start:i]...)
		if start = i + 1; c == '"' || c == '\\' {
			b = append(b, '\\', c)
			continue
		}
		b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(append(b, s[start:]...), '"')
}
