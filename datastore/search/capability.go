package search

import (
	"context"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
)

// Indexer stores a document under its id, in place of the one that was there. An
// answer that was lost does no harm: the write is repeated.
type Indexer[D any] interface {
	Index(ctx context.Context, id string, doc D, opts ...WriteOption) error
}

// Getter reads one document by its id, as it was last written; in a serverless
// collection after a refresh. One that is not there answers
// [datastore.ErrNotFound].
type Getter[D any] interface {
	Get(ctx context.Context, id string) (D, error)
}

// Deleter deletes a document. One that is not there is no error.
type Deleter interface {
	Delete(ctx context.Context, id string, opts ...WriteOption) error
}

// Bulker makes any number of changes, in requests of at most [MaxBulk] changes and
// about [MaxBulkBytes], and repeats those that the index was too busy for. Changes
// that were not made are a [*datastore.PartialError]; the others were. A change that
// is refused ([datastore.ErrInvalid], [datastore.ErrTooLarge]) refuses them all
// before anything is sent, and so does an id that comes twice: which one would be
// last is not certain.
type Bulker[D any] interface {
	Bulk(ctx context.Context, changes []Change[D], opts ...BulkOption) error
}

// Searcher finds one page of documents. A token of another query answers
// [datastore.ErrInvalid]. Stored documents that are no D are a
// [*datastore.PartialError] of kind [datastore.ErrCorrupt], beside those that are.
// An answer that lacks what a part of the index has is asked for again, and is
// [datastore.ErrUnavailable] in the end. [All] reads all pages.
type Searcher[D any] interface {
	Search(ctx context.Context, q Query) (Hits[D], error)
}

// Ensurer makes the index with the fields of D if there is none, and adds fields
// that it lacks. A field that has another type there answers
// [datastore.ErrDeclaration], and nothing is changed: types cannot be changed, so
// documents move to an index of another name.
//
// It is for a function of its own that a deployment runs before the others: these
// need no right to it then. A domain makes an index by itself at the first write,
// with types that it guesses, unless its setting action.auto_create_index is false.
// Embedded indices need no Ensure.
type Ensurer interface {
	Ensure(ctx context.Context) error
}

// The places of the operations among the capabilities.
const (
	bitIndex datastore.Bit = iota
	bitGet
	bitDelete
	bitBulk
	bitSearch
	bitEnsure
)

func capabilities[D any]() []datastore.Capability {
	return []datastore.Capability{
		bitIndex:  {Op: "Index", Type: reflect.TypeFor[Indexer[D]]()},
		bitGet:    {Op: "Get", Type: reflect.TypeFor[Getter[D]]()},
		bitDelete: {Op: "Delete", Type: reflect.TypeFor[Deleter]()},
		bitBulk:   {Op: "Bulk", Type: reflect.TypeFor[Bulker[D]]()},
		bitSearch: {Op: "Search", Type: reflect.TypeFor[Searcher[D]]()},
		bitEnsure: {Op: "Ensure", Type: reflect.TypeFor[Ensurer]()},
	}
}

// Change is one change of a Bulk: Doc is stored under ID, or what is there is
// deleted.
type Change[D any] struct {
	ID      string
	Doc     D     // not used by a Delete
	Delete  bool  // deletes; one that is not there is no error
	Version int64 // as [Version]; 0 for none
}

// WriteOption is an option of Index and Delete.
type WriteOption interface{ applyWrite(*Write) }

// BulkOption is an option of Bulk.
type BulkOption interface{ applyBulk(*bool) }

type version int64

func (v version) applyWrite(w *Write) {
	if w.Version = int64(v); v == 0 {
		w.Version = -1 // a mistake, and not the lack of one
	}
}

// Version has a write answer [datastore.ErrConflict] if a higher version is stored.
// n is 1 or more and grows with each change of the item that the document is made
// of: a table's version, or the milliseconds of its change. All writes of a document
// should have one: a write without counts the stored version up.
//
// OpenSearch forgets the version of a deleted document after a minute.
//
// See https://docs.opensearch.org/latest/api-reference/document-apis/index-document/
func Version(n int64) WriteOption { return version(n) }

// WaitOption is what [Wait] returns: an option of Index, Delete and Bulk.
type WaitOption struct{}

func (WaitOption) applyWrite(w *Write)  { w.Wait = true }
func (WaitOption) applyBulk(wait *bool) { *wait = true }

// Wait has a write return only when Search sees it, which takes a second as a rule.
// Serverless collections do not offer it: [datastore.ErrInvalid].
func Wait() WaitOption { return WaitOption{} }
