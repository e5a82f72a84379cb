package opensearchindex

import (
	"encoding/json"
	"net/http"

	"github.com/seed-18e8afb5/tierkit/datastore/search"
)

// searchAnswer is the answer of a search.
type searchAnswer struct {
	TimedOut bool `json:"timed_out"`
	Shards   *struct {
		Failed   int `json:"failed"`
		Failures []struct {
			Reason failure `json:"reason"`
		} `json:"failures"`
	} `json:"_shards"`
	Hits struct {
		Total struct {
			Value    int64  `json:"value"`
			Relation string `json:"relation"`
		} `json:"total"`
		Hits []struct {
			ID        string              `json:"_id"`
			Score     float64             `json:"_score"`  // null stays 0
			Source    int                 `json:"_source"` // see split
			Sort      json.RawMessage     `json:"sort"`
			Highlight map[string][]string `json:"highlight"`
		} `json:"hits"`
	} `json:"hits"`
	Aggregations map[string]struct {
		Buckets []struct {
			Key         json.RawMessage `json:"key"`
			KeyAsString string          `json:"key_as_string"`
			DocCount    int64           `json:"doc_count"`
		} `json:"buckets"`
	} `json:"aggregations"`
}

// pageOf reads the answer of a search. One that lacks a part of the index is an error
// as the service's own would be, so that it is asked for again.
func pageOf(answer []byte) (search.Page, error) {
	var a searchAnswer
	envelope, docs, ok := split(answer, inHits)
	if !ok || json.Unmarshal(envelope, &a) != nil || a.Shards == nil {
		return search.Page{}, errForeign
	}
	if a.TimedOut || a.Shards.Failed > 0 {
		e := &Error{Status: http.StatusServiceUnavailable, Type: "timed_out"}
		if len(a.Shards.Failures) > 0 {
			e.Type, e.Reason = a.Shards.Failures[0].Reason.Type, a.Shards.Failures[0].Reason.Reason
		}
		return search.Page{}, apiError{e}
	}
	page := search.Page{Total: a.Hits.Total.Value, Exact: a.Hits.Total.Relation == "eq"}
	page.Hits = make([]search.Found, len(a.Hits.Hits))
	for i := range a.Hits.Hits {
		h := &a.Hits.Hits[i]
		if h.Source < 1 || h.Source > len(docs) {
			return search.Page{}, errForeign
		}
		page.Hits[i] = search.Found{ID: h.ID, Doc: docs[h.Source-1], Score: h.Score, Highlights: h.Highlight, Place: h.Sort}
	}
	var err error
	page.Facets, err = a.facets()
	return page, err
}

func (a *searchAnswer) facets() (map[string][]search.Count, error) {
	if a.Aggregations == nil {
		return nil, nil
	}
	facets := make(map[string][]search.Count, len(a.Aggregations))
	for name, aggregation := range a.Aggregations {
		counts := make([]search.Count, len(aggregation.Buckets))
		for i, bucket := range aggregation.Buckets {
			value := bucket.KeyAsString
			switch {
			case value != "":
			case len(bucket.Key) > 0 && bucket.Key[0] == '"':
				if err := json.Unmarshal(bucket.Key, &value); err != nil {
					return nil, errForeign
				}
			default:
				value = string(bucket.Key)
			}
			counts[i] = search.Count{Value: value, N: bucket.DocCount}
		}
		facets[name] = counts
	}
	return facets, nil
}
