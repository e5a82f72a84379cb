package search

import (
	"context"
	"encoding/json"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Driver opens indices. Most code should not read on: it is for those who write a
// driver, and [searchtest] is how they test it.
//
// [searchtest]: https://pkg.go.dev/github.com/seed-18e8afb5/tierkit/datastore/search/searchtest
type Driver interface {
	datastore.Driver
	// OpenIndex prepares the use of an index that data declares. It is called by
	// the first operation, and again by the next one if it failed. The context is
	// the operation's: the connection outlives it.
	OpenIndex(ctx context.Context, data *datastore.Data, spec Spec) (Conn, error)
}

// Conn is an index that is open. It takes what has been checked: ids and documents
// within the limits, conditions whose fields and values fit. It does not keep what
// it is given after it returned.
//
// Its errors are [*datastore.Error] with Kind, Code and Attempts set; the handle
// fills in the rest. It is safe for concurrent use.
type Conn interface {
	// Get reads a document, nil if there is none.
	Get(ctx context.Context, id string) (doc []byte, err error)
	// Write stores or deletes a document.
	Write(ctx context.Context, w Write) error
	// Bulk makes 1 to [MaxBulk] changes of different documents. Those that were not
	// made are a [*datastore.PartialError] with their positions; any other error is
	// one of them all. wait is that of [Wait]; the Wait of the writes is not set.
	Bulk(ctx context.Context, ws []Write, wait bool) error
	// Search finds one page.
	Search(ctx context.Context, q PageQuery) (Page, error)
	// Ensure is that of [Ensurer].
	Ensure(ctx context.Context) error
}

// Write is one write.
type Write struct {
	ID string
	// Doc is a JSON object; nil deletes the document.
	Doc []byte
	// Version is that of [Version]; 0 for none.
	Version int64
	// Wait is that of [Wait].
	Wait bool
}

// Size is about how many bytes it takes in a request.
func (w *Write) Size() int { return len(w.Doc) + 2*len(w.ID) + 100 }

// PageQuery asks for one page.
type PageQuery struct {
	Where Cond            // checked, see [Cond.Resolved]
	Raw   json.RawMessage // a JSON object, nil for none; beside Where
	// Sort is by what to sort, then by the id. Without, it is by the score from
	// the highest down, then by the id.
	Sort      []SortField
	Limit     int               // 0 for no hits
	After     []json.RawMessage // the Place of the hit after which to begin; nil for the start
	Facets    []FacetField
	Highlight []Field // of kind Text
	CountAll  bool
	// ID tells queries apart, whatever their pages.
	ID string
}

// SortField is one field by which to sort. Of several values the smallest counts,
// the greatest if Desc. Documents without a value come last.
type SortField struct {
	Field
	Desc bool
}

// FacetField is one field whose values to count.
type FacetField struct {
	Field
	Limit int
}

// Page is what was found.
type Page struct {
	Hits   []Found
	Total  int64
	Exact  bool // Total is not a lower bound
	Facets map[string][]Count
}

// Found is one document.
type Found struct {
	ID         string
	Doc        []byte // JSON
	Score      float64
	Highlights map[string][]string
	// Place is a JSON array of the values that it was sorted by and of its id:
	// strings; numbers of type int64 for integers, times (in milliseconds) and
	// bools; other numbers for floats and the score. A value that is missing is
	// null for strings, and the number it is sorted as for others, where
	// "Infinity" and "-Infinity" are floats.
	Place json.RawMessage
}
