// Package search is the store of documents that are found by what they say:
// Amazon OpenSearch Service in AWS, an index of this process elsewhere.
//
//	type Product struct {
//		Title string    `json:"title" search:"text,keyword"` // found by its words, sorted as a whole
//		Brand string    `json:"brand"`                       // found as a whole
//		Price int       `json:"price"`
//		Added time.Time `json:"added"`
//	}
//
//	type catalogue interface { // what this function may do, and no more
//		search.Searcher[Product]
//	}
//
//	products := datastore.Use[catalogue](api, search.New[Product](data, "products", search.Domain))
//	hits, err := products.Search(ctx, search.Query{
//		Where:  search.And(search.Match(words), search.Lt("price", 100)),
//		Facets: []search.Facet{{Field: "brand"}},
//		Limit:  20,
//	})
//
// An index is a copy to search in, mostly of a table: the write that must not be
// lost goes to the table, and a function that follows its changes writes here,
// with the item's version ([Version]), so that events out of order do no harm.
//
// # Documents
//
// A document is stored as the JSON of D, as encoding/json writes it, under an id of
// 1 to 512 bytes. Its fields have their JSON names, those of structs in it with
// dots: "maker.city". The tag says how a field can be found:
//
//	search:"text"          by its words: [Match], [MatchAll], Highlight
//	search:"keyword"       as a whole: [Term], [Prefix], ranges, Sort, Facets; strings without a tag
//	search:"text,keyword"  both
//	search:"-"             not at all, it is only stored; maps, any and []byte
//
// Integers, floats, bools and times need no tag, and take all that keywords take
// but Prefix. Slices have what their elements have: a condition holds if it holds
// for one of them. Times have milliseconds. A keyword of over 8191 UTF-16 units is
// stored, but neither found nor counted nor sorted by.
//
// Words are what Unicode calls so (UAX #29), in lower case and otherwise as they
// stand: no language is known.
//
// # Outcomes
//
//	Get of an id that is not there                           datastore.ErrNotFound
//	Delete of one that is not there                          no error
//	a version lower than the stored one                      datastore.ErrConflict; nothing was written
//	an unknown field, a value of another type, a wrong token datastore.ErrInvalid; nothing was sent
//	a document over 10 MiB                                   datastore.ErrTooLarge; nothing was sent
//	a document that the deployed index does not take         datastore.ErrDeclaration; see [Ensurer]
//	an index that was not made                               datastore.ErrUnavailable; see [Ensurer]
//	an answer that was lost for good                         datastore.ErrUnknown; writes are repeated before
//	some changes of a Bulk                                   *datastore.PartialError; the others were done
//	a stored document that is no D                           datastore.ErrCorrupt
//	an operation the function was not granted                datastore.ErrDenied; nothing was sent
//
// # When a write is seen
//
// By Get at once, by Search only after a refresh: a second later as a rule, up to a
// minute in a serverless collection. [Wait] has a write wait for it, in a domain.
//
// Everything here is safe for concurrent use.
//
// See https://docs.aws.amazon.com/opensearch-service/latest/developerguide/what-is.html
package search

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/seed-18e8afb5/tierkit/datastore"
	"github.com/seed-18e8afb5/tierkit/datastore/internal/handle"
)

// Index is a declared index of documents of type D. It is used through the handles
// that [datastore.Use] makes of it.
type Index[D any] struct{ state *state }

// New declares the index called name, in a domain or in a serverless collection. D
// is a struct with the tags that the package describes. Mistakes are declaration
// errors of data, and every operation answers them as [datastore.ErrDeclaration].
// Nothing is opened before the first operation. Panics with a
// [*datastore.DeclarationError] if data is nil.
func New[D any](data *datastore.Data, name string, service Service) *Index[D] {
	return &Index[D]{newState(data, reflect.TypeFor[D](), name, service)}
}

// Spec is a [Spec].
func (x *Index[D]) Spec() datastore.Spec { return x.state.spec }

// Capabilities are [Indexer], [Getter], [Deleter], [Bulker], [Searcher] and
// [Ensurer].
func (x *Index[D]) Capabilities() []datastore.Capability { return capabilities[D]() }

// Handle is for [datastore.Use].
func (x *Index[D]) Handle(g *datastore.Grant) any { return &granted[D]{x.state, g} }

var _ datastore.Store = (*Index[struct{}])(nil)

// granted has the operations of one grant. Its methods are thin: what they call is
// compiled once and not once for each document type.
type granted[D any] struct {
	state *state
	grant *datastore.Grant
}

var (
	_ Indexer[struct{}]  = (*granted[struct{}])(nil)
	_ Getter[struct{}]   = (*granted[struct{}])(nil)
	_ Deleter            = (*granted[struct{}])(nil)
	_ Bulker[struct{}]   = (*granted[struct{}])(nil)
	_ Searcher[struct{}] = (*granted[struct{}])(nil)
	_ Ensurer            = (*granted[struct{}])(nil)
)

func (h *granted[D]) op(bit datastore.Bit, name string, fallback error) handle.Op {
	return handle.Op{Grant: h.grant, Bit: bit, Name: name, Fallback: fallback}
}

func (h *granted[D]) Index(ctx context.Context, id string, doc D, opts ...WriteOption) error {
	w := Write{ID: id}
	return h.state.write(ctx, h.op(bitIndex, "Index", datastore.ErrUnknown), &w, &doc, opts)
}

func (h *granted[D]) Delete(ctx context.Context, id string, opts ...WriteOption) error {
	w := Write{ID: id}
	return h.state.write(ctx, h.op(bitDelete, "Delete", datastore.ErrUnknown), &w, nil, opts)
}

func (h *granted[D]) Get(ctx context.Context, id string) (D, error) {
	var doc, none D
	if err := h.state.get(ctx, h.op(bitGet, "Get", datastore.ErrUnavailable), id, &doc); err != nil {
		return none, err
	}
	return doc, nil
}

func (h *granted[D]) Bulk(ctx context.Context, changes []Change[D], opts ...BulkOption) error {
	return h.state.bulk(ctx, h.op(bitBulk, "Bulk", datastore.ErrUnknown), len(changes), func(i int) (Write, any) {
		c := &changes[i]
		w := Write{ID: c.ID, Version: c.Version}
		if c.Delete {
			return w, nil
		}
		return w, &c.Doc
	}, opts)
}

func (h *granted[D]) Search(ctx context.Context, q Query) (hits Hits[D], err error) {
	op := h.op(bitSearch, "Search", datastore.ErrUnavailable)
	found, next, err := h.state.search(ctx, op, q)
	if err != nil {
		return Hits[D]{}, err
	}
	hits = Hits[D]{Total: found.Total, Exact: found.Exact, Facets: found.Facets, Next: next}
	hits.Items = make([]Hit[D], 0, len(found.Hits))
	var corrupt datastore.PartialError
	var docs documents
	for i := range found.Hits {
		n := len(hits.Items)
		hits.Items = append(hits.Items, Hit[D]{ID: found.Hits[i].ID, Score: found.Hits[i].Score, Highlights: found.Hits[i].Highlights})
		doc := &hits.Items[n].Doc
		if docs.decode(found.Hits[i].Doc, doc) {
			continue
		}
		var none D
		*doc = none // of which a part may have been read
		if err := json.Unmarshal(found.Hits[i].Doc, doc); err != nil {
			corrupt.Failed = append(corrupt.Failed, datastore.ItemError{Index: i, Err: corruptDoc(err)})
			hits.Items = hits.Items[:n]
		}
	}
	return hits, h.state.Partial(op.Name, &corrupt, datastore.ErrCorrupt)
}

func (h *granted[D]) Ensure(ctx context.Context) error {
	return h.state.Run(ctx, h.op(bitEnsure, "Ensure", datastore.ErrUnknown), nil, func(ctx context.Context, conn Conn) error {
		return conn.Ensure(ctx)
	})
}

// corruptDoc is the error of a stored document that is no D. That of encoding/json
// would quote it.
func corruptDoc(err error) error {
	text := "the stored document is not of the declared type"
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		text += ": field " + wrong.Field
	}
	return &datastore.Error{Kind: datastore.ErrCorrupt, Err: errors.New(text)}
}
